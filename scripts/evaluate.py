"""WA and UA of a saved model on a corpus: python scripts/evaluate.py --model DIR --data_dir DIR."""

from wise_hf.commands.evaluate import main
from wise_hf.commands.run import run


if __name__ == "__main__":
    run(main)
