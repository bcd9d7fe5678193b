"""From the options of scripts/reproduce_tables.py to the tables."""

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from accelerate import Accelerator
from datasets import Dataset

from wise_hf.data.corpora.reading import emotions_in_order, read_usable
from wise_hf.data.embeddings import check_to_the_end, check_word_vectors, read_word_vectors
from wise_hf.data.files import check_writable, write_json, write_text
from wise_hf.data.fold_file import read_folds, write_folds
from wise_hf.data.folds import Fold, check_folds, make_folds
from wise_hf.data.output_lock import is_unused, only_writer
from wise_hf.data.prepare import align_corpus, extract_features
from wise_hf.model.frames_wise import frame_extractor
from wise_hf.tables.estimate import estimate, estimate_to_text
from wise_hf.tables.jobs import TablesPlan, collect_runs, run_jobs
from wise_hf.tables.options import TableOptions
from wise_hf.tables.presentation import tables_to_markdown
from wise_hf.tables.report import write_report
from wise_hf.tables.rows import Row, table_rows
from wise_hf.tables.summary import summarize_tables
from wise_hf.training.options import chosen_frames, recipe_name_of, word_vectors_of
from wise_hf.training.parallel import num_trainings_at_a_time
from wise_hf.training.processes import make_accelerator
from wise_hf.training.recipe import TRAINING_FIELDS
from wise_hf.training.run_folder import ARGUMENTS, Interrupted, check_same_options, recorded
from wise_hf.training.system import System


logger = logging.getLogger(__name__)

NUM_FOLDS = 5
# What may differ between a run and its continuation.
FREE_OPTIONS = ("jobs", "num_proc", "dry_run", "rows", "protocols", "seeds")


def reproduce_tables(options: TableOptions) -> str:
    """Train and test every row on every fold that is not finished yet, and write the tables.

    Returns:
        The tables as a person reads them, or the estimate of a dry run; nothing on all processes but the main one.

    Raises:
        ValueError: for anything that the person who gave the options can mend.
        Interrupted: with how to continue.
    """
    try:
        return _reproduce_tables(options)
    except KeyboardInterrupt:
        raise Interrupted("The tables were interrupted; continue them with the same command.") from None


def _reproduce_tables(options: TableOptions) -> str:
    """Do what `reproduce_tables` says."""
    word_vectors_of(options)  # of one kind
    if options.embeddings is not None:
        check_word_vectors(options.embeddings)
    frame_extractor(options.mfcc_backend).check()
    accelerator = make_accelerator()
    num_workers = num_trainings_at_a_time(options.jobs, accelerator)
    check = partial(_check_output_dir, options)
    if options.dry_run:
        check()
    is_writer = accelerator.is_main_process and not options.dry_run
    with only_writer(options.output_dir, check) if is_writer else nullcontext():
        return _make_tables(options, accelerator, num_workers)


def _make_tables(options: TableOptions, accelerator: Accelerator, num_workers: int) -> str:
    with accelerator.main_process_first():
        plan, rows = _make_plan(options)
    told = estimate_to_text(estimate(plan), num_workers)  # all processes share the steps that it takes
    if options.dry_run:
        return told if accelerator.is_main_process else ""
    logger.info("%s", told)
    if accelerator.is_main_process:
        _start_run(options, plan)
    run_jobs(plan, num_workers)
    if not accelerator.is_main_process:
        return ""
    results = _results(options, plan, rows)
    summary = summarize_tables(results)
    markdown = tables_to_markdown(summary)
    write_json(options.output_dir / "tables.json", summary)
    write_text(options.output_dir / "tables.md", markdown)
    write_report(results, summary, options.output_dir / "report.html")
    logger.info("Written: %s", options.output_dir / "report.html")
    return "\n" + markdown


def _make_plan(options: TableOptions) -> tuple[TablesPlan, list[Row]]:
    rows = _rows(options)
    to_run = options.rows or [row.system.key for row in rows]
    to_prepare = [row.system for row in rows if row.system.key in to_run]
    make = partial(_prepare, systems=to_prepare, num_proc=options.num_proc, align=options.align)
    corpus, num_skipped = read_usable(options, make)  # before it is split
    emotions = emotions_in_order(corpus, options)
    # The speaker-independent protocol of the corpus and [2]'s random folds, so that both can be compared.
    independent = "speaker" if options.corpus.protocol == "none" else options.corpus.protocol
    protocols = options.protocols or [independent, "random"]
    folds = {protocol: _folds(options, corpus, protocol) for protocol in protocols}
    for its_folds in folds.values():
        check_folds(corpus, its_folds, emotions)
    if options.embeddings is not None:
        check_to_the_end(options.embeddings)
    aligned = make(corpus)
    vectors = None
    if options.embeddings is not None:
        spoken = {word["word"] for words in aligned["words"] for word in words}
        vectors = read_word_vectors(options.embeddings, "corpus", spoken)
    systems, seeds = [row.system for row in rows], list(range(options.seeds))
    return TablesPlan(aligned, emotions, systems, to_run, folds, seeds, vectors, options.output_dir, num_skipped), rows


