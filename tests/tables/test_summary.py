"""tables.json and tables.md."""

import json
import re
from collections.abc import Mapping

import numpy as np
import pytest
from tables_input import ROWS, make_results, scores_of

from wise_hf.tables.paper_figures import FIGURES, SOURCES
from wise_hf.tables.presentation import parts_sentences, tables_to_markdown
from wise_hf.tables.summary import summarize_tables


def row_of(summary: Mapping, key: str, protocol: int = 0) -> dict:
    return next(row for row in summary["protocols"][protocol]["rows"] if row["key"] == key)


def lines_of(text: str, name: str) -> list[str]:
    """The lines of the tables that begin with a name."""
    return [line for line in text.splitlines() if line.startswith(f"| {name}")]


@pytest.fixture(scope="module")
def results() -> dict:
    return make_results()


@pytest.fixture(scope="module")
def summary(results: dict) -> dict:
    return summarize_tables(results)


def test_the_papers_figures_agree_with_what_its_text_says_of_them():
    gain = {name: FIGURES["wise"][name] - FIGURES["im_dmf"][name] for name in ("wa", "ua")}
    assert gain == {"wa": pytest.approx(0.03), "ua": pytest.approx(0.022)}  # "3% WA ... and 2.2% UA improvement"
    others = [FIGURES[key] for key in ("lstm_attention", "cnn_phoneme", "dual_rnn")]
    assert FIGURES["wise"]["wa"] - max(each["wa"] for each in others) == pytest.approx(0.02)  # "absolute 2% WA"
    assert FIGURES["wise"]["ua"] - max(each["ua"] for each in others) == pytest.approx(0.011)  # "1.1% UA increase"
    assert {key for key, _, tables, _, _ in ROWS if {"table_1", "table_2"} & set(tables)} == set(FIGURES)
    assert [source.mark for source in SOURCES] == ["WISE", "[2]", "[10]", "[24]"]


def test_a_row_has_its_folds_their_mean_and_the_pooled_scores(results, summary):
    run = next(run for run in results["runs"] if (run["protocol"], run["key"]) == ("session", "wise"))
    found = row_of(summary, "wise")["result"]
    ua = [fold["test"]["ua"] for fold in run["folds"]]
    assert [fold["ua"] for fold in found["folds"]] == ua and found["folds"][0]["sizes"]["test"] == 24
    assert found["mean"]["ua"] == pytest.approx(np.mean(ua)) and found["std"]["ua"] == pytest.approx(np.std(ua))
    predictions = {each: emotion for fold in run["folds"] for each, emotion in fold["predictions"].items()}
    expected = scores_of(predictions, results["truth"], results["emotions"])
    assert found["confusion"] == expected["confusion"] and found["utterances"] == 120
    for name in ("wa", "ua", "macro_f1"):
        assert found["pooled"][name] == pytest.approx(expected[name])
    low, high = found["interval"]["ua"]
    assert low < found["pooled"]["ua"] < high and found["seconds_per_fold"] == pytest.approx(42)


def test_wise_is_held_against_every_other_row_on_the_same_utterances(summary):
    wise, audio = row_of(summary, "wise"), row_of(summary, "audio")
    assert wise["wise_against_it"] is None
    difference = wise["result"]["pooled"]["ua"] - audio["result"]["pooled"]["ua"]
    assert audio["wise_against_it"]["ua_difference"] == pytest.approx(difference)
    assert row_of(summary, "audio", protocol=1)["wise_against_it"]["utterances"] == 84  # 70 % of 120


def test_the_summary_is_plain_json(summary):
    read_again = json.loads(json.dumps(summary, allow_nan=False))
    assert tables_to_markdown(read_again) == tables_to_markdown(summary)


def test_a_table_for_every_protocol_and_table_with_the_protocol_over_it(summary):
    text = tables_to_markdown(summary)
    for name in ("leave sessions out", "random utterances"):
        assert re.search(rf"^## Table 1: .*, {name}$", text, re.MULTILINE)
    assert text.count("Protocol: leave sessions out: no session is in training and test. 5 folds; 120 of 120") == 4
    assert (
        text.count("Protocol: random utterances: the same speakers are in training and test. 5 folds; 84 of 120") == 4
    )
    assert len(lines_of(text, "WISE |")) == 4 and len(lines_of(text, "WISE (GRU)")) == 2
    assert all(line.endswith("| 0.737 | 0.753 |") for line in lines_of(text, "Dual RNNs [2]"))
    assert "| 641,234 | 42 s |" in lines_of(text, "WISE with Bi-LSTM")[0]
    assert "precision" in text and "leaves `excited` out" in text and "similar to the setting in [2, 24]" in text


def test_all_lines_of_a_table_have_as_many_cells():
    text = tables_to_markdown(
        summarize_tables(make_results(seeds=(0, 1), missing=[("session", "audio"), ("random", "wise")]))
    )
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_what_was_not_run_is_called_so():
    results = make_results(missing=[("session", "cnn_phoneme"), ("session", "svm")])
    cut = next(run for run in results["runs"] if run["key"] == "text")
    cut["folds"] = cut["folds"][:2]
    summary = summarize_tables(results)
    text = tables_to_markdown(summary)
    assert lines_of(text, "CNN+Phoneme")[0].startswith("| CNN+Phoneme [24]: not run yet | – | –")
    assert lines_of(text, "CNN+Phoneme")[0].endswith("| 0.739 | 0.685 |")
    assert "Text only (2 of 5 folds so far)" in text and text.count("so far") == 1
    assert row_of(summary, "text")["wise_against_it"]["utterances"] == 48
    assert row_of(summary, "svm")["result"] is None and row_of(summary, "svm", 1)["result"] is not None


