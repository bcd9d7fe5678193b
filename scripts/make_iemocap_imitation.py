"""IEMOCAP's folders with synthetic speech in them: python scripts/make_iemocap_imitation.py --output_dir DIR."""

import argparse
import logging
from pathlib import Path

from wise_hf.commands import run as command_line
from wise_hf.data.options import positive
from wise_hf.synthetic.imitation import write_iemocap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--output_dir", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.05, help="part of IEMOCAP's size, at most 1; default: 0.05")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--num_proc", type=positive, default=2, help="processes; default: 2")
    args = parser.parse_args()
    folder = write_iemocap(args.output_dir, args.share, args.seed, args.num_proc)
    logging.info("Written: %s. Its speech is synthetic, and nothing of IEMOCAP is in it.", folder)


if __name__ == "__main__":
    command_line.run(main)
