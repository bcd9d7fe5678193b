"""The scripts as a person runs them: what works end to end, and what is told in one sentence."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import soundfile
from containers import LIVE, contained
from PIL import Image
from script import run

from wise_hf.commands.predict import main as predict
from wise_hf.commands.predict import print_json, print_text
from wise_hf.data.output_lock import LOCK
from wise_hf.model import speakers_wise


ROOT = Path(__file__).resolve().parents[2]
QUICK = ["--epochs", "2", "--num_proc", "1", "--jobs", "1"]


def run_apart(script: str, *arguments: object, launch: Sequence[str] = (), **environment: str) -> CompletedProcess:
    """Run a script in a process of its own, started by the modules and options of `launch` where there are some."""
    command = [sys.executable, *launch, str(ROOT / "scripts" / script), *map(str, arguments)]
    env = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"} | environment
    return subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)


ACCELERATE = ("-m", "accelerate.commands.launch", "--quiet", "--cpu", "--num_processes", "1", "--num_machines", "1")
TWO_PROCESSES = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")


@pytest.fixture
def told() -> Callable[..., str]:
    """Runs a script and gives the one sentence that it ends with; a traceback is an error here."""

    def sentence(script: str, *arguments: object) -> str:
        done = run(script, *arguments)
        assert done.returncode in (1, 2)
        return done.stderr.strip().splitlines()[-1]

    return sentence


@pytest.fixture(scope="module")
def trained(spoken_corpus, tmp_path_factory) -> Path:
    """A run of two folds, interrupted and continued on the way."""
    output = tmp_path_factory.mktemp("run") / "out"
    arguments = ["--data_dir", spoken_corpus, "--output_dir", output, "--cross_validation", "speaker", "--folds", "2"]
    done = run("train.py", *arguments, *QUICK)
    assert done.returncode == 0, done.stderr[-3000:]
    (output / "fold_2.json").unlink()
    (output / "results.json").unlink()
    before = (output / "fold_1.json").stat().st_mtime_ns
    done = run("train.py", *arguments, *QUICK, "--resume_from_checkpoint", output)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (output / "fold_1.json").stat().st_mtime_ns == before, "a finished fold is not run again"
    return output


def test_training_leaves_results_and_models(trained):
    results = json.loads((trained / "results.json").read_text())
    assert results["protocol"] == "speaker" and len(results["folds"]) == 2
    unknown = {f"{name}, speakers unknown" for name in ("WISE", "SVM", "Logistic regression")}
    pooled = {"SVM on MFCC statistics", "Logistic regression on mean and deviation of the MFCC"}
    assert set(results["systems"]) == {"WISE"} | pooled | unknown
    assert set(results["compared_with"]) == {"svm", "svm_unknown", "logistic", "logistic_unknown"}
    assert np.sum(results["systems"]["WISE"]["pooled"]["confusion"]) == 32
    assert len(results["folds"][0]["predictions"]) == 16
    assert "leave speakers out" in (trained / "results.md").read_text()
    assert (trained / "confusion.png").is_file() and (trained / "learning_curves.png").is_file()
    assert not list(trained.rglob("*.unfinished")) and not list(trained.rglob("checkpoint"))


@pytest.fixture(scope="module")
def trained_on_iemocap(iemocap_imitation, tmp_path_factory) -> Path:
    """A run on the imitation of IEMOCAP, with what IEMOCAP has by default, but for its size."""
    output = tmp_path_factory.mktemp("iemocap") / "out"
    arguments = ["--dataset", "iemocap", "--data_dir", iemocap_imitation, "--allow_incomplete"]
    done = run("train.py", *arguments, "--output_dir", output, "--no-svm", *QUICK, "--epochs", 1)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "of 1819" in done.stderr, "the counts that differ are told"
    assert "1 utterances: no segment files" in done.stderr, "the other one is not of the four classes"
    return output


@pytest.mark.slow
def test_iemocap_is_tested_session_by_session_and_scenario_by_scenario(trained_on_iemocap):
    results = json.loads((trained_on_iemocap / "results.json").read_text())
    assert results["protocol"] == "session" and results["emotions"] == ["angry", "happy", "neutral", "sad"]
    assert results["corpus"] == "Imitation of IEMOCAP (synthetic speech)"
    counts = [each["num_utterances"] for each in results["by_scenario"].values()]
    assert list(results["by_scenario"]) == ["improvised", "scripted"] and sum(counts) == results["num_utterances"]
    folds = json.loads((trained_on_iemocap / "folds.json").read_text())["folds"]
    assert [fold["speakers"]["test"] for fold in folds] == [[f"Ses0{n}F", f"Ses0{n}M"] for n in range(1, 6)]


def test_folds_are_reused_and_text_kept_apart(iemocap_imitation, tmp_path):
    corpus = ["--dataset", "iemocap", "--data_dir", iemocap_imitation, "--allow_incomplete", "--no-svm", *QUICK]
    first, second = tmp_path / "first", tmp_path / "second"
    disjoint = ["--cross_validation", "random", "--folds", 2, "--text_disjoint"]
    for output, options in ((first, disjoint), (second, ["--folds_file", first / "folds.json"])):
        done = run("train.py", *corpus, "--output_dir", output, "--epochs", 1, *options)
        assert done.returncode == 0, done.stderr[-3000:]
    one, two = (json.loads((output / "results.json").read_text()) for output in (first, second))
    assert two["folds"] == one["folds"] and two["text_disjoint"] and min(one["left_out"]) > 0
    assert "Text-disjoint: " in (second / "results.md").read_text()


@pytest.mark.slow
def test_the_tables_are_written_and_a_finished_row_is_not_trained_again(iemocap_imitation, tmp_path, told):
    arguments = ["--dataset", "iemocap", "--data_dir", iemocap_imitation, "--allow_incomplete", "--num_proc", 1]
    arguments += ["--output_dir", tmp_path / "out", "--epochs", 1]
    everything = arguments
    arguments = [*arguments, "--rows", "wise,svm", "--protocols", "session"]
    dry = run("reproduce_tables.py", *arguments, "--dry_run")
    assert dry.returncode == 0 and "if none stops early" in dry.stdout and not (tmp_path / "out").exists(), dry.stderr
    for _ in range(2):
        done = run("reproduce_tables.py", *arguments, "--jobs", 1)
        assert done.returncode == 0, done.stderr[-3000:]
    assert "Every fold of every row is finished" in done.stderr
    tables = json.loads((tmp_path / "out" / "tables.json").read_text())
    assert [each["protocol"] for each in tables["protocols"]] == ["session"]
    assert "Table 1" in (tmp_path / "out" / "tables.md").read_text()
    assert "WISE" in (tmp_path / "out" / "report.html").read_text()
    more = run("reproduce_tables.py", *everything, "--rows", "svm", "--seeds", 3, "--jobs", 1)
    assert more.returncode == 0, more.stderr[-3000:]
    tables = json.loads((tmp_path / "out" / "tables.json").read_text())
    assert [each["protocol"] for each in tables["protocols"]] == ["session", "random"] and tables["seeds"] == [0, 1, 2]
    seeds = {row["key"]: row["result"]["by_seed"] for row in tables["protocols"][0]["rows"] if row["result"]}
    assert {key: len(by_seed) for key, by_seed in seeds.items()} == {"wise": 1, "svm": 3}
    assert "--epochs was 1" in told("reproduce_tables.py", *arguments, "--epochs", 2)
    assert "--epochs was 1" in told("reproduce_tables.py", *arguments, "--epochs", 2, "--dry_run")
    assert "no row wize" in told("reproduce_tables.py", *arguments, "--rows", "wize")


def test_a_mistyped_command_for_the_tables_leaves_room_for_the_right_one(spoken_corpus, tmp_path, told):
    arguments = ["--output_dir", tmp_path / "out", "--rows", "svm", "--protocols", "random", "--jobs", 1]
    assert "is not a folder" in told("reproduce_tables.py", "--data_dir", tmp_path / "nowhere", *arguments)
    right = ["--data_dir", spoken_corpus, *arguments]
    assert "none.txt is not there" in told("reproduce_tables.py", *right, "--embeddings", "none.txt")
    assert "is not a list of session" in told("reproduce_tables.py", *right, "--protocols", "dialog")
    done = run("reproduce_tables.py", *right)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "not run yet" in (tmp_path / "out" / "tables.md").read_text(), "the rows that were not asked for"


def test_the_tables_are_of_as_many_folds_as_there_are_speakers_and_of_five_at_most(spoken_corpus, tmp_path, told):
    arguments = ["--rows", "svm", "--jobs", 1, "--num_proc", 1, "--output_dir", tmp_path / "out", "--data_dir"]
    done = run("reproduce_tables.py", *arguments, spoken_corpus)
    assert done.returncode == 0, done.stderr[-3000:]
    tables = json.loads((tmp_path / "out" / "tables.json").read_text())
    assert {each["protocol"]: each["num_folds"] for each in tables["protocols"]} == {"speaker": 4, "random": 5}
    arguments[-2] = tmp_path / "other"
    one = write_corpus(tmp_path / "one", ONE_SPEAKER)
    assert "has 1, and 2 folds need as many; random folds need none" in told("reproduce_tables.py", *arguments, one)
    last = told("reproduce_tables.py", *arguments, one, "--protocols", "random")
    assert "8 recordings cannot make 5 random folds; it takes 2 folds, each of 2 recordings" in last


@pytest.mark.slow
def test_two_processes_of_accelerate_share_the_trainings_of_the_tables(spoken_corpus, tmp_path, monkeypatch):
    arguments = ["--data_dir", spoken_corpus, "--rows", "svm,audio", "--protocols", "random", "--epochs", 1]
    arguments += ["--num_proc", 1, "--output_dir", tmp_path / "out"]
    with monkeypatch.context() as patch:
        patch.setattr("accelerate.Accelerator.distributed_type", "MULTI_CPU")
        refused = run("reproduce_tables.py", *arguments, "--jobs", 2)
    assert refused.returncode != 0 and "--jobs starts processes of its own" in refused.stderr
    done = run_apart("reproduce_tables.py", *arguments, launch=TWO_PROCESSES, CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stderr[-3000:]
    results = [json.loads(path.read_text()) for path in (tmp_path / "out" / "runs").rglob("fold_*.json")]
    assert len(results) == 10 and {result["made_by"]["processes"] for result in results} == {2}
    assert done.stdout.count("## Footnotes") == 1


@pytest.mark.slow
def test_half_precision_and_accumulated_gradients_train_under_accelerate_launch(spoken_corpus, tmp_path):
    launch = (*ACCELERATE, "--mixed_precision", "bf16")
    arguments = ["--data_dir", spoken_corpus, "--output_dir", tmp_path / "out", *QUICK, "--no-svm"]
    done = run_apart("train.py", *arguments, "--gradient_accumulation_steps", 2, launch=launch)
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["accelerate"] == {
        "processes": 1,
        "device": "cpu",
        "mixed_precision": "bf16",
        "gradient_accumulation_steps": 2,
    }
    assert results["scored_part"] == "validation" and (tmp_path / "out" / "model" / "model.safetensors").is_file()


def test_a_saved_model_is_scored_on_a_corpus(trained, spoken_corpus, tmp_path):
    done = run(
        "evaluate.py", "--model", trained / "fold_1", "--data_dir", spoken_corpus, "--output", tmp_path / "x.json"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    scores = json.loads((tmp_path / "x.json").read_text())
    assert scores["num_utterances"] == 32 and f"UA {scores['ua']:.3f}" in done.stdout


def test_an_evaluation_says_who_is_normalised_by_what(trained, spoken_corpus, tmp_path, monkeypatch):
    options = ["--model", trained / "fold_1", "--data_dir", spoken_corpus, "--output", tmp_path / "x.json"]
    for seconds, source, told in (
        (2, "speaker", "all utterances of their speaker"),
        (99, "training", "the training part"),
    ):
        monkeypatch.setattr(speakers_wise, "MIN_SPEAKER_S", seconds)
        done = run("evaluate.py", *options)
        speakers = sorted(path.name for path in (spoken_corpus / "audio").iterdir())
        assert f"Normalised by {told}: 32 utterances of {', '.join(speakers)}\n" in done.stdout
        predictions = json.loads((tmp_path / "x.json").read_text())["predictions"]
        assert {each["normalized_by"] for each in predictions} == {source}
        assert {each["speaker"] for each in predictions} == set(speakers)


def first_recording(corpus: Path) -> Path:
    return sorted((corpus / "audio").glob("*/*.wav"))[0]


def test_prediction_prints_json_and_draws_a_picture(trained, spoken_corpus, tmp_path):
    recording = first_recording(spoken_corpus)
    picture = tmp_path / "x.png"
    done = run(
        "predict.py", recording, "--model", trained / "fold_1", "--text", "hello there", "--json", "--plot", picture
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (result,) = json.loads(done.stdout)
    assert [word["word"] for word in result["words"]] == ["hello", "there"] and len(result["scores"]) == 4
    assert Image.open(picture).size[0] >= 1200


def test_what_browsers_and_phones_recorded_is_predicted_alone_and_in_a_folder(saved_model, spoken_corpus, tmp_path):
    samples, rate = soundfile.read(sorted((spoken_corpus / "audio").glob("*/*.wav"))[0])
    (tmp_path / "x.webm").write_bytes(contained(samples, "webm", "libopus", rate, LIVE))
    (tmp_path / "memo.M4A").write_bytes(contained(samples, "ipod", "alac", rate))
    done = run("predict.py", tmp_path / "x.webm", "--model", saved_model)
    assert done.returncode == 0 and done.stdout.startswith(f"{tmp_path / 'x.webm'}: "), done.stderr[-3000:]
    done = run("predict.py", tmp_path, "--model", saved_model, "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    assert [Path(result["audio"]).name for result in json.loads(done.stdout)] == ["memo.M4A", "x.webm"]


def test_an_explanation_is_printed_written_and_drawn(trained, spoken_corpus, tmp_path):
    recording, written, picture = first_recording(spoken_corpus), tmp_path / "new" / "why.json", tmp_path / "why.png"
    options = ["--model", trained / "fold_1", "--text", "hello there", "--output", written, "--plot", picture]
    done = run("explain.py", recording, *options)
    assert done.returncode == 0, done.stderr[-3000:]
    explanation = json.loads(written.read_text(encoding="utf-8"))
    assert explanation["audio"] == str(recording) and explanation["emotion"] in explanation["probabilities"]
    table = done.stdout.splitlines()
    assert f"{recording}: {explanation['emotion']} " in table[0]
    assert table[1].startswith("  audio alone: ") and table[2].startswith("  text alone: ")
    assert table[4] == f"  Points of {explanation['emotion']} that are lost (+) or gained (-):"
    assert "attention  without the word  without its audio  without its text" in table[5]
    for line, word in zip(table[6:8], explanation["words"], strict=True):
        effects = [f"{100 * word[name]:+.1f}" for name in ("effect", "audio_effect", "text_effect")]
        assert line.split()[-5:] == [word["word"], f"{word['attention']:.2f}", *effects]
    assert " ".join(explanation["note"].split()) in " ".join(done.stdout.split())
    assert Image.open(picture).size[0] >= 1200


def test_what_cannot_be_explained_is_told_in_a_sentence(trained, spoken_corpus, tmp_path, told):
    model = ["--model", trained / "fold_1"]
    assert "nowhere.wav" in told("explain.py", tmp_path / "nowhere.wav", *model)
    recording = [first_recording(spoken_corpus), *model, "--text", "hello"]
    assert "give a file that ends in .png" in told("explain.py", *recording, "--plot", tmp_path / "why.pdf")
    (tmp_path / "file").touch()
    assert "give another file" in told("explain.py", *recording, "--output", tmp_path / "file" / "why.json")


@pytest.fixture
def calls(spoken_corpus, tmp_path) -> Path:
    """A folder of recordings: two of speech, one of them further down, and three that cannot be used."""
    speech = sorted((spoken_corpus / "audio").glob("*/*.wav"))
    (tmp_path / "calls" / "later").mkdir(parents=True)
    shutil.copy(speech[0], tmp_path / "calls" / "a.wav")
    shutil.copy(speech[1], tmp_path / "calls" / "later" / "z.WAV")
    soundfile.write(tmp_path / "calls" / "b_silence.wav", np.zeros(16_000), 16_000)
    (tmp_path / "calls" / "c.wav").write_bytes(b"no audio")
    (tmp_path / "calls" / "notes.txt").write_text("no recording")
    (tmp_path / "calls" / ".a.wav").write_bytes(b"what an editor left")
    return tmp_path / "calls"


def test_one_bad_recording_loses_no_other_one(saved_model, calls):
    paths = [str(calls / name) for name in ("b_silence.wav", "a.wav", "nowhere.wav", "later/z.WAV")]
    done = run("predict.py", *paths, "--model", saved_model)
    assert done.returncode == 1
    assert [line.split(": ")[0] for line in done.stdout.splitlines() if line.startswith("/")] == paths[1::2]
    assert f"{paths[0]}: No word was heard" in done.stderr and f"{paths[2]} is not there" in done.stderr
    assert "4/4" in done.stderr, "a progress bar"
    assert done.stderr.endswith("predict.py: 2 of 4 recordings could not be used.\n")


def test_a_folder_stands_for_its_recordings(saved_model, calls):
    done = run("predict.py", calls, "--model", saved_model, "--json")
    assert done.returncode == 1, done.stderr[-3000:]
    results = json.loads(done.stdout)
    found = {str(Path(result["audio"]).relative_to(calls)): set(result) for result in results}
    assert list(found) == ["a.wav", "b_silence.wav", "c.wav", "later/z.WAV"]
    heard = {"audio", "scores", "text", "alignment", "words", "truncated", "until_s"}
    assert found["a.wav"] >= heard and found["later/z.WAV"] >= heard
    assert found["b_silence.wav"] == found["c.wav"] == {"audio", "error"}


@pytest.fixture
def few_seconds(monkeypatch):
    """Speech enough to be normalised by."""
    monkeypatch.setattr(speakers_wise, "MIN_SPEAKER_S", 0.5)


def test_recordings_of_one_speaker_are_normalised_together(saved_model, calls, few_seconds):
    done = run("predict.py", calls / "a.wav", calls / "later", "--model", saved_model, "--speaker", "anna")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("  Normalised by all recordings of anna.\n") == 2
    done = run("predict.py", calls / "a.wav", "--model", saved_model)
    assert "Normalised" not in done.stdout


def test_the_help_says_by_what_speech_a_recording_is_normalised():
    told = " ".join(run("predict.py", "--help").stdout.split())
    assert "with --output_dir each recording is normalised by its own speech" in told


def test_each_folder_may_be_a_speaker(saved_model, calls, few_seconds):
    done = run("predict.py", calls, "--model", saved_model, "--speaker_folders", "--channel", "0", "--json")
    results = {Path(result["audio"]).name: result for result in json.loads(done.stdout)}
    assert results["a.wav"]["speaker"] == str(calls) and results["z.WAV"]["speaker"] == str(calls / "later")
    assert results["a.wav"]["normalized_by"] == results["z.WAV"]["normalized_by"] == "speaker"
    assert set(results["c.wav"]) == {"audio", "error"}, "bad recordings are still told"


def test_too_little_speech_of_a_speaker_is_told(saved_model, calls):
    done = run("predict.py", calls / "a.wav", "--model", saved_model, "--speaker", "anna")
    assert "  anna speaks for " in done.stdout and "15 s are needed" in done.stdout
    (result,) = json.loads(run("predict.py", calls / "a.wav", "--model", saved_model, "--json").stdout)
    assert (result["speaker"], result["normalized_by"], result["speaker_unused"]) == (None, "training", None)


@pytest.mark.parametrize("printing", [print_text, print_json])
def test_results_are_printed_as_they_come(printing, monkeypatch, tmp_path):
    result = {"scores": [], "text": "hi", "alignment": "aligner", "words": [], "truncated": False, "until_s": 1.0}
    result |= {"speaker": None, "normalized_by": "training", "speaker_unused": None}

    def results():
        for number in range(3):
            shown = (tmp_path / "out").read_text()
            assert [f"{other}.wav" in shown for other in range(3)] == [other < number for other in range(3)]
            yield {"audio": f"{number}.wav"} | result

    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        printing(results())
    if printing is print_json:
        assert [each["audio"] for each in json.loads((tmp_path / "out").read_text())] == ["0.wav", "1.wav", "2.wav"]


def test_a_character_that_the_terminal_lacks_loses_no_result(saved_model, calls):
    options = ["--model", saved_model, "--text", "hello ☺ there"]
    done = run("predict.py", calls / "a.wav", *options, encoding="cp1252")
    assert done.returncode == 0 and "hello \\u263a there" in done.stdout, done.stderr[-3000:]
    done = run("predict.py", calls / "a.wav", *options, "--json", encoding="cp1252")
    assert json.loads(done.stdout)[0]["text"] == "hello ☺ there"


def test_preparation_reports_what_it_did(spoken_corpus, tmp_path):
    done = run("prepare.py", "--data_dir", spoken_corpus, "--output_dir", tmp_path / "prepared", "--num_proc", "1")
    assert done.returncode == 0, done.stderr[-3000:]
    for line in ("32 utterances", "hours of audio", "aligned by corpus: 32", "aligned by uniform: 0"):
        assert line in done.stdout
    assert (tmp_path / "prepared" / "dataset_info.json").is_file()


def test_an_earlier_prepared_corpus_is_not_written_over_unasked(told, spoken_corpus, tmp_path, monkeypatch):
    arguments = ["--data_dir", spoken_corpus, "--output_dir", tmp_path / "prepared", "--num_proc", 1]
    for _ in range(2):
        done = run("prepare.py", *arguments, "--overwrite_output_dir")
        assert done.returncode == 0, done.stderr[-3000:]
    assert "give another folder or --overwrite_output_dir" in told("prepare.py", *arguments)
    monkeypatch.setattr(Path, "is_mount", lambda _: True)
    assert "is a mount point and cannot be replaced" in told("prepare.py", *arguments, "--overwrite_output_dir")


def write_corpus(folder: Path, lines: list[str], samples: np.ndarray | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tone = 0.1 * np.sin(np.arange(16_000) * 0.1) if samples is None else samples
    for number in range(10):
        soundfile.write(folder / f"{number}.wav", tone, 16_000, subtype="FLOAT")
    (folder / "metadata.csv").write_text("\n".join(["file_name,emotion,text,speaker", *lines]) + "\n")
    return folder


ONE_SPEAKER = [f"{number}.wav,{'sad' if number % 2 else 'happy'},Hello.,anna" for number in range(8)]
MORE = [f"{number}.wav,{'sad' if number % 2 else 'happy'},Hello.,bert" for number in range(8, 10)]
CLASS_OF_ONE_SPEAKER = ["0.wav,sad,Hello.,anna", "1.wav,happy,Hello.,bert", "2.wav,happy,Hello.,cleo"]


@pytest.mark.parametrize(
    ("lines", "options", "sentence"),
    [
        ([], [], "names no recordings"),
        (["none.wav,sad,Hello.,anna"], [], "none.wav (line 2 of metadata.csv): the recording is not there"),
        (["metadata.csv,sad,Hello.,anna"], [], "cannot be read as audio"),
        (ONE_SPEAKER, ["--cross_validation", "speaker", "--folds", "5"], "the corpus has 1, and 5 folds need as many"),
        (ONE_SPEAKER, ["--cross_validation", "session"], "have no session"),
        (ONE_SPEAKER, ["--emotions", "happy,angry"], "no recording of 'angry'"),
        (CLASS_OF_ONE_SPEAKER, ["--cross_validation", "speaker"], "training part of fold 'speaker: anna' has no sad"),
        ([line.replace("Hello.", "привет") for line in ONE_SPEAKER], [], "no word in Latin letters"),
        (ONE_SPEAKER, ["--label_map", "clam=neutral"], "no emotion 'clam' to map"),
        (ONE_SPEAKER, ["--vocabulary", "corpus"], "are about the word vectors of --embeddings"),
        (ONE_SPEAKER, ["--label_map", "happy"], "is not a list of OLD=NEW"),
        (ONE_SPEAKER, ["--embeddings", "nowhere.txt"], "nowhere.txt is not there"),
        (ONE_SPEAKER, ["--output_dir", "/proc/wise_hf"], "cannot be written"),
        (ONE_SPEAKER, ["--resume_from_checkpoint", "elsewhere"], "continued where it is"),
    ],
)
def test_what_a_person_gets_wrong_is_told_in_one_sentence(told, tmp_path, lines, options, sentence):
    corpus = write_corpus(tmp_path / "corpus", lines)
    assert sentence in told("train.py", "--data_dir", corpus, "--output_dir", tmp_path / "out", *QUICK, *options)
    assert all(path.name == LOCK for path in (tmp_path / "out").rglob("*")), "nothing half-written"


@pytest.mark.slow
def test_a_sentence_and_a_status_are_all_that_a_process_leaves(tmp_path):
    done = run_apart("train.py", "--data_dir", tmp_path / "none", "--output_dir", tmp_path / "out")
    sentence = f"train.py: {tmp_path / 'none'} is not a folder; give the folder that holds metadata.csv.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (np.zeros(0), "has no samples"),
        (np.full(16_000, np.nan), "NaN"),
    ],
)
def test_recordings_that_cannot_be_used_are_named(told, tmp_path, samples, sentence):
    corpus = write_corpus(tmp_path / "corpus", ONE_SPEAKER, samples)
    last = told("train.py", "--data_dir", corpus, "--output_dir", tmp_path / "out", *QUICK)
    assert sentence in last and "0.wav" in last


def test_recordings_that_cannot_be_used_are_passed_over_where_that_is_asked_for(told, spoken_corpus, tmp_path):
    corpus = shutil.copytree(spoken_corpus, tmp_path / "corpus")
    names = [f"silence_{number}.wav" for number in range(7)]
    for name in names:
        soundfile.write(corpus / name, np.zeros(16_000), 16_000)
    with (corpus / "metadata.csv").open("a") as file:
        file.writelines(f"{name},sad,,anna,\n" for name in names)
    arguments = ["--data_dir", corpus, "--output_dir", tmp_path / "out", "--num_proc", 1]
    last = told("prepare.py", *arguments)
    assert "7 of 39 recordings cannot be used" in last and "and 2 more: No word was heard" in last
    assert "silence_0.wav" in last and "--skip_unusable" in last
    done = run("prepare.py", *arguments, "--skip_unusable")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "32 utterances" in done.stdout and "passed over: 7 recordings" in done.stdout
    assert all(f"{name} cannot be used" in done.stderr for name in names)


def test_recordings_that_cannot_be_read_are_passed_over_and_counted_with_those_that_cannot_be_prepared(
    told, spoken_corpus, tmp_path
):
    corpus = shutil.copytree(spoken_corpus, tmp_path / "corpus")
    soundfile.write(corpus / "silence.wav", np.zeros(16_000), 16_000)
    (corpus / "zero.wav").touch()
    with (corpus / "metadata.csv").open("a") as file:
        file.writelines(f"{name}.wav,sad,,anna,\n" for name in ("silence", "zero", "gone"))
    arguments = ["--data_dir", corpus, "--output_dir", tmp_path / "out", "--num_proc", 1]
    last = told("prepare.py", *arguments)
    assert "2 of 35 recordings cannot be used" in last and "zero.wav" in last and "gone.wav" in last
    done = run("prepare.py", *arguments, "--skip_unusable")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "32 utterances" in done.stdout and "passed over: 3 recordings" in done.stdout


def test_a_corpus_that_is_not_iemocap_is_told(told, spoken_corpus, iemocap_imitation, tmp_path):
    iemocap = ["--dataset", "iemocap", "--output_dir", tmp_path / "out", "--data_dir"]
    assert "counts that differ from IEMOCAP's" in told("train.py", *iemocap, iemocap_imitation)
    assert "holds no Session1" in told("prepare.py", *iemocap, spoken_corpus)
    assert "IEMOCAP has no calm" in told("prepare.py", *iemocap, iemocap_imitation, "--emotions", "calm,sad")


def test_an_imitation_is_written_by_its_script(told, tmp_path):
    done = run("make_iemocap_imitation.py", "--output_dir", tmp_path / "new", "--share", "0.001", "--num_proc", 1)
    assert done.returncode == 0 and (tmp_path / "new" / "Session5").is_dir(), done.stderr[-3000:]
    assert "share is 2.0" in told("make_iemocap_imitation.py", "--output_dir", tmp_path / "x", "--share", 2)
    (tmp_path / "mine.txt").write_text("mine")
    assert "holds something else" in told("make_iemocap_imitation.py", "--output_dir", tmp_path)


def test_a_broken_embeddings_line_is_named(told, tmp_path):
    (tmp_path / "glove.txt").write_text("the 1 2 3\nof 1 2\n")
    corpus = write_corpus(tmp_path / "corpus", ONE_SPEAKER)
    options = ["--embeddings", tmp_path / "glove.txt", "--output_dir", tmp_path / "out"]
    assert "glove.txt, line 2" in told("train.py", "--data_dir", corpus, *options, *QUICK)


SCRIPTS = [("train.py", []), ("reproduce_tables.py", ["--protocols", "random"])]


@pytest.mark.parametrize(("script", "options"), SCRIPTS)
def test_a_damaged_archive_of_word_vectors_is_told_before_the_corpus_is_aligned(
    told, tmp_path, monkeypatch, script, options
):
    def aligned(*_: object) -> None:
        pytest.fail("the corpus is aligned first")

    monkeypatch.setattr("wise_hf.data.wise_frames.prepare", aligned)
    monkeypatch.setattr("wise_hf.tables.run.align_corpus", aligned)
    whole = gzip.compress("".join(f"w{number} {number} 0.5 1.5\n" for number in range(99_999)).encode())
    (tmp_path / "glove.txt.gz").write_bytes(whole[: len(whole) // 2])
    corpus = write_corpus(tmp_path / "corpus", ONE_SPEAKER + MORE)
    arguments = ["--data_dir", corpus, "--output_dir", tmp_path / "out", "--embeddings", tmp_path / "glove.txt.gz"]
    assert "glove.txt.gz cannot be read (Compressed file ended" in told(script, *arguments, *options)
    assert all(path.name == LOCK for path in (tmp_path / "out").rglob("*")), "nothing half-written"


@pytest.mark.parametrize(("script", "options"), SCRIPTS)
def test_a_corpus_of_one_emotion_is_refused(told, tmp_path, script, options):
    happy = [line.replace(",sad,", ",happy,") for line in ONE_SPEAKER] + [
        line.replace(",sad,", ",happy,") for line in MORE
    ]
    for lines, more in ((happy, []), (ONE_SPEAKER + MORE, ["--label_map", "sad=happy"])):
        corpus = write_corpus(tmp_path / "corpus", lines)
        last = told(script, "--data_dir", corpus, "--output_dir", tmp_path / "out", *options, *more)
        assert "has no emotion but happy" in last
    assert all(path.name == LOCK for path in (tmp_path / "out").rglob("*")), "nothing half-written"


def test_an_earlier_run_is_not_written_over_unasked(told, trained, spoken_corpus):
    last = told("train.py", "--data_dir", spoken_corpus, "--output_dir", trained, *QUICK)
    assert "holds an earlier run" in last and "--resume_from_checkpoint" in last


def test_what_is_no_earlier_run_is_never_written_over(told, spoken_corpus, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("mine")
    options = ["--data_dir", spoken_corpus, "--output_dir"]
    for arguments in (["train.py", *options, tmp_path, "--overwrite_output_dir"], ["prepare.py", *options, tmp_path]):
        assert "holds something else" in told(*arguments)
    assert (tmp_path / "model" / "mine.txt").read_text() == "mine"


def test_a_run_is_continued_with_the_same_arguments_only(told, trained, spoken_corpus):
    options = ["--output_dir", trained, "--resume_from_checkpoint", trained, "--epochs", "9"]
    assert "--epochs was 2" in told("train.py", "--data_dir", spoken_corpus, *options)


def test_prediction_tells_what_is_wrong(told, trained, tmp_path):
    (tmp_path / "x.wav").write_bytes(b"no audio")
    assert "cannot be read as audio" in told("predict.py", tmp_path / "x.wav", "--model", trained / "fold_1")
    assert "holds no model" in told("predict.py", tmp_path / "x.wav", "--model", tmp_path)
    assert "one recording" in told("predict.py", "a.wav", "b.wav", "--model", trained, "--text", "hi")
    assert "The speaker is ''" in told("predict.py", "a.wav", "--model", trained, "--speaker", "")
    (tmp_path / "empty").mkdir()
    assert "empty holds no audio file" in told("predict.py", tmp_path / "empty", "--model", trained)


def test_long_recordings_are_written_as_timelines(saved_model, calls, told, tmp_path):
    long = tmp_path / "long.wav"
    samples, rate = soundfile.read(calls / "a.wav")
    soundfile.write(long, np.tile(samples, 1 + int(121 * rate / len(samples))), rate)
    assert "as `wise-hf predict --output_dir` does" in told("predict.py", long, "--model", saved_model)
    options = ("--model", saved_model, "--output_dir", tmp_path / "out", "--formats", "csv,textgrid")
    done = run("predict.py", calls, "--speaker", "anna", *options)
    assert done.returncode == 1 and done.stderr.endswith("predict.py: 1 of 4 recordings could not be used.\n")
    written = [path.name for path in (tmp_path / "out").iterdir() if path.is_dir()]
    assert sorted(written) == ["a", "b_silence", "z"]
    assert {path.suffix for path in (tmp_path / "out" / "a").iterdir()} == {".jsonl", ".csv", ".TextGrid"}
    assert "holds a timeline" in told("predict.py", calls / "a.wav", *options)


def test_options_of_timelines_go_together(capsys):
    for options, message in {
        ("--formats", "csv"): "--formats needs --output_dir",
        ("--output_dir", "out", "--json"): "--json and --plot are for recordings without --output_dir",
        ("--output_dir", "out", "--formats", "doc"): "there is no format doc; give some of csv, parquet, srt",
        ("--output_dir", "out", "--channels", "speakers", "--channel", "0"): "does not go with --channel, which",
    }.items():
        with pytest.raises(SystemExit, match="2"):
            predict(["call.wav", *options])
        assert message in capsys.readouterr().err