def test_nothing_is_compared_where_wise_was_not_run():
    summary = summarize_tables(make_results(missing=[("session", "wise")]))
    assert row_of(summary, "audio")["wise_against_it"] is None and row_of(summary, "audio")["result"] is not None


def test_a_protocol_without_any_run():
    results = make_results(protocols=("session",)) | {"protocols": ["session", "speaker"]}
    text = tables_to_markdown(summarize_tables(results))
    assert "no speaker is in training and test. Nothing was run under it yet." in text


def test_several_seeds_are_averaged_and_their_range_is_told():
    results = make_results(seeds=(0, 1, 2), protocols=("session",))
    summary = summarize_tables(results)
    found = row_of(summary, "wise")["result"]
    by_seed = [each["ua"] for each in found["by_seed"]]
    assert found["pooled"]["ua"] == pytest.approx(np.mean(by_seed)) and len(found["folds"]) == 15
    assert np.sum(found["confusion"]) == 3 * 120
    assert len(row_of(summary, "audio")["wise_against_it"]["mcnemar_p_by_seed"]) == 3
    text = tables_to_markdown(summary)
    assert f"{min(by_seed):.3f}–{max(by_seed):.3f}" in lines_of(text, "WISE |")[0]
    assert "Seeds: 0, 1, 2." in text and "twice the mean of the p-values" in text


def test_a_seed_that_lacks_a_row_is_not_compared():
    results = make_results(seeds=(0, 1), protocols=("session",))
    results["runs"] = [run for run in results["runs"] if (run["key"], run["seed"]) != ("audio", 1)]
    summary = summarize_tables(results)
    assert len(row_of(summary, "audio")["wise_against_it"]["mcnemar_p_by_seed"]) == 1
    assert "Audio only (5 of 10 folds so far)" in tables_to_markdown(summary)


@pytest.mark.parametrize(
    ("corpus", "num_utterances", "told"),
    [
        ("calls", 120, "not comparable with ours, which are of another corpus"),
        ("IEMOCAP", 120, "not comparable with ours, which are of another selection"),
        ("IEMOCAP", 5531, "as ours are; its folds are not known"),
    ],
)
def test_whether_the_papers_figures_are_comparable_is_told(results, corpus, num_utterances, told):
    summary = summarize_tables({**results, "corpus": corpus, "num_utterances": num_utterances})
    assert told in tables_to_markdown(summary) and summary["paper_comparable"] == (num_utterances == 5531)


def test_what_each_part_of_wise_brings_is_told_under_the_table_of_the_variants(summary):
    text = tables_to_markdown(summary)
    assert text.count("What each part brings, in pooled UA:") == 2
    against = row_of(summary, "im_dmf")["wise_against_it"]
    low, high = (f"{bound:+.3f}".replace("-", "−") for bound in against["ua_interval"])
    assert f"- Hierarchy (HR) (WISE − IM+DMF): {against['ua_difference']:+.3f} [{low}, {high}]; the interval" in text
    assert [line.partition(" (WISE")[0] for line in parts_sentences(summary["protocols"][0], "table_2")] == [
        "Hierarchy (HR)",
        "Interaction (IM)",
        "Attention (DMF)",
        "Phoneme level (HR)",
    ]
    assert parts_sentences(summary["protocols"][0], "table_1") == []


@pytest.mark.parametrize(
    ("interval", "told"), [([0.01, 0.03], "is above 0"), ([-0.03, -0.01], "is below 0"), ([-0.01, 0.03], "includes 0")]
)
def test_whether_a_part_brings_anything_is_told_by_the_interval(interval, told):
    against = {"ua_difference": 0.02, "ua_interval": interval}
    row = {"name": "IM+HR", "tables": ["table_2"], "without": "Attention (DMF)", "wise_against_it": against}
    (sentence,) = parts_sentences({"rows": [row]}, "table_2")
    assert sentence.endswith(f"; the interval {told}.")


def test_nothing_is_told_of_parts_whose_rows_were_not_run():
    summary = summarize_tables(make_results(protocols=("session",), missing=[("session", "wise")]))
    assert "What each part brings" not in tables_to_markdown(summary)


def test_which_rows_read_which_frames_is_told(summary):
    text = tables_to_markdown(summary)
    assert "no frames: Text only; features of their own: LSTM+Attn [10], CNN+Phoneme [24], Dual RNNs [2]." in text
    assert "Seed: 0. Frames: MFCC. Word vectors:" in text
    assert "What the rows read of the audio. MFCC: Audio only, IM+DMF, HR+DMF, IM+HR, IM+DMF+HR-, WISE," in text


def test_how_the_rows_were_trained_is_told_by_what_differs(summary):
    text = tables_to_markdown(summary)
    assert "- WISE: epochs=40, batch_size=32, group_by_length=False, optimizer=adam" in text and "augment=none" in text
    assert "- Dual RNNs [2]: epochs=60." in text and "- Audio only: as WISE." in text and "- SVM:" not in text
