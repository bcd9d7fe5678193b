"""Align a corpus and extract its features, once: python scripts/prepare.py --data_dir DIR --output_dir OUT."""

from wise_hf.commands.prepare import main
from wise_hf.commands.run import run


if __name__ == "__main__":
    run(main)
