"""What tables.md and report.html show of a summary: cells and sentences; and tables.md itself."""

from collections.abc import Mapping
from pathlib import Path

from wise_hf.tables.paper_figures import CORPUS, EMOTIONS, SOURCES, UNITS_NOTE, UTTERANCES
from wise_hf.tables.summary import OURS
from wise_hf.training.intervals import RESAMPLES
from wise_hf.training.results import load_template


TABLES = {
    "table_1": "Table 1: WISE and other systems",
    "table_2": "Table 2: variants of WISE",
    "units": "Recurrent units of the hierarchy",
    "more": "More rows",
}
NOT_RUN = "not run yet"
_NOTHING = ("–", "")

Cell = tuple[str, str]  # what is read first, and what is added in small print


def tables_to_markdown(summary: Mapping) -> str:
    """The tables as a person reads them.

    Args:
        summary: of `wise_hf.tables.summary.summarize_tables`.
    """
    sentences = (setup, comparability, short_words, protocol_line, parts_sentences, notes, recipe_sentences)
    names = {each.__name__: each for each in (*sentences, shown_tables, columns_of, rows_of)}
    template = load_template(Path(__file__).with_name("tables.md.jinja"), **names, not_run=NOT_RUN, sources=SOURCES)
    return template.render(summary=summary)


def shown_tables(protocol: Mapping) -> dict[str, str]:
    """The titles of the tables that a protocol has rows for."""
    used = {table for row in protocol["rows"] for table in row["tables"]}
    return {table: title for table, title in TABLES.items() if table in used}


def rows_of(summary: Mapping, protocol: Mapping, table: str) -> list[dict]:
    """A table as it is shown.

    Args:
        summary: of `wise_hf.tables.summary.summarize_tables`.
        protocol: one of its protocols.
        table: one of `TABLES`.

    Returns:
        For every row of the table its `key`, its `name`, whether it was `run`, and its `cells`: for every column of
        `columns_of` what is read first and what is added in small print.
    """
    columns = columns_of(summary, table)
    return [
        {
            "key": row["key"],
            "name": _name_cell(summary, protocol, row, table),
            "run": row["result"] is not None,
            "cells": [_cells(row).get(column, _NOTHING) for column in columns],
        }
        for row in protocol["rows"]
        if table in row["tables"]
    ]


def columns_of(summary: Mapping, table: str) -> list[str]:
    """The columns of a table beside the first, the system's name; `summary` and `table` as in `rows_of`."""
    columns = ["WA", "UA", "pooled WA", "pooled UA", "WISE − row, UA", "McNemar p (WA)"]
    if len(summary["seeds"]) > 1:
        columns.insert(4, "seeds' UA")
    if table == "units":
        return ["parameters", "time of a fold", *columns]
    return columns if table == "more" else [*columns, "paper's WA", "paper's UA"]


def _name_cell(summary: Mapping, protocol: Mapping, row: Mapping, table: str) -> Cell:
    name = f"{row['name']} (GRU)" if table == "units" and row["key"] == OURS else row["name"]
    done = len(row["result"]["folds"]) if row["result"] else 0
    expected = protocol["num_folds"] * len(summary["seeds"])
    return name, f"({done} of {expected} folds so far)" if 0 < done < expected else ""


def _cells(row: Mapping) -> dict[str, Cell]:
    """What is known of a row, by column."""
    cells: dict[str, Cell] = {}
    if row["parameters"] is not None:
        cells["parameters"] = f"{row['parameters']:,}", ""
    if result := row["result"]:
        cells["time of a fold"] = _duration(result["seconds_per_fold"]), ""
        for score in ("wa", "ua"):
            low, high = result["interval"][score]
            cells[score.upper()] = f"{result['mean'][score]:.3f}", f"± {result['std'][score]:.3f}"
            cells[f"pooled {score.upper()}"] = f"{result['pooled'][score]:.3f}", f"[{low:.3f}, {high:.3f}]"
        of_seeds = [each["ua"] for each in result["by_seed"]]
        cells["seeds' UA"] = f"{min(of_seeds):.3f}–{max(of_seeds):.3f}", ""
    if against := row["wise_against_it"]:
        low, high = map(_signed, against["ua_interval"])
        cells["WISE − row, UA"] = _signed(against["ua_difference"]), f"[{low}, {high}]"
        p_value = against["mcnemar_p"]
        cells["McNemar p (WA)"] = "< 0.001" if p_value < 0.001 else f"{p_value:.3f}", ""
    for score, value in (row["paper"] or {}).items():
        cells[f"paper's {score.upper()}"] = f"{value:.3f}", ""
    return cells


