"""What people say, and who they are to the Hub, stands in no log and no error; temporary files are private and go."""

import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from wise_hf.data.corpora.folder_metadata import read_metadata
from wise_hf.data.corpora.iemocap.formats import read_transcriptions
from wise_hf.data.embeddings import read_word_vectors
from wise_hf.data.word_files import read_word_file
from wise_hf.hub.templates import templates_dir
from wise_hf.many_files.emotion_of_files import _files
from wise_hf.many_files.file_list import read_file_list
from wise_hf.model.audio_wise import load_audio
from wise_hf.model.found_words_wise import hear_words
from wise_hf.model.inputs_wise import recording_list
from wise_hf.model.loading import load_pipeline
from wise_hf.model.recognised_wise import as_recognised
from wise_hf.model.recordings_wise import recording_fields
from wise_hf.timeline.spans import read_spans


SECRET = "Zebulon"  # is said
SAID = f"{SECRET} is not at home"
TIMES = {"start_s": 0.1, "end_s": 0.4}
REFUSED_TEXTS = {
    "too many words": f"{SECRET} " * 300,
    "too long": SECRET * 1000,
    "more than fits": f"{SECRET} " * 200,
    "no Latin letters": "Зебулон",
    "tags alone": f"[{SECRET}]",
    "no text": [SECRET],
}
REFUSED_WORDS = {
    "no list": {SECRET: 1},
    "sentence": [{"word": f"{SECRET} is not at home today", **TIMES}],
    "unknown key": [{"word": SECRET, **TIMES, "begin": 1}],
    "two starts": [{"word": SECRET, **TIMES, "start": 1}],
    "no word": [{"said": SECRET, **TIMES}],
    "word as a name": [{SECRET: [0.1, 0.4]}],
    "word as one more name": [{"word": "a", SECRET: 1, **TIMES}],
    "no dict": [SECRET],
    "phonemes that are a text": [{"word": SECRET, **TIMES, "phonemes": SECRET}],
    "beyond the end": [{"word": SECRET, "start_s": 900, "end_s": 901}],
}


def of_file(read: Callable[[Path], object], name: str, content: str) -> Callable[[Path, Path], object]:
    """What reads a file of this name and content."""

    def write_and_read(folder: Path, recording: Path) -> object:
        (folder / name).write_text(content)
        return read(folder / name)

    return write_and_read


def failing(samples: object, sampling_rate: int) -> str:
    raise RuntimeError(SAID)


COLUMNS = "file_name,start_s,end_s,emotion\n"
TEXT_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

