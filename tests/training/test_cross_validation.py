"""Training and testing on folds."""

import json

import pytest
from datasets import Dataset

from wise_hf.data.folds import Fold
from wise_hf.training.cross_validation import check_folds


CORPUS = Dataset.from_list([{"emotion": emotion} for emotion in ("happy", "sad", "happy", "sad")])


def test_a_training_part_without_an_emotion_is_refused():
    with pytest.raises(ValueError, match="training part of fold 'x' has no sad"):
        check_folds(CORPUS, [Fold("x", [0, 2], [1], [3])], ["happy", "sad"])


def test_a_test_part_without_an_emotion_is_told(caplog):
    check_folds(CORPUS, [Fold("x", [0, 1], [2, 3], [2])], ["happy", "sad"])
    assert "test part of fold 'x' has no ['sad']" in caplog.text


def test_json_files_are_written_whole(tmp_path):
    from wise_hf.training.files import write_json

    write_json(tmp_path / "a" / "x.json", {"b": 1})
    assert json.loads((tmp_path / "a" / "x.json").read_text()) == {"b": 1}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.json"]
    with pytest.raises(ValueError, match="cannot be written"):
        write_json(tmp_path / "a" / "x.json" / "y.json", {})
