"""The engine: a system on a fold."""

from dataclasses import replace
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState
from trial_input import RECIPE, small_trial, small_wise, utterances

from wise_hf.data.folds import Fold
from wise_hf.training.system import System, Trial
from wise_hf.training.trial import SELECTION, fit_network, run_trial


FOLD = Fold("a", list(range(8)), [8, 9, 10, 11], [12, 13, 14, 15])


@pytest.fixture(autouse=True)
def fresh_accelerator():
    AcceleratorState._reset_state(reset_partial_state=False)


def trial_of(output_dir: Path) -> Trial:
    return small_trial(output_dir, utterances(), FOLD)


def test_a_refit_learns_from_both_parts_and_is_scored_by_the_validation_of_a_network_that_did_not(tmp_path):
    built = []
    wise = small_wise()

    def build(train: list, *others: object) -> tuple:
        built.append([int(each["id"]) for each in train])
        return wise.build(train, *others)

    _, once = fit_network(small_wise(refit=False), trial_of(tmp_path / "once"))
    _, fitted = fit_network(replace(wise, build=build), trial_of(tmp_path / "twice"))
    assert built == [list(range(8)), list(range(12))]
    assert fitted["validation"] == once["validation"] and fitted["history"] == once["history"]
    assert [epoch["ua"] for epoch in fitted["refit_history"]] == [None] * RECIPE.epochs
    assert fitted["epoch"] == RECIPE.epochs and "refit_history" not in once
    assert (tmp_path / "twice" / SELECTION / "model.safetensors").is_file()


def test_without_a_test_part_nothing_is_refitted(tmp_path):
    trial = trial_of(tmp_path)
    _, report = fit_network(small_wise(epochs=1), replace(trial, parts=trial.parts | {"test": []}))
    assert "refit_history" not in report and not (tmp_path / SELECTION).exists()


def test_without_a_validation_part_the_last_epoch_is_kept_and_there_is_no_score_of_it(tmp_path):
    trial = trial_of(tmp_path)
    parts = {"train": trial.of("train", "validation"), "validation": [], "test": []}
    _, report = fit_network(small_wise(epochs=2), replace(trial, parts=parts))
    assert report["epoch"] == 2 and "validation" not in report
    assert (tmp_path / "model.safetensors").is_file()


def test_a_table_row_may_refit_as_well_and_shows_how_its_words_are_weighed(tmp_path):
    result = run_trial(small_wise(epochs=1), trial_of(tmp_path))
    assert {"parameters", "seconds", "refit_history", "validation", "test", "predictions"} <= result.keys()
    assert [[word["word"] for word in each["words"]] for each in result["examples"]] == [["kids", "are", "here"]] * 2


def test_what_is_no_network_is_scored_alike(tmp_path):
    def say_sad(trial: Trial) -> list[int]:
        return [trial.emotions.index("sad")] * len(trial.parts["test"])

    result = run_trial(
        System("sad", "Always sad", extract=dict, columns={}, fit_and_predict=say_sad), trial_of(tmp_path)
    )
    assert result["predictions"] == dict.fromkeys(["12", "13", "14", "15"], "sad")
    assert result["test"]["confusion"] == [[0, 2], [0, 2]] and result["test"]["ua"] == 0.5
    assert (result["epoch"], result["history"]) == (None, [])
