import csv
import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import soundfile
from speech import assert_valid, rms

from wise_hf.synthetic import demo_corpus as synthetic
from wise_hf.synthetic import espeak
from wise_hf.synthetic.demo_corpus import EMOTIONS, VOICES, write_corpus
from wise_hf.synthetic.espeak import speak


if importlib.util.find_spec("espeakng_loader") is None:
    pytest.skip("espeakng-loader is not installed: no synthetic speech", allow_module_level=True)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"), num_speakers=2, utterances_per_speaker=8, seed=3)


def read_rows(corpus: Path) -> list[dict]:
    with open(corpus / "metadata.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_words(corpus: Path, row: dict) -> list[dict]:
    return json.loads((corpus / row["file_name"]).with_suffix(".words.json").read_text(encoding="utf-8"))


def assert_same_corpus(first: Path, second: Path) -> None:
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert all((first / file).read_bytes() == (second / file).read_bytes() for file in files)


def test_corpus_has_the_columns_and_a_recording_and_word_times_for_every_row(corpus):
    rows = read_rows(corpus)
    assert list(rows[0]) == ["file_name", "emotion", "text", "speaker", "session"]
    assert len(rows) == 16
    assert len(list(corpus.rglob("*.wav"))) == len(list(corpus.rglob("*.words.json"))) == 16
    for row in rows:
        info = soundfile.info(corpus / row["file_name"])
        assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
        assert row["file_name"].startswith(f"audio/{row['speaker']}/")


def test_corpus_balances_the_emotions_in_every_speaker(corpus):
    counts = Counter((row["speaker"], row["emotion"]) for row in read_rows(corpus))
    assert counts == {(speaker, emotion): 2 for speaker in ("speaker01", "speaker02") for emotion in EMOTIONS}


def test_two_speakers_share_a_session(tmp_path):
    rows = read_rows(write_corpus(tmp_path, num_speakers=5, utterances_per_speaker=1))
    assert [row["session"] for row in rows] == ["session1", "session1", "session2", "session2", "session3"]


def test_words_are_those_of_the_text_in_order_and_inside_the_audio(corpus):
    for row in read_rows(corpus):
        words = read_words(corpus, row)
        assert [word["word"] for word in words] == [t.group().lower() for t in espeak._TOKEN.finditer(row["text"])]
        assert_valid(words, soundfile.info(corpus / row["file_name"]).duration)


def test_speech_lies_inside_its_words_and_silence_between_them(corpus):
    for row in read_rows(corpus):
        samples, _ = soundfile.read(corpus / row["file_name"])
        words = read_words(corpus, row)
        edges = [0.0, *(edge for word in words for edge in (word["start_s"], word["end_s"])), len(samples) / 16000]
        loud = rms(samples[round(edges[1] * 16000) : round(edges[-2] * 16000)])
        for start_s, end_s in zip(edges[::2], edges[1::2], strict=True):
            # A final consonant dies away, and some voices have an echo, for a few hundredths of a second.
            gap = samples[round((start_s + 0.06 * (start_s > 0)) * 16000) : round((end_s - 0.01) * 16000)]
            assert len(gap) < 160 or rms(gap) < 0.1 * loud


def test_every_sentence_of_the_corpus_uses_only_known_phonemes(caplog):
    sentences = [*synthetic._SHARED_SENTENCES, *(s for own in synthetic._OWN_SENTENCES.values() for s in own)]
    fillers = {name: " and ".join(options) for name, options in synthetic._SLOTS.items()}
    for index, sentence in enumerate(sentences):
        speak(sentence.format(**fillers), VOICES[index % len(VOICES)])
    assert not caplog.records


def test_same_seed_gives_the_same_files_in_the_same_process(corpus, tmp_path):
    assert_same_corpus(corpus, write_corpus(tmp_path, num_speakers=2, utterances_per_speaker=8, seed=3))


def test_same_seed_gives_the_same_files_in_another_process(corpus, tmp_path):
    # Without the packages' __init__: it imports torch, which takes longer than the whole corpus.
    code = """
import sys, types
for name, folder in (("wise_hf", ""), ("wise_hf.data", "/data")):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [sys.argv[1] + folder]
from wise_hf.synthetic.demo_corpus import write_corpus
write_corpus(sys.argv[2], 2, 8, seed=3)
"""
    package = Path(synthetic.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code, str(package), str(tmp_path)], check=True)
    assert_same_corpus(corpus, tmp_path)


def test_another_seed_gives_other_sentences(corpus, tmp_path):
    other = write_corpus(tmp_path, num_speakers=2, utterances_per_speaker=8, seed=4)
    assert [row["text"] for row in read_rows(other)] != [row["text"] for row in read_rows(corpus)]


@pytest.mark.parametrize("size", [(0, 1), (17, 1), (1, 0)])
def test_impossible_sizes_are_refused(tmp_path, size):
    with pytest.raises(ValueError, match="ask for 1"):
        write_corpus(tmp_path / "corpus", *size)
    assert not (tmp_path / "corpus").exists()


def test_folder_that_is_a_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ValueError, match="give another folder") as error:
        write_corpus(tmp_path / "taken", 1, 1)
    assert "\n" not in str(error.value)


def test_missing_espeak_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setattr(synthetic, "espeak_files", espeak.espeak_files.__wrapped__)
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(ImportError, match="pip install espeakng-loader"):
        write_corpus(tmp_path / "corpus", 1, 1)
    assert not (tmp_path / "corpus").exists()