def _prepare(corpus: Dataset, systems: Sequence[System], num_proc: int, align: Callable[..., dict]) -> Dataset:
    """The utterances with words; the features of every system are left in the cache."""
    aligned = align_corpus(corpus, num_proc, align)
    for system in systems:
        extract_features(aligned, system.extract, system.columns, num_proc)
    return aligned


def _rows(options: TableOptions) -> list[Row]:
    """Every row; those that are not asked for now may have been run before."""
    rows = table_rows(recipe_name_of(options), chosen_frames(options, "as_recorded"))
    unknown = set(options.rows or ()) - {row.system.key for row in rows}
    if unknown:
        known = ", ".join(row.system.key for row in rows)
        raise ValueError(f"There is no row {', '.join(sorted(unknown))}; choose among {known}.")
    return [_with_epochs(row, options.epochs) for row in rows] if options.epochs else rows


def _with_epochs(row: Row, epochs: int) -> Row:
    recipe = row.system.recipe
    return row if recipe is None else replace(row, system=replace(row.system, recipe=replace(recipe, epochs=epochs)))


def _folds(options: TableOptions, corpus: Dataset, protocol: str) -> list[Fold]:
    """Those of the file that an earlier run of the same command left, else new ones."""
    path = _folds_file(options, protocol)
    if path.is_file():
        return read_folds(path, corpus)
    num_speakers = len(set(corpus["speaker"]))
    num_folds = {"session": None, "speaker": min(NUM_FOLDS, num_speakers), "random": NUM_FOLDS}
    return make_folds(corpus, protocol, num_folds[protocol], seed=0)


def _folds_file(options: TableOptions, protocol: str) -> Path:
    return options.output_dir / f"folds_{protocol}.json"


def _check_output_dir(options: TableOptions) -> None:
    """An unfinished run of the same command goes on; nothing else may be there."""
    folder = options.output_dir
    if (folder / ARGUMENTS).is_file():
        check_same_options(folder, recorded(options, FREE_OPTIONS))
    elif not is_unused(folder):
        raise ValueError(f"{folder} holds something else than a run of this script; choose another folder.")
    elif not options.dry_run:
        check_writable(folder)


def _start_run(options: TableOptions, plan: TablesPlan) -> None:
    """Record what was asked for, and who is where."""
    write_json(options.output_dir / ARGUMENTS, recorded(options, FREE_OPTIONS))
    for protocol, folds in plan.folds.items():
        if not _folds_file(options, protocol).is_file():
            write_folds(folds, plan.aligned, _folds_file(options, protocol), protocol, seed=0)


def _results(options: TableOptions, plan: TablesPlan, rows: Sequence[Row]) -> dict:
    """What the tables and the report are made of."""
    return {
        "corpus": options.corpus_title,
        "emotions": list(plan.emotions),
        "num_utterances": len(plan.aligned),
        "num_skipped": plan.num_skipped,
        "seeds": list(plan.seeds),
        "trial_epochs": options.epochs,
        "word_vectors": word_vectors_of(options),
        "protocols": list(plan.folds),
        "truth": dict(zip(plan.aligned["id"], plan.aligned["emotion"], strict=True)),
        "rows": [_describe(row) for row in rows],
        "runs": collect_runs(plan),
    }


def _describe(row: Row) -> dict:
    return {
        "key": row.system.key,
        "name": row.system.name,
        "tables": list(row.tables),
        "recipe": _recipe(row),
        "frames": row.system.frames or ("no frames" if row.is_wise else "features of their own"),
        "without": row.without,
    }


def _recipe(row: Row) -> dict:
    """What its training reads of the recipe; the rest says something of WISE's rows only."""
    if row.system.recipe is None:
        return {}
    recipe = asdict(row.system.recipe)
    return recipe if row.is_wise else {name: recipe[name] for name in TRAINING_FIELDS}
