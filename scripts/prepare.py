"""Align a corpus and extract its features, once: python scripts/prepare.py --data_dir DIR --output_dir OUT."""

import argparse
import logging
import sys
import time
from functools import partial
from pathlib import Path

from wise_hf.commands import run as command_line
from wise_hf.data.cache import check_replaceable, save_whole
from wise_hf.data.files import check_writable
from wise_hf.data.prepare import prepare, report
from wise_hf.data.unusable import without_unusable
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.training import options as arguments
from wise_hf.training.recipe import Recipe


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    arguments.add_corpus_arguments(parser)
    arguments.add_feature_arguments(parser)
    parser.add_argument("--output_dir", type=Path, required=True, help="the prepared utterances, as a datasets folder")
    parser.add_argument("--overwrite_output_dir", action="store_true", help="throw an earlier prepared corpus away")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    check_replaceable(args.output_dir)
    if args.output_dir.is_dir() and any(args.output_dir.iterdir()) and not args.overwrite_output_dir:
        raise ValueError(f"{args.output_dir} holds a prepared corpus; give another folder or --overwrite_output_dir.")
    check_writable(args.output_dir.parent)
    start = time.monotonic()
    corpus, unread = arguments.read_corpus(args)
    extractor = WISEFeatureExtractor(mfcc_backend=args.mfcc_backend, level=args.level or Recipe().level)
    make = partial(prepare, feature_extractor=extractor, num_proc=args.num_proc)
    prepared = make(without_unusable(corpus, make) if args.skip_unusable else corpus)
    elapsed_s = time.monotonic() - start
    save_whole(prepared, args.output_dir)
    sys.stdout.write(report(prepared, unread + len(corpus) - len(prepared)).to_text(elapsed_s) + "\n")
    logging.info("Written: %s", args.output_dir)


if __name__ == "__main__":
    command_line.run(main)
