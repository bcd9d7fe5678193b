"""What a run of training finds out on its folds."""

import itertools
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from accelerate.state import AcceleratorState
from trial_input import RECIPE, small_trial, small_wise, utterances

from wise_hf.data.folds import Fold
from wise_hf.data.schema import PreparedUtterance
from wise_hf.data.wise_frames import Frames
from wise_hf.training.fold_results import finish_fold, run_fold, score_by_scenario
from wise_hf.training.loop import TrainingRun
from wise_hf.training.pooled import pooled_systems
from wise_hf.training.system import System


def test_scores_by_scenario_are_of_the_utterances_whose_scenario_is_known():
    scenarios = ["scripted", "improvised", None, "scripted"]
    emotions = ["happy", "sad", "happy", "sad"]
    spoken = [{"emotion": emotion, "scenario": name} for emotion, name in zip(emotions, scenarios, strict=True)]
    scores = score_by_scenario(spoken, [0, 0, 1, 1], ["happy", "sad"])
    assert list(scores) == ["improvised", "scripted"]
    assert scores["improvised"]["confusion"] == [[0, 0], [1, 0]] and scores["improvised"]["ua"] == 0
    assert scores["scripted"]["confusion"] == [[1, 0], [0, 1]] and scores["scripted"]["wa"] == 1
    assert score_by_scenario([{"emotion": "sad"}], [1], ["happy", "sad"]) == {}


@pytest.fixture
def fresh_accelerator():
    AcceleratorState._reset_state(reset_partial_state=False)


BOTH = ("train", "validation")
POOLED = pooled_systems(Frames(), "speaker", BOTH, BOTH)
FOLD = Fold("a", list(range(8)), [8, 9, 10, 11], [12, 13, 14, 15])


def run(
    output_dir: Path,
    wise: System | None = None,
    spoken: Sequence[PreparedUtterance] | None = None,
    fold: Fold = FOLD,
    log: object = None,
    **others: System,
) -> dict:
    """The result of the only fold."""
    spoken = utterances() if spoken is None else spoken
    trial = small_trial(output_dir, spoken, fold)
    trial = trial if log is None else replace(trial, log=log)
    return finish_fold(wise or small_wise(), others, fold, trial)


