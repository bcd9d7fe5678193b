"""The scripts on the frames of a speech encoder, from training to a prediction."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from encoders import SIZE
from script import run

from wise_hf.training import wise_system


pytestmark = pytest.mark.slow

QUICK = ["--epochs", "1", "--num_proc", "1", "--jobs", "1", "--cross_validation", "speaker", "--folds", "2"]
FRAMES = ["--frame_layers", "1,3", "--layer_mix", "learnt", "--with_mfcc", "--audio_copies", "1"]


@pytest.fixture(scope="module")
def encoder(encoder_folders, tmp_path_factory) -> Path:
    return shutil.copytree(encoder_folders / "whisper", tmp_path_factory.mktemp("encoder") / "tiny-whisper")


@pytest.fixture(scope="module")
def arguments(spoken_corpus, encoder) -> list[object]:
    return ["--data_dir", spoken_corpus, "--frame_encoder", encoder, *FRAMES, *QUICK]


@pytest.fixture(scope="module")
def trained(arguments, encoder, tmp_path_factory) -> Path:
    """A run of two folds, after which the encoder's folder has another name."""
    output = tmp_path_factory.mktemp("encoder_run") / "out"
    done = run("train.py", *arguments, "--output_dir", output)
    assert done.returncode == 0, done.stderr[-3000:]
    return output


@pytest.fixture
def without_encoder_folder(trained, encoder):
    moved = encoder.rename(encoder.with_name("elsewhere"))
    yield
    moved.rename(encoder)


def test_training_tells_of_the_frames_and_compares_with_pooling_them(trained):
    results = json.loads((trained / "results.json").read_text())
    assert len(results["folds"]) == 2 and np.sum(results["systems"]["WISE"]["pooled"]["confusion"]) == 32
    told = (trained / "results.md").read_text()
    for name in ("tiny-whisper, layers 1, 3, mixed, beside MFCC", "SVM", "Logistic regression"):
        assert name in told
    assert set(results["compared_with"]) == {"svm", "svm_unknown", "logistic", "logistic_unknown"}


def test_every_fold_s_model_is_complete(trained):
    for fold in (1, 2):
        config = json.loads((trained / f"fold_{fold}" / "config.json").read_text())
        assert config["frame_encoder"]["name"] == "tiny-whisper" and config["frame_encoder"]["layers"] == [1, 3]
        assert (config["feature_size"], config["mixed_layers"]) == (2 * SIZE + 39, 2)
    assert not list(trained.rglob("*.unfinished")) and not list(trained.rglob("checkpoint"))


def test_no_file_of_a_model_tells_of_this_machine(trained, encoder):
    for path in [*trained.glob("fold_*/*.json"), trained / "results.md"]:
        assert str(encoder.parent) not in path.read_text(), path


def test_a_fold_s_model_is_scored_as_its_training_scored_it(trained, spoken_corpus, without_encoder_folder, tmp_path):
    done = run(
        *("evaluate.py", "--model", trained / "fold_1", "--data_dir", spoken_corpus, "--output", tmp_path / "x.json")
    )
    assert done.returncode == 0, done.stderr[-3000:]
    evaluated = {
        each["id"]: each["predicted"] for each in json.loads((tmp_path / "x.json").read_text())["predictions"]
    }
    in_training = json.loads((trained / "fold_1.json").read_text())["predictions"]
    assert len(evaluated) == 32
    assert {name: evaluated[name] for name in in_training} == in_training


@pytest.mark.parametrize("command", ["evaluate.py", "predict.py"])
def test_a_processor_that_is_not_the_model_s_is_told(trained, spoken_corpus, tmp_path, command):
    folder = shutil.copytree(trained / "fold_1", tmp_path / "mixed_up")
    path = folder / "processor_config.json"
    settings = json.loads(path.read_text())
    settings["feature_extractor"]["hop_ms"] = 15.0
    path.write_text(json.dumps(settings))
    of_command = {"evaluate.py": ["--data_dir", spoken_corpus], "predict.py": [spoken_corpus]}
    done = run(command, *of_command[command], "--model", folder)
    assert done.returncode == 1 and "not that of the model: hop_ms is 15.0 and not 20.0" in done.stderr


def test_a_recording_is_predicted(trained, spoken_corpus, without_encoder_folder):
    recording = sorted((spoken_corpus / "audio").glob("*/*.wav"))[0]
    done = run("predict.py", recording, "--model", trained / "fold_1", "--text", "hello there", "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    (result,) = json.loads(done.stdout)
    assert [word["word"] for word in result["words"]] == ["hello", "there"] and len(result["scores"]) == 4


def test_a_run_that_was_interrupted_before_a_model_was_complete_ends_as_if_it_was_not(
    trained, arguments, tmp_path, monkeypatch
):
    add: Callable = wise_system.add_encoders

    def interrupted(*_: object, **__: object) -> None:
        monkeypatch.setattr(wise_system, "add_encoders", add)
        raise KeyboardInterrupt

    monkeypatch.setattr(wise_system, "add_encoders", interrupted)
    output = tmp_path / "out"
    stopped = run("train.py", *arguments, "--output_dir", output)
    assert stopped.returncode and "--resume_from_checkpoint" in stopped.stderr
    assert not (output / "fold_1").exists(), "no model has its name before it is one"
    done = run("train.py", *arguments, "--output_dir", output, "--resume_from_checkpoint", output)
    assert done.returncode == 0, done.stderr[-3000:]
    for fold in (1, 2):
        one, other = (json.loads((each / f"fold_{fold}.json").read_text()) for each in (trained, output))
        assert one["weights"] == other["weights"] and one["predictions"] == other["predictions"]


def test_what_is_wrong_with_the_encoder_is_told_in_a_sentence(spoken_corpus, encoder_folders, tmp_path):
    given = ["--data_dir", spoken_corpus, "--output_dir", tmp_path / "out", *QUICK, "--frame_encoder"]
    for encoder, more, sentence in (
        ("no/such-encoder", [], "There is no speech encoder 'no/such-encoder'"),
        (encoder_folders / "hubert", ["--frame_layers", "9"], "layers [9] are not among the 3 of the frame encoder"),
        (encoder_folders / "hubert", ["--frame_padding", "window"], "Only Whisper has a window to pad to"),
        (encoder_folders / "hubert", ["--augment", "tempo"], "tempo"),
    ):
        done = run("train.py", *given, encoder, *more)
        assert done.returncode in (1, 2) and sentence in done.stderr.strip().splitlines()[-1]
    assert not (tmp_path / "out" / "fold_1").exists()
