"""The paper's two tables, run here: tables.json."""

from collections.abc import Mapping, Sequence

import numpy as np

from wise_hf.tables.paper_figures import CORPUS, EMOTIONS, FIGURES, UTTERANCES
from wise_hf.tables.statistics import bootstrap_intervals, compare, confusion_of, pooled_scores
from wise_hf.training.results import PROTOCOLS


OURS = "wise"  # the row that the others are compared with


def summarize_tables(results: Mapping) -> dict:
    """The whole of tables.json.

    Args:
        results: `corpus`, `emotions`, `num_utterances`, `seeds`, `word_vectors`, `protocols`, `truth`, `rows` and
            `runs`; a row may lack some of its runs, a run some of its folds.

    Returns:
        What was run, and under `protocols` for each of them its `rows`: `result` is `None` where nothing was run yet,
        else the scores of every fold, their mean and deviation, the pooled scores with their intervals, the confusion
        counts, and WISE against the row on the same utterances (`None` for WISE itself and where it was not run).
    """
    described = ("corpus", "emotions", "num_utterances", "seeds", "word_vectors")
    return {
        **{name: results[name] for name in described},
        "trial_epochs": results.get("trial_epochs"),
        "num_skipped": results.get("num_skipped", 0),
        "paper_comparable": _is_the_papers_corpus(results),
        "protocols": [_summarize_protocol(results, protocol) for protocol in results["protocols"]],
    }


def _is_the_papers_corpus(results: Mapping) -> bool:
    same_classes = sorted(results["emotions"]) == sorted(EMOTIONS)
    return results["corpus"] == CORPUS and same_classes and results["num_utterances"] == UTTERANCES


def _summarize_protocol(results: Mapping, protocol: str) -> dict:
    runs = {row["key"]: {} for row in results["rows"]}
    for run in results["runs"]:
        if run["protocol"] == protocol and run["folds"]:
            runs[run["key"]][run["seed"]] = run["folds"]
    num_folds = max((len(folds) for by_seed in runs.values() for folds in by_seed.values()), default=0)
    rows = [_summarize_row(results, row, runs) for row in results["rows"]]
    return {"protocol": protocol, "words": PROTOCOLS.get(protocol, protocol), "num_folds": num_folds, "rows": rows}


def _summarize_row(results: Mapping, row: Mapping, runs: Mapping[str, Mapping[int, Sequence[Mapping]]]) -> dict:
    mine, wises = runs[row["key"]], runs.get(OURS, {})
    return {
        **{name: row[name] for name in ("key", "name", "tables", "recipe", "frames", "without")},
        # Of the first fold: where word vectors are learnt, they are as many as its training part has words.
        "parameters": next((fold.get("parameters") for folds in mine.values() for fold in folds), None),
        "paper": FIGURES.get(row["key"]),
        "result": _summarize_runs(results, mine) if mine else None,
        "wise_against_it": None if row["key"] == OURS else _against(results["truth"], wises, mine),
    }


def _summarize_runs(results: Mapping, runs: Mapping[int, Sequence[Mapping]]) -> dict:
    """The scores of a row's runs, by seed."""
    truth, emotions = results["truth"], results["emotions"]
    predictions = {seed: _predictions(folds) for seed, folds in runs.items()}
    every = list(predictions.values())
    folds = [{"seed": seed} | _scores_of_fold(fold) for seed, folds in runs.items() for fold in folds]
    confusion = np.sum([confusion_of(truth, predicted, emotions) for predicted in every], axis=0)
    return {
        "folds": folds,
        "mean": {name: float(np.mean([fold[name] for fold in folds])) for name in ("wa", "ua")},
        "std": {name: float(np.std([fold[name] for fold in folds])) for name in ("wa", "ua")},
        "pooled": pooled_scores(truth, every, emotions),
        "interval": bootstrap_intervals(truth, every),
        "by_seed": [{"seed": seed} | pooled_scores(truth, [its], emotions) for seed, its in predictions.items()],
        "utterances": len(set().union(*every)),
        "confusion": confusion.tolist(),
        "seconds_per_fold": float(np.mean([fold["seconds"] for fold in folds])),
    }


def _scores_of_fold(fold: Mapping) -> dict:
    scores = {name: fold["test"][name] for name in ("wa", "ua")}
    return {name: fold[name] for name in ("name", "sizes", "epoch", "seconds")} | scores


def _predictions(folds: Sequence[Mapping]) -> dict[str, str]:
    return {utterance: emotion for fold in folds for utterance, emotion in fold["predictions"].items()}


def _against(truth: Mapping[str, str], ours: Mapping[int, Sequence], theirs: Mapping[int, Sequence]) -> dict | None:
    """WISE against a row, with the seeds that have tested some utterance with both."""
    pairs = [(_predictions(ours[seed]), _predictions(theirs[seed])) for seed in ours if seed in theirs]
    pairs = [(mine, other) for mine, other in pairs if mine.keys() & other.keys()]
    return compare(truth, [mine for mine, _ in pairs], [other for _, other in pairs]) if pairs else None