0
1
<exists>
1
"IntervalTier"
"words"
0
1
1
0
1
"kids"
"""
# Each takes a folder and a recording, and raises a ValueError or logs something.
READERS = {
    "an object of a recogniser": lambda *_: as_recognised(SimpleNamespace(text=SAID)),
    "a recogniser that fails": lambda _, recording: hear_words(load_audio(recording), 16_000, failing),
    "audio that is a text": lambda *_: load_audio([SAID]),
    "samples that are a text": lambda *_: recording_list(SAID),
    "a field of a recording": lambda *_: recording_fields({"audio": "a.wav", SAID: 1}),
    "a field that is there twice": lambda *_: recording_fields({"audio": {"path": "a", SAID: 1}, SAID: 2}),
    "a field of audio": lambda *_: load_audio({"path": "a.wav", SAID: 1}),
    "columns of files": lambda *_: list(_files({SAID: ["a.wav"]})),
    "a list of files": of_file(read_file_list, "a.csv", f"path,text\na.wav,Well, {SAID}\n"),
    "a list of files, shifted": of_file(read_file_list, "a.csv", f"path,channel\na.wav,{SECRET}\n"),
    "a list of files without a header": of_file(read_file_list, "a.csv", f"a.wav,{SECRET}\n"),
    "a list of files, JSON": of_file(read_file_list, "a.jsonl", json.dumps({"path": "a", "channel": SECRET})),
    "words, JSON": of_file(read_word_file, "a.json", json.dumps({SECRET: [0.1, 0.4]})),
    "a result, JSON": of_file(read_word_file, "a.json", json.dumps([{"audio": "a.wav", "error": SAID}])),
    "a TextGrid": of_file(read_word_file, "a.TextGrid", TEXT_GRID.replace('"words"', f'"words"\n"{SECRET}"')),
    "a TextGrid, shifted": of_file(
        read_word_file, "a.TextGrid", TEXT_GRID.replace('\n0\n1\n"', f'\n"{SECRET}"\n0\n1\n"')
    ),
    "a corpus": of_file(read_metadata, "metadata.csv", f"file_name,text,emotion,speaker\na.wav,Well, {SAID},angry\n"),
    "IEMOCAP": of_file(read_transcriptions, "Ses01F_impro01.txt", f"Ses01F_impro01_F000: {SAID}\n"),
    "spans": of_file(lambda path: read_spans(path.parent), "spans.csv", f"{COLUMNS}a.wav,{SECRET},1,angry\n"),
    "word vectors": of_file(lambda path: read_word_vectors(path, corpus_words=[SECRET]), "a.txt", "a 1 2\nb 3 4\n"),
}


@pytest.fixture(scope="module")
def recording(spoken_corpus: Path) -> Path:
    return sorted((spoken_corpus / "audio").glob("*/*.wav"))[0]


@pytest.fixture(scope="module")
def answer(saved_model: Path) -> object:
    sys.path.insert(0, str(templates_dir()))
    return import_module("handler").EndpointHandler(str(saved_model))


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture, recwarn: pytest.WarningsRecorder):
    """Everything that was logged, warned of and written meanwhile."""
    caplog.set_level(logging.DEBUG)
    return lambda: "\n".join([caplog.text, *capfd.readouterr(), *(str(each.message) for each in recwarn)]).lower()


@pytest.mark.parametrize("name", REFUSED_TEXTS)
def test_a_refused_text_is_in_no_error_and_no_log(answer, recording: Path, told, name: str) -> None:
    text = REFUSED_TEXTS[name]
    try:
        answer({"inputs": {"audio": recording.read_bytes(), "text": text}})
        error = ""
    except ValueError as refused:
        error = str(refused)
    assert name == "tags alone" or error
    everything = error.lower() + told()
    for what in (SECRET, "Зебулон"):
        assert what.lower() not in everything


@pytest.mark.parametrize("name", REFUSED_WORDS)
def test_refused_words_are_in_no_error_and_no_log(answer, recording: Path, told, name: str) -> None:
    with pytest.raises(ValueError) as refused:
        answer.classify({"audio": str(recording), "words": REFUSED_WORDS[name]})
    assert SECRET.lower() not in str(refused.value).lower() and SECRET.lower() not in told()


@pytest.mark.parametrize("name", READERS)
def test_what_a_reader_refuses_is_in_no_error_and_no_log(tmp_path: Path, recording: Path, told, name: str) -> None:
    error = ""
    try:
        READERS[name](tmp_path, recording)
    except ValueError as refused:
        error = "".join(traceback.format_exception(refused))
    everything = error + told()
    assert everything.strip() and SECRET.lower() not in everything.lower()


def test_words_that_are_heard_or_repaired_are_in_no_log(saved_model: Path, recording: Path, told) -> None:
    classify = load_pipeline(saved_model, recogniser=lambda samples, rate: f"{SECRET} {SECRET}")
    assert SECRET.lower() in classify(str(recording), return_words=True)["text"].lower()
    badly_timed = [{"word": SECRET, **TIMES}, {"word": "is", "start_s": 0.5, "end_s": 0.45}, {"word": "a", **TIMES}]
    classify({"audio": str(recording), "words": [*badly_timed, {"word": "b", "start_s": 0.6, "end_s": 0.7}]})
    assert "words" in (logged := told()), "something is told of them"
    assert SECRET.lower() not in logged


def test_a_fault_is_told_to_a_log_by_its_place_and_not_by_its_message() -> None:
    sys.path.insert(0, str(templates_dir()))
    try:
        {}[SECRET]
    except KeyError as error:
        told = import_module("handler").where_it_failed(error)
    assert "KeyError" in told and "test_private.py" in told and f"'{SECRET}'" not in told


# Three ends of a process that has temporary files, each in a fork.
ENDS = """
import json, os, signal, stat, sys, tempfile, time
from pathlib import Path
from wise_hf.commands.run import run
from wise_hf.model.opensmile_wise import _configuration_file
from wise_hf.timeline.decoded import Decoded

folder, recording = Path(os.environ["TMPDIR"]), sys.argv[1]
os.umask(0)


def main():
    with tempfile.TemporaryDirectory() as own, Decoded(recording):
        (Path(own) / "model").write_text("weights")
        _configuration_file(os.getpid(), 25.0, 15.0)
        os.write(ready, b"1")
        if end == "failure":
            raise ValueError("it went wrong")
        if end == "SIGTERM":
            time.sleep(60)


seen, others = {}, set(folder.iterdir())  # such as an empty one of PyTorch's
for end in ("success", "failure", "SIGTERM"):
    told, ready = os.pipe()
    child = os.fork()
    if child == 0:
        run(main)
        sys.exit(0)
    os.read(told, 1)
    if end == "SIGTERM":
        modes = sorted(oct(stat.S_IMODE(path.stat().st_mode)) for path in set(folder.iterdir()) - others)
        os.kill(child, signal.SIGTERM)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seen[end] = [status, sorted(path.name for path in set(folder.iterdir()) - others)]
print(json.dumps([seen, modes]))
"""


def test_temporary_files_are_private_and_gone_however_a_command_ends(tmp_path: Path, recording: Path) -> None:
    environment = {"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", ENDS, str(recording)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen, modes = json.loads(done.stdout)
    assert seen == {"success": [0, []], "failure": [1, []], "SIGTERM": [143, []]}
    assert modes == ["0o600", "0o700"]
