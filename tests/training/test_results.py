"""results.json and results.md."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

from wise_hf.training.recipe import RECIPES
from wise_hf.training.results import summarize, summarize_run, write_results


def fold(confusion: list[list[int]], wa: float, ua: float) -> dict:
    scores = {"wa": wa, "ua": ua, "macro_f1": ua, "confusion": confusion}
    sizes = {"train": 6, "validation": 2, "test": 4}
    return {"name": "speaker: a", "sizes": sizes, "epoch": 3, "history": [], "validation": scores, "test": scores}


FOLDS = [fold([[2, 0], [1, 1]], 0.75, 0.75), fold([[1, 0], [0, 3]], 1.0, 1.0)]
DESCRIPTION = {
    "corpus": "calls",
    "protocol": "speaker",
    "emotions": ["happy", "sad"],
    "seed": 0,
    "recipe_name": "paper",
    "recipe": asdict(RECIPES["paper"]) | {"epochs": 3, "normalization": "speaker"},
    "model": {"hierarchy": "word", "interaction": True},
    "word_vectors": "glove.txt",
}


def test_mean_deviation_and_pooled_scores():
    summary = summarize(FOLDS, "test")
    assert summary["mean"]["wa"] == pytest.approx(0.875) and summary["std"]["wa"] == pytest.approx(0.125)
    assert summary["pooled"]["confusion"] == [[3, 0], [1, 4]]
    assert summary["pooled"]["wa"] == pytest.approx(7 / 8)
    assert summary["pooled"]["ua"] == pytest.approx((1 + 4 / 5) / 2)


def test_files_say_protocol_and_seed_and_hold_every_fold(tmp_path):
    write_results(summarize_run(FOLDS, DESCRIPTION), tmp_path)
    kept = json.loads((tmp_path / "results.json").read_text())
    assert kept["scored_part"] == "test" and len(kept["folds"]) == 2 and list(kept["systems"]) == ["WISE"]
    text = (tmp_path / "results.md").read_text()
    assert "Recipe `paper`, but epochs=3, normalization=speaker, hierarchy=word;" in text
    assert "know who speaks" in text and "WISE learnt from the training part, the SVM" in text
    assert "leave speakers out" in text and "seed 0" in text and "| WISE | 0.875 ± 0.125" in text
    picture = np.asarray(Image.open(tmp_path / "confusion.png"))
    assert picture.size > 10_000 and picture.std() > 1


def test_the_svm_is_a_row_of_the_same_table():
    folds = [each | {"svm": each["test"]} for each in FOLDS]
    assert list(summarize_run(folds, DESCRIPTION)["systems"]) == ["WISE", "SVM on MFCC statistics"]


def test_scores_of_a_validation_part_are_called_so(tmp_path):
    folds = [{name: value for name, value in FOLDS[0].items() if name != "test"}]
    write_results(summarize_run(folds, DESCRIPTION | {"protocol": "none"}), tmp_path)
    assert "which chose the epoch" in (tmp_path / "results.md").read_text()