def _signed(value: float) -> str:
    rounded = round(value, 3)
    return f"{rounded:+.3f}".replace("-", "−") if rounded else "0.000"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def setup(summary: Mapping) -> str:
    """What corpus this is, in a sentence or two."""
    seeds = f"Seed{'s' * (len(summary['seeds']) > 1)}: {', '.join(map(str, summary['seeds']))}"
    vectors = summary["word_vectors"]
    learnt = "learnt from the training part" if vectors == "learnt" else vectors
    counted = f"{summary['num_utterances']:,} utterances"
    counted += f" ({summary['num_skipped']:,} passed over)" if summary["num_skipped"] else ""
    epochs = summary["trial_epochs"]
    trial = f" A TRIAL WITH --epochs {epochs} FOR EVERY ROW: THESE ARE NO RESULTS." if epochs else ""
    return (
        f"Corpus: {summary['corpus']}, {counted}, {len(summary['emotions'])} emotions "
        f"({', '.join(summary['emotions'])}). {seeds}. Frames: {_frames_of_wise(summary)}. "
        f"Word vectors: {learnt}.{trial}"
    )


def _frames_of_wise(summary: Mapping) -> str:
    return next(row["frames"] for row in summary["protocols"][0]["rows"] if row["key"] == OURS)


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


def parts_sentences(protocol: Mapping, table: str) -> list[str]:
    """What each part of WISE brings, by the rows of a table that lack nothing but that part.

    Args:
        protocol: one of the protocols of a summary.
        table: one of `TABLES`.
    """
    rows = [row for row in protocol["rows"] if table in row["tables"] and row["without"]]
    return [_part_sentence(row) for row in rows if row["wise_against_it"]]


def _part_sentence(row: Mapping) -> str:
    against = row["wise_against_it"]
    low, high = against["ua_interval"]
    where = "is above 0" if low > 0 else "is below 0" if high < 0 else "includes 0"
    told = f"{_signed(against['ua_difference'])} [{_signed(low)}, {_signed(high)}]"
    return f"{row['without']} (WISE − {row['name']}): {told}; the interval {where}."


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
        _frames_note(summary),
        UNITS_NOTE,
        "Time of a fold: its epochs with their validation, measured beside whatever else ran on the machine; compare "
        "rows that ran together.",
        "WISE's rows train by the recipe of this package (augmentation, steady start, label smoothing, ...; the whole "
        "was put together on RAVDESS), unless --recipe paper is given. The compared systems train by their own plain "
        "ones: a difference to WISE is one of model and recipe together.",
    ]


def _frames_note(summary: Mapping) -> str:
    """Which rows read which frames."""
    readers: dict[str, list[str]] = {}
    for row in summary["protocols"][0]["rows"]:
        readers.setdefault(row["frames"], []).append(row["name"])
    told = "; ".join(f"{frames}: {', '.join(names)}" for frames, names in readers.items())
    return (
        f"What the rows read of the audio. {told}. A difference between rows that read different things is one of "
        "these as well."
    )


def recipe_sentences(summary: Mapping) -> list[str]:
    """WISE's recipe, and in what the other rows' differ from it."""
    rows = summary["protocols"][0]["rows"]
    recipes = {row["key"]: {name: _value(value) for name, value in row["recipe"].items()} for row in rows}
    usual = recipes.get(OURS, {})
    sentences = [f"WISE: {_values(usual)}."] if usual else []
    for row in rows:
        own = recipes[row["key"]]
        changed = {name: value for name, value in own.items() if usual.get(name) != value}
        if own and row["key"] != OURS:  # an SVM has no recipe
            # A system with a model of its own tells the whole of what its training reads.
            told = changed if own.keys() == usual.keys() else own
            sentences.append(f"{row['name']}: {_values(told) or 'as WISE'}.")
    return sentences


def _values(recipe: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in recipe.items())


def _value(value: object) -> str:
    return "+".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)
