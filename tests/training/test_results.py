"""results.json and results.md."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

from wise_hf.training.recipe import RECIPES
from wise_hf.training.results import results_to_markdown, summarize_folds, summarize_run, write_results


def fold(confusion: list[list[int]], wa: float, ua: float) -> dict:
    scores = {"wa": wa, "ua": ua, "macro_f1": ua, "confusion": confusion}
    sizes = {"train": 6, "validation": 2, "test": 4}
    return {"name": "speaker: a", "sizes": sizes, "epoch": 3, "history": [], "validation": scores, "test": scores}


FOLDS = [fold([[2, 0], [1, 1]], 0.75, 0.75), fold([[1, 0], [0, 3]], 1.0, 1.0)]
DESCRIPTION = {
    "corpus": "calls",
    "corpus_options": {"dataset": "folder", "label_map": {"a": "b"}},
    "num_utterances": 4,
    "emotion_counts": {"happy": 3, "sad": 1},
    "alignments": {"corpus": 3, "aligner": 1},
    "protocol": "speaker",
    "emotions": ["happy", "sad"],
    "seed": 0,
    "recipe_name": "paper",
    "recipe": asdict(RECIPES["paper"]) | {"epochs": 3, "normalization": "speaker"},
    "model": {"hierarchy": "word", "interaction": True},
    "word_vectors": "glove.txt",
}


def test_mean_deviation_and_pooled_scores():
    summary = summarize_folds(FOLDS, "test")
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
    assert "WISE knows who speaks" in text and "WISE learnt from the training part." in text
    assert "other systems" not in text
    assert (
        "4 utterances (happy 3, sad 1); words by: aligner 1, corpus 3; read with dataset=folder, label_map=a=b."
        in text
    )
    assert "leave speakers out" in text and "seed 0" in text and "| WISE | 0.875 ± 0.125" in text
    picture = np.asarray(Image.open(tmp_path / "confusion.png"))
    assert picture.size > 10_000 and picture.std() > 1


COMPARED = {"svm": "SVM on MFCC statistics", "svm_unknown": "SVM, speakers unknown", "mine": "A system of mine"}


def test_the_systems_that_it_is_compared_with_are_rows_of_the_same_table_by_the_names_that_they_have():
    folds = [each | dict.fromkeys(("svm", "mine", "test_unknown"), each["test"]) for each in FOLDS]
    results = summarize_run(folds, DESCRIPTION | {"frames": "loudness:BANDS", "compared_with": COMPARED})
    rows = ["WISE", "WISE, speakers unknown", "SVM on MFCC statistics", "A system of mine"]
    assert list(results["systems"]) == rows
    text = results_to_markdown(results)
    assert all(f"| {name} | 0.875 ± 0.125" in text for name in rows)
    assert "The systems know who speaks" in text and "and the others fitted without knowing." in text
    assert "WISE learnt from the training part, the other systems from the training and the validation part." in text
    assert "; frames: loudness:BANDS; features normalised by: speaker;" in text


def test_a_system_that_an_earlier_version_did_not_score_in_its_folds_is_left_out():
    folds = [FOLDS[0] | {"svm": FOLDS[0]["test"]}, FOLDS[1] | dict.fromkeys(COMPARED, FOLDS[1]["test"])]
    results = summarize_run(folds, DESCRIPTION | {"compared_with": COMPARED})
    assert list(results["systems"]) == ["WISE", "SVM on MFCC statistics"]


def test_results_of_an_earlier_version_are_read_as_they_are():
    results = summarize_run(FOLDS, DESCRIPTION)
    results["systems"] |= {COMPARED["svm"]: results["systems"]["WISE"]}
    text = results_to_markdown(results)
    assert "| SVM on MFCC statistics | 0.875 ± 0.125" in text and "the other systems from" in text
    assert "frames:" not in text and "hierarchy=word; features normalised by: speaker" in text


def test_scores_of_a_validation_part_are_called_so(tmp_path):
    folds = [{name: value for name, value in FOLDS[0].items() if name != "test"}]
    write_results(summarize_run(folds, DESCRIPTION | {"protocol": "none"}), tmp_path)
    assert "which chose the epoch" in (tmp_path / "results.md").read_text()


def with_scenarios() -> list[dict]:
    """Two folds; only the first has scripted utterances."""
    improvised = {"wa": 0.5, "ua": 0.5, "macro_f1": 0.4, "confusion": [[1, 1], [0, 0]]}
    scripted = {"wa": 1.0, "ua": 1.0, "macro_f1": 1.0, "confusion": [[2, 0], [0, 1]]}
    parts = [{"improvised": improvised, "scripted": scripted}, {"improvised": improvised}]
    return [each | {"by_scenario": part} for each, part in zip(FOLDS, parts, strict=True)]


def test_scores_are_broken_down_by_scenario_over_the_folds_that_have_it():
    by_scenario = summarize_run(with_scenarios(), DESCRIPTION)["by_scenario"]
    assert {name: each["num_utterances"] for name, each in by_scenario.items()} == {"improvised": 4, "scripted": 3}
    assert by_scenario["improvised"]["mean"]["wa"] == 0.5
    assert by_scenario["improvised"]["pooled"]["confusion"] == [[2, 2], [0, 0]]
    assert by_scenario["scripted"]["pooled"]["wa"] == by_scenario["scripted"]["mean"]["ua"] == 1
    assert "by_scenario" not in summarize_run(FOLDS, DESCRIPTION)


def test_the_scenarios_have_a_table_which_warns_of_scripted_lines():
    text = results_to_markdown(summarize_run(with_scenarios(), DESCRIPTION))
    assert "| scripted | 3 | 1.000 ± 0.000 | 1.000 ± 0.000 | 1.000 ± 0.000 | 1.000 | 1.000 |" in text
    assert "same lines in every session: a model that reads text has met those of the test part in training" in text
    assert "by scenario" not in results_to_markdown(summarize_run(FOLDS, DESCRIPTION))
    disjoint = DESCRIPTION | {"text_disjoint": True, "left_out": [5, 0]}
    text = results_to_markdown(summarize_run(with_scenarios(), disjoint))
    assert "word for word the same in the test part was kept out of training" in text and "has met" not in text


def test_what_was_left_out_of_the_folds_is_told():
    folds = [FOLDS[0] | {"sizes": FOLDS[0]["sizes"] | {"left_out": 5}}, FOLDS[1]]
    left_out = DESCRIPTION | {"left_out": [5, 0]}
    text = results_to_markdown(summarize_run(folds, left_out | {"text_disjoint": True}))
    assert "Text-disjoint: no text of a fold's test part" in text
    assert "Left out, fold by fold: 5, 0 utterances." in text
    assert "| 6 / 2 / 4 (5 left out) |" in text and "| 6 / 2 / 4 |" in text
    text = results_to_markdown(summarize_run(folds, left_out | {"text_disjoint": False}))
    assert "Left out, fold by fold: 5, 0 utterances." in text and "Text-disjoint" not in text
    assert "Left out" not in results_to_markdown(summarize_run(FOLDS, left_out | {"left_out": [0, 0]}))


def test_folds_of_a_file_are_told_with_the_protocol_that_the_file_names():
    description = DESCRIPTION | {"protocol": "theirs", "folds_file": "theirs.json"}
    text = results_to_markdown(summarize_run(FOLDS, description))
    assert "Protocol: theirs. Folds: 2, those of theirs.json, seed 0." in text
