"""Train WISE on a corpus: accelerate launch scripts/train.py --data_dir DIR --output_dir OUT (see --help)."""

from wise_hf.commands.run import run
from wise_hf.commands.train import main


if __name__ == "__main__":
    run(main)
