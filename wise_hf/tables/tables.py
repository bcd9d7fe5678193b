"""The paper's two tables, run here: tables.json and tables.md."""

from collections.abc import Mapping, Sequence

import numpy as np

from wise_hf.tables.paper_figures import CORPUS, EMOTIONS, FIGURES, SOURCES, UNITS_NOTE, UTTERANCES
from wise_hf.tables.statistics import RESAMPLES, bootstrap_intervals, compare, confusion_of, pooled_scores
from wise_hf.training.results import PROTOCOLS


TABLES = {
    "table_1": "Table 1: WISE and other systems",
    "table_2": "Table 2: variants of WISE",
    "units": "Recurrent units of the hierarchy",
    "more": "More rows",
}
OURS = "wise"  # the row that the others are compared with
NOT_RUN = "not run yet"
_NOTHING = ("–", "")

Cell = tuple[str, str]  # what is read first, and what is added in small print


def summarize(results: Mapping) -> dict:
    """
    The whole of tables.json.

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
        **{name: row[name] for name in ("key", "name", "tables", "recipe")},
        "parameters": _parameters(mine),
        "paper": FIGURES.get(row["key"]),
        "result": _summarize_runs(results, mine) if mine else None,
        "wise_against_it": None if row["key"] == OURS else _against(results["truth"], wises, mine),
    }


def _parameters(runs: Mapping[int, Sequence[Mapping]]) -> int | None:
    """Of the first fold: where word vectors are learnt, they are as many as its training part has words."""
    return next((fold.get("parameters") for folds in runs.values() for fold in folds), None)


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


def rows_of(summary: Mapping, protocol: Mapping, table: str) -> list[dict]:
    """
    A table as it is shown.

    Args:
        summary: of `summarize`.
        protocol: one of its protocols.
        table: one of `TABLES`.

    Returns:
        For every row of the table its `key`, its `name`, whether it was `run`, and its `cells`: for every column of
        `columns_of` what is read first and what is added in small print.
    """
    shown = [row for row in protocol["rows"] if table in row["tables"]]
    return [
        {
            "key": row["key"],
            "name": _name_cell(summary, protocol, row, table),
            "run": row["result"] is not None,
            "cells": list(_cells(summary, row, table).values()),
        }
        for row in shown
    ]


def columns_of(summary: Mapping, table: str) -> list[str]:
    """The columns of a table beside the first, the system's name; `summary` and `table` as in `rows_of`."""
    any_row = summary["protocols"][0]["rows"][0]
    return list(_cells(summary, any_row, table))


def _name_cell(summary: Mapping, protocol: Mapping, row: Mapping, table: str) -> Cell:
    name = f"{row['name']} (GRU)" if table == "units" and row["key"] == OURS else row["name"]
    done = len(row["result"]["folds"]) if row["result"] else 0
    expected = protocol["num_folds"] * len(summary["seeds"])
    return name, f"({done} of {expected} folds so far)" if 0 < done < expected else ""


def _cells(summary: Mapping, row: Mapping, table: str) -> dict[str, Cell]:
    """The cells of a row by their column."""
    result, against, paper = row["result"], row["wise_against_it"], row["paper"]
    cells: dict[str, Cell] = {}
    if table == "units":
        cells["parameters"] = (f"{row['parameters']:,}", "") if row["parameters"] is not None else _NOTHING
        cells["time of a fold"] = (_duration(result["seconds_per_fold"]), "") if result else _NOTHING
    for score in ("wa", "ua"):
        mean = (f"{result['mean'][score]:.3f}", f"± {result['std'][score]:.3f}") if result else _NOTHING
        cells[score.upper()] = mean
    for score in ("wa", "ua"):
        pooled = (f"{result['pooled'][score]:.3f}", _interval(result["interval"][score])) if result else _NOTHING
        cells[f"pooled {score.upper()}"] = pooled
    if len(summary["seeds"]) > 1:
        cells["seeds' UA"] = _range([each["ua"] for each in result["by_seed"]]) if result else _NOTHING
    cells["WISE − row, UA"] = _difference(against) if against else _NOTHING
    cells["McNemar p (WA)"] = (_p_value(against["mcnemar_p"]), "") if against else _NOTHING
    if table in ("table_1", "table_2"):
        for score in ("wa", "ua"):
            cells[f"paper's {score.upper()}"] = (f"{paper[score]:.3f}", "") if paper else _NOTHING
    return cells


def _range(values: Sequence[float]) -> Cell:
    return f"{min(values):.3f}–{max(values):.3f}", ""


def _difference(against: Mapping) -> Cell:
    low, high = against["ua_interval"]
    return _signed(against["ua_difference"]), f"[{_signed(low)}, {_signed(high)}]"


def _signed(value: float) -> str:
    rounded = round(value, 3)
    return f"{rounded:+.3f}".replace("-", "−") if rounded else "0.000"


def _interval(bounds: Sequence[float]) -> str:
    return f"[{bounds[0]:.3f}, {bounds[1]:.3f}]"


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def to_markdown(summary: Mapping) -> str:
    """
    The tables as a person reads them.

    Args:
        summary: of `summarize`.
    """
    lines = [f"# Tables 1 and 2 of the WISE paper on {summary['corpus']}", "", setup(summary)]
    lines += ["", f"**{comparability(summary)}**", ""]
    for protocol in summary["protocols"]:
        for table, title in TABLES.items():
            if any(table in row["tables"] for row in protocol["rows"]):
                lines += [f"## {title}, {short_words(protocol)}", "", *_markdown_table(summary, protocol, table), ""]
    lines += ["## Footnotes", "", *(f"- {note}" for note in notes(summary))]
    lines += [f"- {source.mark}: {source.citation}, https://doi.org/{source.doi}. {source.note}" for source in SOURCES]
    recipes = recipe_lines(summary)
    return "\n".join(lines + (["", "## How the rows were trained", "", *recipes] if recipes else [])) + "\n"


