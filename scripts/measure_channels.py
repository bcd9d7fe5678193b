"""Scores on quieter, clipped, narrow and noisy copies: python scripts/measure_channels.py --model OUT/fold_1 ..."""

import argparse
import sys
from pathlib import Path

from wise_hf.commands import run as command_line
from wise_hf.data.files import write_json
from wise_hf.data.fold_file import read_folds
from wise_hf.model.loading import load_pipeline
from wise_hf.training import options as arguments
from wise_hf.training.channel_scores import score_channels


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", required=True, help="folder of a saved model, or its name on the Hub")
    arguments.add_corpus_arguments(parser)
    parser.add_argument("--folds_file", type=Path, help="folds.json of the model's run: takes the test part alone")
    parser.add_argument("--fold", type=arguments.positive, default=1, help="which of them, from 1")
    parser.add_argument("--output", type=Path, help="also write the scores as JSON")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    classify = load_pipeline(args.model)
    corpus, _ = arguments.read_corpus(args)
    if args.folds_file is not None:
        folds = read_folds(args.folds_file, corpus)
        if args.fold > len(folds) or not folds[args.fold - 1].test:
            raise ValueError(f"{args.folds_file} has no fold {args.fold} with a test part; it has {len(folds)} folds.")
        corpus = corpus.select(folds[args.fold - 1].test)
    unknown = sorted(set(corpus["emotion"]) - set(classify.model.config.label2id))
    if unknown:
        raise ValueError(f"The model does not know {', '.join(unknown)}; map them with --label_map.")
    scores = score_channels(classify, corpus.to_list())
    if args.output is not None:
        write_json(args.output, scores)
    rows = [f"| {name} | {its['wa']:.3f} | {its['ua']:.3f} | {its['refused']} |" for name, its in scores.items()]
    head = [f"| {len(corpus)} utterances | WA | UA | refused |", "|---|---|---|---|"]
    sys.stdout.write("\n".join([*head, *rows]) + "\n")


if __name__ == "__main__":
    command_line.run(main)
