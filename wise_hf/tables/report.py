"""The tables as one self-contained page: report.html."""

from collections.abc import Mapping, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path

import numpy as np

from wise_hf.data.files import write_text
from wise_hf.model.visualization import emotion_color
from wise_hf.tables import presentation
from wise_hf.tables.paper_figures import SOURCES
from wise_hf.tables.summary import OURS
from wise_hf.training.pictures import Curve, curves_of, mean_curve
from wise_hf.training.results import load_template


MAX_EXAMPLES = 12  # of a protocol
# Where a learning curve's first and last epoch are, and its lowest and highest UA, in the units of its viewBox.
_X, _Y = (28, 234), (112, 8)


def write_report(results: Mapping, summary: Mapping, path: Path) -> None:
    """Write the page; it loads nothing from elsewhere.

    Args:
        results, summary: what `wise_hf.tables.summary.summarize_tables` takes and gives.
        path: the file.

    Raises:
        ValueError: where it cannot be written.
    """
    template = load_template(Path(__file__).with_name("report.html.jinja"), True, emotion_color=emotion_color)
    write_text(path, template.render(view(results, summary)))


def view(results: Mapping, summary: Mapping) -> dict:
    """Everything that the template shows; arguments as in `write_report`."""
    return {
        "summary": summary,
        "setup": presentation.setup(summary),
        "comparability": presentation.comparability(summary),
        "not_run": presentation.NOT_RUN,
        "chance": 1 / len(summary["emotions"]),
        "overview": overview(summary),
        "protocols": [_view_of_protocol(results, summary, protocol) for protocol in summary["protocols"]],
        "notes": presentation.notes(summary),
        "sources": SOURCES,
        "recipes": presentation.recipe_sentences(summary),
    }


def overview(summary: Mapping) -> list[dict]:
    """The bars of UA: a group for each table with the rows that no earlier group has, a bar for each protocol.

    Args:
        summary: of `wise_hf.tables.summary.summarize_tables`.
    """
    groups = []
    for table, title in presentation.TABLES.items():
        indices = [i for i, row in enumerate(summary["protocols"][0]["rows"]) if row["tables"][0] == table]
        rows = [[protocol["rows"][index] for protocol in summary["protocols"]] for index in indices]
        bars = [{"key": row[0]["key"], "name": row[0]["name"], "bars": _bars(summary, row)} for row in rows]
        groups += [{"title": title, "rows": bars}] if bars else []
    return groups


def _bars(summary: Mapping, rows: Sequence[Mapping]) -> list[dict]:
    """A row's bars, one for each protocol; `ua` is `None` where it was not run."""
    bars = []
    for protocol, row in zip(summary["protocols"], rows, strict=True):
        bar = {"protocol": presentation.short_words(protocol), "ua": None}
        if row["result"]:
            low, high = row["result"]["interval"]["ua"]
            bar |= {"ua": row["result"]["pooled"]["ua"], "low": low, "high": high}
        paper = row["paper"]["ua"] if summary["paper_comparable"] and row["paper"] else None
        bars.append(bar | {"paper": paper})
    return bars


def _view_of_protocol(results: Mapping, summary: Mapping, protocol: Mapping) -> dict:
    tables = [
        {
            "title": title,
            "columns": presentation.columns_of(summary, table),
            "rows": presentation.rows_of(summary, protocol, table),
            "parts": presentation.parts_sentences(protocol, table),
        }
        for table, title in presentation.shown_tables(protocol).items()
    ]
    runs = [run for run in results["runs"] if run["protocol"] == protocol["protocol"]]
    return {
        "id": f"protocol-{protocol['protocol']}",
        "title": presentation.short_words(protocol),
        "line": presentation.protocol_line(summary, protocol),
        "tables": tables,
        "confusions": [_confusion(row, summary["emotions"]) for row in protocol["rows"] if row["result"]],
        "curves": curves(runs, protocol["rows"]),
        "examples": examples(runs),
        "fold_table": _fold_table(protocol),
    }