def _markdown_table(summary: Mapping, protocol: Mapping, table: str) -> list[str]:
    columns = ["System", *columns_of(summary, table)]
    lines = [protocol_line(summary, protocol), ""]
    lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for row in rows_of(summary, protocol, table):
        name, *cells = [" ".join(filter(None, cell)) for cell in (row["name"], *row["cells"])]
        told = name if row["run"] else f"{name}: {NOT_RUN}"
        lines.append(f"| {' | '.join([told, *cells])} |")
    return lines


def setup(summary: Mapping) -> str:
    """What corpus this is, in a sentence or two."""
    seeds = f"Seed{'s' * (len(summary['seeds']) > 1)}: {', '.join(map(str, summary['seeds']))}"
    vectors = summary["word_vectors"]
    learnt = "learnt from the training part" if vectors == "learnt" else vectors
    counted = f"{summary['num_utterances']:,} utterances"
    counted += f" ({summary['num_skipped']:,} passed over)" if summary["num_skipped"] else ""
    return (
        f"Corpus: {summary['corpus']}, {counted}, {len(summary['emotions'])} emotions "
        f"({', '.join(summary['emotions'])}). {seeds}. Word vectors: {learnt}.{_trial(summary)}"
    )


def _trial(summary: Mapping) -> str:
    epochs = summary["trial_epochs"]
    return f" A TRIAL WITH --epochs {epochs} FOR EVERY ROW: THESE ARE NO RESULTS." if epochs else ""


def comparability(summary: Mapping) -> str:
    """Whether the paper's figures can be held against ours."""
    theirs = f"The paper's figures are of IEMOCAP ({UTTERANCES:,} utterances, {len(EMOTIONS)} emotions)"
    if summary["paper_comparable"]:
        return f"{theirs}, as ours are; its folds are not known (see the footnotes)."
    other = "another selection of utterances" if summary["corpus"] == CORPUS else "another corpus"
    return f"{theirs}: they are not comparable with ours, which are of {other}."


def short_words(protocol: Mapping) -> str:
    """The protocol's words up to their colon."""
    return protocol["words"].partition(":")[0]


def protocol_line(summary: Mapping, protocol: Mapping) -> str:
    """The protocol in words, with its number of folds and of tested utterances."""
    line = f"Protocol: {protocol['words']}."
    if not protocol["num_folds"]:
        return f"{line} Nothing was run under it yet."
    tested = max(row["result"]["utterances"] for row in protocol["rows"] if row["result"])
    folds = f"{protocol['num_folds']} fold{'s' * (protocol['num_folds'] > 1)}"
    return f"{line} {folds}; {tested:,} of {summary['num_utterances']:,} utterances tested."


def notes(summary: Mapping) -> list[str]:
    """What the columns are."""
    several = len(summary["seeds"]) > 1
    return [
        "WA is the accuracy, UA the mean recall of the emotions: mean ± standard deviation over the folds"
        f"{' of all seeds' * several}.",
        "Pooled: the tested utterances of all folds together"
        f"{', averaged over the seeds' * several}. In brackets the 95 % interval of {RESAMPLES:,} bootstrap resamples "
        "of utterances. It does not know that utterances of a speaker are alike, nor what other seeds would give.",
        *(["Seeds' UA: the lowest and the highest pooled UA of a seed."] * several),
        "WISE − row: pooled UA of WISE minus that of the row on the utterances that both tested, with the interval of "
        "a paired bootstrap; above 0 WISE is the better one.",
        "McNemar p (WA): exact test on the same utterances, of whether WISE and the row are right equally often"
        f"{' (twice the mean of the p-values of the seeds)' * several}; not corrected for the number of rows.",
        UNITS_NOTE,
        "Time of a fold: its epochs with their validation, measured beside whatever else ran on the machine; compare "
        "rows that ran together.",
        "WISE's rows train by the recipe of this package (augmentation, steady start, label smoothing, ...; the whole "
        "was put together on RAVDESS), unless --recipe paper is given. The compared systems train by their own plain "
        "ones: a difference to WISE is one of model and recipe together.",
    ]


def recipe_lines(summary: Mapping) -> list[str]:
    """WISE's recipe, and in what the other rows' differ from it, as the lines of a list."""
    rows = summary["protocols"][0]["rows"]
    recipes = {row["key"]: {name: _value(value) for name, value in row["recipe"].items()} for row in rows}
    usual = recipes.get(OURS, {})
    lines = [f"- WISE: {_values(usual)}."] if usual else []
    for row in rows:
        own = recipes[row["key"]]
        changed = {name: value for name, value in own.items() if usual.get(name) != value}
        if own and row["key"] != OURS:  # an SVM has no recipe
            # A system with a model of its own tells the whole of what its training reads.
            told = changed if own.keys() == usual.keys() else own
            lines.append(f"- {row['name']}: {_values(told) or 'as WISE'}.")
    return lines


def _values(recipe: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in recipe.items())


def _value(value: object) -> str:
    return "+".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)
