"""Align a corpus and extract its features, once: wise-hf prepare --data_dir DIR --output_dir OUT."""

import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from wise_hf.commands.parsing import parse
from wise_hf.data.cache import check_replaceable, save_whole
from wise_hf.data.corpora.reading import CorpusOptions, read_usable
from wise_hf.data.files import check_writable
from wise_hf.data.options import Options, as_path, option
from wise_hf.data.output_lock import is_unused, lock_beside, only_writer
from wise_hf.data.prepare import report
from wise_hf.data.recogniser_options import RecogniserOptions
from wise_hf.training.options import FeatureOptions, LevelOptions, chosen_frames
from wise_hf.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class OutputOptions(Options):
    """Where the prepared utterances go."""

    _argument_group_name = "output"

    output_dir: Annotated[Path, as_path] = option(help="the prepared utterances, as a datasets folder")
    overwrite_output_dir: bool = option(False, help="throw an earlier prepared corpus away")


@dataclass(frozen=True, kw_only=True)
class PrepareOptions(CorpusOptions, RecogniserOptions, FeatureOptions, LevelOptions, OutputOptions):
    """Everything that scripts/prepare.py can be told."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare a corpus, keep it, and print what it has."""
    options = parse(PrepareOptions, __doc__, arguments)
    folder = options.output_dir
    with only_writer(folder, partial(_check_output, options), lock_beside(folder)):
        _prepare(options)


def _prepare(options: PrepareOptions) -> None:
    start_s = time.monotonic()
    frames = chosen_frames(options, Recipe().level)
    make = partial(frames.prepare, num_proc=options.num_proc, align=options.align)
    corpus, num_skipped = read_usable(options, make)
    prepared = make(corpus)
    elapsed_s = time.monotonic() - start_s
    save_whole(prepared, options.output_dir)
    sys.stdout.write(report(prepared, num_skipped).to_text(elapsed_s) + "\n")
    logging.info("Written: %s", options.output_dir)


def _check_output(options: PrepareOptions) -> None:
    folder = options.output_dir
    check_replaceable(folder)
    if folder.is_mount():
        raise ValueError(f"{folder} is a mount point and cannot be replaced; give a folder on it.")
    if not is_unused(folder) and not options.overwrite_output_dir:
        raise ValueError(f"{folder} holds a prepared corpus; give another folder or --overwrite_output_dir.")
    check_writable(folder.parent)
