"""Scores on quieter, clipped, narrow and noisy copies: python scripts/measure_channels.py --model OUT/fold_1 ..."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from datasets import Dataset

from wise_hf.commands.parsing import parse
from wise_hf.commands.run import run
from wise_hf.data.corpora.reading import CorpusOptions, read_corpus
from wise_hf.data.files import write_json
from wise_hf.data.fold_file import read_folds
from wise_hf.data.options import Options, as_path, option, positive
from wise_hf.model.loading import load_pipeline
from wise_hf.training.channel_scores import score_channels


@dataclass(frozen=True, kw_only=True)
class ChannelOptions(Options):
    """The model, what it is tested on, and what becomes of the scores."""

    _argument_group_name = "channels"

    model: str = option(help="folder of a saved model, or its name on the Hub")
    folds_file: Annotated[Path | None, as_path] = option(
        None, help="folds.json of the model's run: takes the test part alone"
    )
    fold: Annotated[int, positive] = option(1, help="which of them, from 1")
    output: Annotated[Path | None, as_path] = option(None, help="also write the scores as JSON")


@dataclass(frozen=True, kw_only=True)
class MeasureOptions(ChannelOptions, CorpusOptions):
    """Everything that this script can be told."""


def main() -> None:
    options = parse(MeasureOptions, __doc__)
    classify = load_pipeline(options.model)
    corpus = _tested(options)
    unknown = sorted(set(corpus["emotion"]) - set(classify.model.config.label2id))
    if unknown:
        raise ValueError(f"The model does not know {', '.join(unknown)}; map them with --label_map.")
    scores = score_channels(classify, corpus.to_list())
    if options.output is not None:
        write_json(options.output, scores)
    rows = [f"| {name} | {its['wa']:.3f} | {its['ua']:.3f} | {its['refused']} |" for name, its in scores.items()]
    head = [f"| {len(corpus)} utterances | WA | UA | refused |", "|---|---|---|---|"]
    sys.stdout.write("\n".join([*head, *rows]) + "\n")


def _tested(options: MeasureOptions) -> Dataset:
    corpus, _ = read_corpus(options)
    if options.folds_file is None:
        return corpus
    folds = read_folds(options.folds_file, corpus)
    if options.fold > len(folds) or not folds[options.fold - 1].test:
        raise ValueError(
            f"{options.folds_file} has no fold {options.fold} with a test part; it has {len(folds)} folds."
        )
    return corpus.select(folds[options.fold - 1].test)


if __name__ == "__main__":
    run(main)
