"""Scores on quieter, clipped, narrow and noisy copies: python scripts/measure_channels.py --model OUT/fold_1 ..."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from wise_hf.commands.parsing import parse
from wise_hf.commands.run import run
from wise_hf.data.corpora.test_part import CorpusPartOptions, read_test_part
from wise_hf.data.files import write_json
from wise_hf.data.options import Options, as_path, option
from wise_hf.model.loading import load_pipeline
from wise_hf.training.channel_scores import score_channels


@dataclass(frozen=True, kw_only=True)
class ChannelOptions(Options):
    """The model, and what becomes of its scores."""

    _argument_group_name = "channels"

    model: str = option(help="folder of a saved model, or its name on the Hub")
    output: Annotated[Path | None, as_path] = option(None, help="also write the scores as JSON")


@dataclass(frozen=True, kw_only=True)
class MeasureOptions(ChannelOptions, CorpusPartOptions):
    """Everything that this script can be told."""


def main() -> None:
    options = parse(MeasureOptions, __doc__)
    classify = load_pipeline(options.model)
    corpus = read_test_part(options)
    unknown = sorted(set(corpus["emotion"]) - set(classify.model.config.label2id))
    if unknown:
        raise ValueError(f"The model does not know {', '.join(unknown)}; map them with --label_map.")
    scores = score_channels(classify, corpus.to_list())
    if options.output is not None:
        write_json(options.output, scores)
    rows = [f"| {name} | {its['wa']:.3f} | {its['ua']:.3f} | {its['refused']} |" for name, its in scores.items()]
    head = [f"| {len(corpus)} utterances | WA | UA | refused |", "|---|---|---|---|"]
    sys.stdout.write("\n".join([*head, *rows]) + "\n")


if __name__ == "__main__":
    run(main)