@pytest.mark.parametrize("killed_after", [2, 4], ids=["while the epoch is chosen", "while all are learnt from"])
def test_a_fold_killed_midway_ends_as_an_unbroken_one(tmp_path, monkeypatch, fresh_accelerator, killed_after):
    unbroken = run(tmp_path / "unbroken", **POOLED)

    epochs = []
    train_epoch = TrainingRun._train_epoch

    def killed(training: TrainingRun, epoch: int) -> float:
        if len(epochs) == killed_after:
            raise KeyboardInterrupt
        epochs.append(epoch)
        return train_epoch(training, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingRun, "_train_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "broken", **POOLED)
    assert run(tmp_path / "broken", **POOLED) == unbroken


class Killed(BaseException):
    """The end of a process."""


def test_a_fold_killed_at_any_step_of_its_end_ends_as_an_unbroken_one(tmp_path, monkeypatch, fresh_accelerator):
    wise = small_wise(epochs=1)
    unbroken = run(tmp_path / "unbroken" / "fold_1", wise)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("wise_hf.training.fold_results.run_fold", _interrupted_after)
        run(tmp_path / "trained" / "fold_1", wise)
    for steps in itertools.count():
        place = shutil.copytree(tmp_path / "trained", tmp_path / str(steps)) / "fold_1"
        with monkeypatch.context() as patch:
            is_killed = _killed_after(steps, patch, lambda place=place: run(place, wise))
        assert run(place, wise) == unbroken
        assert sorted(path.name for path in place.parent.iterdir()) == ["fold_1", "fold_1.json"]
        assert not any(path.is_dir() for path in place.iterdir()), "nothing of the training is in the model's folder"
        if not is_killed:
            break
    assert steps > 5


def _interrupted_after(*arguments: object) -> None:
    """Train, and end before anything is made of it."""
    run_fold(*arguments)
    raise KeyboardInterrupt


def _killed_after(steps: int, patch: pytest.MonkeyPatch, work: Callable[[], object]) -> bool:
    """Work until so many folders were moved or removed; from then on nothing is done any more."""
    done = []

    def counted(call: Callable) -> Callable:
        def step(*arguments: object, **options: object) -> object:
            if len(done) == steps:
                raise Killed
            done.append(call)
            return call(*arguments, **options)

        return step

    for name in ("rename", "rmdir"):
        patch.setattr(os, name, counted(getattr(os, name)))
    try:
        work()
    except Killed:
        return True
    return False


def test_a_fold_has_the_scores_of_all_systems_and_leaves_nothing_but_its_model(tmp_path, fresh_accelerator):
    result = run(tmp_path / "fold_1", **POOLED)
    assert {"test", "test_unknown", "validation", "predictions", "history"} <= set(result)
    assert {"svm", "svm_unknown", "logistic", "logistic_unknown"} <= set(result)
    assert set(result["predictions"]) == {"12", "13", "14", "15"}
    assert [epoch["epoch"] for epoch in result["refit_history"]] == [1, 2, 3]
    assert {path.name for path in tmp_path.iterdir()} == {"fold_1", "fold_1.json"}
    assert not (tmp_path / "fold_1" / "checkpoint").exists() and not (tmp_path / "fold_1" / "selection").exists()


def test_a_damaged_result_is_told_by_its_name(tmp_path, fresh_accelerator):
    (tmp_path / "fold_1.json").write_text("{")
    with pytest.raises(ValueError, match=r"fold_1.json cannot be read as JSON .*; remove it, and its fold"):
        run(tmp_path / "fold_1")


def test_without_refit_the_best_epoch_of_the_first_model_is_kept(tmp_path, fresh_accelerator):
    result = run(tmp_path / "fold_1", small_wise(refit=False, normalization="global"))
    best = max(result["history"], key=lambda epoch: epoch["ua"])
    assert result["epoch"] == best["epoch"] and result["validation"]["ua"] == best["ua"]
    assert "svm" not in result and "test_unknown" not in result


def test_a_fold_tells_what_it_left_out_and_how_each_scenario_was_scored(tmp_path, fresh_accelerator):
    scenarios = ["improvised", "scripted"]
    spoken = [each | {"scenario": scenarios[number // 2 % 2]} for number, each in enumerate(utterances())]
    fold = Fold("a", list(range(6)), [8, 9, 10, 11], [12, 13, 14, 15], left_out=[6, 7])
    result = run(tmp_path / "fold_1", small_wise(epochs=1, refit=False), spoken, fold)
    assert result["sizes"] == {"train": 6, "validation": 4, "test": 4, "left_out": 2}
    counts = [np.array(result["by_scenario"][name]["confusion"]) for name in ("improvised", "scripted")]
    assert counts[0].sum() == counts[1].sum() == 2
    assert (counts[0] + counts[1]).tolist() == result["test"]["confusion"]


def test_every_epoch_is_logged_with_its_learning_rate_and_a_refit_under_its_own_name(tmp_path, fresh_accelerator):
    logged = []
    result = run(tmp_path / "fold_1", log=lambda figures, epoch: logged.append((epoch, figures)))
    assert [epoch for epoch, _ in logged] == [1, 2, 3, 1, 2, 3]
    assert {name: value for name, value in logged[1][1].items() if name != "learning_rate"} == {
        name: value for name, value in result["history"][1].items() if name != "epoch"
    }
    assert list(logged[3][1]) == ["refit/loss", "refit/learning_rate"]
    assert logged[5][1]["refit/loss"] == result["refit_history"][2]["loss"]
    assert 0 <= logged[2][1]["learning_rate"] < logged[0][1]["learning_rate"] <= RECIPE.learning_rate
