"""Training and testing on folds."""

import json
from dataclasses import replace

import numpy as np
import pytest
from accelerate.state import AcceleratorState
from datasets import Dataset

from wise_hf.data.folds import Fold
from wise_hf.training.cross_validation import Experiment, check_folds, run_folds, score_by_scenario
from wise_hf.training.loop import TrainingRun
from wise_hf.training.recipe import Recipe


CORPUS = Dataset.from_list([{"emotion": emotion} for emotion in ("happy", "sad", "happy", "sad")])


def test_a_training_part_without_an_emotion_is_refused():
    with pytest.raises(ValueError, match="training part of fold 'x' has no sad"):
        check_folds(CORPUS, [Fold("x", [0, 2], [1], [3])], ["happy", "sad"])


def test_a_single_emotion_is_refused():
    happy = CORPUS.select([0, 2])
    with pytest.raises(ValueError, match="has no emotion but happy, .*add recordings of others"):
        check_folds(happy, [Fold("all", [0], [1], [])], ["happy"])


def test_a_test_part_without_an_emotion_is_told(caplog):
    check_folds(CORPUS, [Fold("x", [0, 1], [2, 3], [2])], ["happy", "sad"])
    assert "test part of fold 'x' has no ['sad']" in caplog.text


def test_json_files_are_written_whole(tmp_path):
    from wise_hf.data.files import write_json

    write_json(tmp_path / "a" / "x.json", {"b": 1})
    assert json.loads((tmp_path / "a" / "x.json").read_text()) == {"b": 1}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.json"]
    with pytest.raises(ValueError, match="cannot be written"):
        write_json(tmp_path / "a" / "x.json" / "y.json", {})


def test_scores_by_scenario_are_of_the_utterances_whose_scenario_is_known():
    scenarios = ["scripted", "improvised", None, "scripted"]
    rows = [{"emotion": emotion, "scenario": name} for emotion, name in zip(CORPUS["emotion"], scenarios, strict=True)]
    scores = score_by_scenario(rows, [0, 0, 1, 1], ["happy", "sad"])
    assert list(scores) == ["improvised", "scripted"]
    assert scores["improvised"]["confusion"] == [[0, 0], [1, 0]] and scores["improvised"]["ua"] == 0
    assert scores["scripted"]["confusion"] == [[1, 0], [0, 1]] and scores["scripted"]["wa"] == 1
    assert score_by_scenario([{"emotion": "sad"}], [1], ["happy", "sad"]) == {}


@pytest.fixture
def fresh_accelerator():
    AcceleratorState._reset_state(reset_partial_state=False)


SIZES = {"phoneme_hidden_size": 8, "word_hidden_size": 8, "audio_hidden_size": 8, "text_hidden_size": 8}
SMALL = Experiment(["happy", "sad"], Recipe(epochs=3, batch_size=4), None, SIZES | {"freeze_word_embeddings": False})
FOLDS = [Fold("a", list(range(8)), [8, 9, 10, 11], [12, 13, 14, 15])]


def rows() -> list[dict]:
    made = []
    for number in range(16):
        rng = np.random.default_rng(number)
        lengths = {"phoneme_lengths": rng.integers(20, 30, 6), "word_lengths": np.array([2, 3, 1])}
        features = rng.normal(number % 2, 1, (lengths["phoneme_lengths"].sum(), 39)).astype(np.float32)
        utterance = {"id": str(number), "speaker": f"s{number // 8}", "emotion": ["happy", "sad"][number % 2]}
        made.append(utterance | {"words": ["kids", "are", "here"], "input_features": features} | lengths)
    return made


@pytest.mark.parametrize("killed_after", [2, 4], ids=["while the epoch is chosen", "while all are learnt from"])
def test_a_fold_killed_midway_ends_as_an_unbroken_one(tmp_path, monkeypatch, fresh_accelerator, killed_after):
    unbroken = run_folds(rows(), FOLDS, SMALL, [tmp_path / "unbroken"])

    epochs = []
    train_epoch = TrainingRun._train_epoch

    def killed(run: TrainingRun, epoch: int) -> float:
        if len(epochs) == killed_after:
            raise KeyboardInterrupt
        epochs.append(epoch)
        return train_epoch(run, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingRun, "_train_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            run_folds(rows(), FOLDS, SMALL, [tmp_path / "broken"])
    assert run_folds(rows(), FOLDS, SMALL, [tmp_path / "broken"]) == unbroken


def test_a_fold_has_the_scores_of_all_systems_and_leaves_nothing_but_its_model(tmp_path, fresh_accelerator):
    (result,) = run_folds(rows(), FOLDS, SMALL, [tmp_path / "fold_1"])
    assert {"test", "test_unknown", "svm", "svm_unknown", "validation", "predictions", "history"} <= set(result)
    assert set(result["predictions"]) == {"12", "13", "14", "15"}
    assert {path.name for path in tmp_path.iterdir()} == {"fold_1", "fold_1.json"}
    assert not (tmp_path / "fold_1" / "checkpoint").exists() and not (tmp_path / "fold_1" / "selection").exists()


def test_without_refit_the_best_epoch_of_the_first_model_is_kept(tmp_path, fresh_accelerator):
    experiment = replace(SMALL, recipe=replace(SMALL.recipe, refit=False, normalization="global"), with_svm=False)
    (result,) = run_folds(rows(), FOLDS, experiment, [tmp_path / "fold_1"])
    best = max(result["history"], key=lambda row: row["ua"])
    assert result["epoch"] == best["epoch"] and result["validation"]["ua"] == best["ua"]
    assert "svm" not in result and "test_unknown" not in result


def test_a_fold_tells_what_it_left_out_and_how_each_scenario_was_scored(tmp_path, fresh_accelerator):
    experiment = replace(SMALL, recipe=replace(SMALL.recipe, epochs=1, refit=False), with_svm=False)
    spoken = [row | {"scenario": ["improvised", "scripted"][number // 2 % 2]} for number, row in enumerate(rows())]
    fold = Fold("a", list(range(6)), [8, 9, 10, 11], [12, 13, 14, 15], left_out=[6, 7])
    (result,) = run_folds(spoken, [fold], experiment, [tmp_path / "fold_1"])
    assert result["sizes"] == {"train": 6, "validation": 4, "test": 4, "left_out": 2}
    counts = [np.array(result["by_scenario"][name]["confusion"]) for name in ("improvised", "scripted")]
    assert counts[0].sum() == counts[1].sum() == 2
    assert (counts[0] + counts[1]).tolist() == result["test"]["confusion"]
