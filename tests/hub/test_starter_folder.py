"""The starter model's folder: what is laid out, its card, and that it can be published."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from unittest import mock

import pytest
from hub_input import results_of
from huggingface_hub import ModelCard
from script import run

from wise_hf.data.corpora import CORPORA
from wise_hf.hub import starter_folder
from wise_hf.hub.staging import MODEL_FILES, stage_model
from wise_hf.hub.starter_folder import starter_card, write_starter
from wise_hf.model.loading import weights_digest


CHANNELS = {"as recorded": {"wa": 0.7125, "ua": 0.7, "refused": 0}, "8 kHz": {"wa": 0.6, "ua": 0.5875, "refused": 2}}
TRANSFER = {"corpus": "calls_2", "num_utterances": 99, "known": {"ua": 0.6125}, "unknown": {"ua": 0.5375}}


@pytest.fixture
def run_dir(saved_model, tmp_path) -> Path:
    """What a training with folds and a final model leaves."""
    folder = tmp_path / "run"
    shutil.copytree(saved_model, folder / "model")
    final = {"weights": weights_digest(saved_model), "num_utterances": 64, "epoch": 40}
    results = results_of(saved_model) | {"corpus": "RAVDESS", "final_model": final}
    for fold in results["folds"]:
        fold |= {"weights": "others", "predictions": {"03-01-01": "sad"}}
    (folder / "results.json").write_text(json.dumps(results))
    speakers = ({"train": ["a", "b"], "validation": [], "test": ["c"]}, {"train": ["c"], "validation": [], "test": []})
    (folder / "folds.json").write_text(json.dumps({"folds": [{"speakers": each} for each in speakers]}))
    return folder


@pytest.fixture
def starter(run_dir, tmp_path) -> Path:
    folder = tmp_path / "starter_model"
    folder.mkdir()
    (folder / "LICENSE").write_text("CC BY-NC-SA 4.0")
    write_starter(run_dir, CHANNELS, [TRANSFER], folder)
    return folder


def test_it_has_the_model_its_scores_its_card_and_no_code(starter):
    expected = {*MODEL_FILES, "README.md", "results.json", "LICENSE"}
    assert {path.name for path in starter.iterdir()} == expected
    assert (starter / "LICENSE").read_text() == "CC BY-NC-SA 4.0", "what else is there stays"
    results = json.loads((starter / "results.json").read_text())
    assert results["num_speakers"] == 3 and results["channels"] == CHANNELS and results["transfer"] == [TRANSFER]
    assert not any({"history", "predictions"} & fold.keys() for fold in results["folds"])


def test_every_score_on_the_card_is_that_of_the_results(starter):
    path = starter / "results.json"
    results = json.loads(path.read_text())
    card = (starter / "README.md").read_text()
    for name, system in results["systems"].items():
        assert f"| {name} | {system['mean']['wa']:.3f} ± {system['std']['wa']:.3f} |" in card
    assert "| 8 kHz | 0.600 | 0.588 | 2 |" in card and "| calls_2 | 99 | 0.537 | 0.613 |" in card
    assert "**3 actors are not the world.**" in card and "learnt from all 64 recordings" in card
    results["systems"]["WISE"]["mean"]["wa"] = 0.123
    path.write_text(json.dumps(results))
    assert "| WISE | 0.123 ± " in starter_card(starter)


def test_the_card_says_whose_the_recordings_are_and_what_may_be_done_with_the_weights(starter):
    card = (starter / "README.md").read_text()
    assert "CC BY-NC-SA 4.0" in card and "not for commercial use" in card and "Apache-2.0" in card
    assert "10.1371/journal.pone.0196391" in card and "Do not decide anything about a person" in " ".join(card.split())
    assert "{{" not in card and "\n\n\n" not in card and "None" not in card


def test_what_was_not_measured_is_not_on_the_card(run_dir, tmp_path):
    write_starter(run_dir, {}, [], tmp_path / "starter_model")
    card = (tmp_path / "starter_model" / "README.md").read_text()
    assert "How loud" not in card and "On other corpora" not in card and "\n\n\n" not in card


def test_a_model_beyond_the_limit_is_refused_and_the_folder_stays(run_dir, starter, monkeypatch):
    monkeypatch.setattr(starter_folder, "MAX_MB", 0.1)
    before = (starter / "model.safetensors").stat().st_mtime_ns
    with pytest.raises(ValueError, match=r"has \d+\.\d MB, and the starter model at most 0.1; take fewer layers"):
        write_starter(run_dir, {}, [], starter)
    assert (starter / "model.safetensors").stat().st_mtime_ns == before


def test_it_is_published_with_its_scores_its_code_and_its_licence(starter, release, tmp_path):
    staying = stage_model(replace(release, model_dir=starter, license="cc-by-nc-sa-4.0"), tmp_path / "staged")
    assert (tmp_path / "staged" / "LICENSE").read_text() == "CC BY-NC-SA 4.0"
    assert (tmp_path / "staged" / "pipeline_wise.py").is_file()
    assert staying == ["README.md", "results.json"]
    card = ModelCard.load(tmp_path / "staged" / "README.md")
    assert card.data.license == "cc-by-nc-sa-4.0" and card.data.eval_results
    assert "learnt from all 64 utterances" in card.text and "10.1371/journal.pone.0196391" in card.text


def test_a_published_one_says_what_it_learnt_from_where_no_reader_knows_the_corpora(run_dir, release, tmp_path):
    path = run_dir / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"corpus": "RAVDESS, calls_2"}))
    write_starter(run_dir, {}, [], tmp_path / "starter_model", "RAVDESS (CC BY-NC-SA 4.0) and calls of our own")
    stage_model(replace(release, model_dir=tmp_path / "starter_model", training_data=None), tmp_path / "staged")
    card = (tmp_path / "staged" / "README.md").read_text()
    assert "RAVDESS (CC BY-NC-SA 4.0) and calls of our own" in card and "it is not said here" not in card


def make(*options: object) -> CompletedProcess:
    """Run the script; the corpora that it registers are forgotten afterwards."""
    with mock.patch.dict(CORPORA):
        return run("make_starter_model.py", *options)


@pytest.mark.slow
def test_the_script_trains_measures_and_lays_it_out(spoken_corpus, tmp_path):
    corpus = ["--data_dir", spoken_corpus, "--cross_validation", "speaker", "--folds", 2, "--num_proc", 1]
    options = ["--no-svm", "--no-refit", "--epochs", 1, "--transfer", spoken_corpus, "--no-channels"]
    places = ["--output_dir", tmp_path / "run", "--starter_dir", tmp_path / "starter_model"]
    done = make(*corpus, *options, *places)
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "starter_model" / "results.json").read_text())
    assert results["final_model"]["weights"] == weights_digest(tmp_path / "starter_model")
    (transfer,) = results["transfer"]
    assert transfer["num_utterances"] == 32 and transfer["known"] != transfer["unknown"]
    again = make(*corpus, *options, *places, "--overwrite_output_dir")
    assert again.returncode == 0 and json.loads((tmp_path / "starter_model/results.json").read_text()) == results


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--data_dir", "nowhere", "--dataset", "ravdess"], "nowhere holds no speech of RAVDESS"),
        (["--data_dir", ".", "--transfer", "nowhere"], "nowhere is not a folder; give the folder that holds"),
    ],
)
def test_data_that_are_missing_are_told_in_a_sentence(options, sentence, tmp_path):
    done = make(*options, "--output_dir", tmp_path / "run", "--starter_dir", tmp_path / "to")
    assert done.returncode == 1 and sentence in done.stderr.splitlines()[-1]
