"""Feed a stream an hour of speech, faster than it is spoken: python scripts/long_stream.py [--model DIR]."""

import argparse
import logging
import sys
from pathlib import Path

from wise_hf.commands import run as command_line
from wise_hf.hub.starter_model import model_or_starter
from wise_hf.model.loading import load_pipeline


TESTS = Path(__file__).resolve().parents[1] / "tests"


def main() -> None:
    sys.path.insert(0, str(TESTS))
    from reliability.long_stream import feed_for_long, held_table

    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", help="folder of a saved model, or its name on the Hub (default: the starter model)")
    parser.add_argument("--minutes", type=float, default=60.0, help="that are fed (default: 60)")
    parser.add_argument("--heard", help="what a stand-in for the recogniser hears in every utterance, to feed faster")
    parser.add_argument("--looks", type=int, default=12, help="rows of the table (default: 12)")
    args = parser.parse_args()
    logging.getLogger("wise_hf.model").setLevel(logging.ERROR)
    stand_in = None if args.heard is None else lambda samples, sampling_rate: args.heard
    streamer = load_pipeline(model_or_starter(args.model)).stream(recogniser=stand_in)
    seen = []
    for held in feed_for_long(streamer, 60 * args.minutes, args.looks):
        seen.append(held)
        logging.info("%.1f minutes, %.1f MB, %d files", held.fed_s / 60, held.memory_mb, held.files)
    sys.stdout.write(held_table(seen) + "\n")


if __name__ == "__main__":
    command_line.run(main)