def _confusion(row: Mapping, emotions: Sequence[str]) -> dict:
    lines = []
    for emotion, counts in zip(emotions, row["result"]["confusion"], strict=True):
        shares = [count / max(sum(counts), 1) for count in counts]
        lines.append({"emotion": emotion, "cells": list(zip(counts, shares, strict=True))})
    return {"name": row["name"], "ua": row["result"]["pooled"]["ua"], "lines": lines}


def curves(runs: Sequence[Mapping], rows: Sequence[Mapping]) -> dict:
    """Learning curves of a protocol: the UA on the validation part by epoch, in the coordinates of the pictures.

    Args:
        runs: those of the protocol, as in the results.
        rows: the protocol's rows, in their order.

    Returns:
        `panels`, one for each row that learns by epochs, all with the same `ticks` of UA.
    """
    folds = {row["name"]: [fold for run in runs if run["key"] == row["key"] for fold in run["folds"]] for row in rows}
    histories = {name: curves_of(its, "history", "ua") for name, its in folds.items()}
    values = [ua for curves in histories.values() for curve in curves for _, ua in curve]
    if not values:
        return {"panels": [], "ticks": []}
    low, high = int(min(values) * 10) / 10, min(1.0, int(max(values) * 10 + 1) / 10)
    ticks = [
        {"label": f"{ua:.2g}", "y": float(np.interp(ua, (low, high), _Y))} for ua in (low, (low + high) / 2, high)
    ]
    return {"panels": [_panel(name, its, (low, high)) for name, its in histories.items() if its], "ticks": ticks}


def _panel(name: str, histories: Sequence[Curve], ua_range: tuple[float, float]) -> dict:
    """The lines of a row; the mean goes as far as every fold does, for it would jump where one ends."""
    first = min(history[0][0] for history in histories)
    last = max(history[-1][0] for history in histories)
    mean = mean_curve(histories)

    def line(curve: Curve) -> str:
        epochs, ua = zip(*curve, strict=True)
        places = zip(np.interp(epochs, (first, max(last, first + 1)), _X), np.interp(ua, ua_range, _Y), strict=True)
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)

    best = max(ua for _, ua in mean)
    told = f"{name}: UA on the validation part by epoch, {len(histories)} folds; their mean is {best:.3f} at its best."
    folds = [line(history) for history in histories]
    return {"name": name, "told": told, "folds": folds, "mean": line(mean), "first": first, "last": last}


def examples(runs: Sequence[Mapping]) -> list[dict]:
    """Sentences with WISE's attention, in turn from every fold.

    Args:
        runs: those of a protocol, as in the results.

    Returns:
        At most `MAX_EXAMPLES`, each with `fold`, `emotion`, `predicted`, `words` (`word`, `attention`, and `strength`,
        the attention as a share of the sentence's highest) and `told`, the word with the highest.
    """
    of_folds = [
        [example | {"fold": fold["name"]} for example in fold.get("examples", [])]
        for run in runs
        for fold in run["folds"]
        if run["key"] == OURS
    ]
    in_turn = filter(None, chain.from_iterable(zip_longest(*of_folds)))
    return [_example(each) for each in islice(in_turn, MAX_EXAMPLES) if each["words"]]


def _example(example: Mapping) -> dict:
    top = max(example["words"], key=lambda word: word["attention"])
    words = [word | {"strength": word["attention"] / max(top["attention"], 1e-9)} for word in example["words"]]
    return {**example, "words": words, "told": f"most on “{top['word']}”, {100 * top['attention']:.0f} %"}


def _fold_table(protocol: Mapping) -> dict:
    """UA of every fold of every row."""
    columns: dict[tuple, str] = {}
    for row in protocol["rows"]:
        for fold in row["result"]["folds"] if row["result"] else []:
            columns[fold["seed"], fold["name"]] = f"{fold['name']}, seed {fold['seed']}"
    rows = []
    for row in protocol["rows"]:
        folds = row["result"]["folds"] if row["result"] else []
        ua = {(fold["seed"], fold["name"]): f"{fold['ua']:.3f}" for fold in folds}
        size = "–" if row["parameters"] is None else f"{row['parameters']:,}"
        rows.append({"name": row["name"], "parameters": size, "cells": [ua.get(column, "–") for column in columns]})
    return {"columns": list(columns.values()), "rows": rows}
