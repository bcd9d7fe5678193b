"""The emotion of recordings: python scripts/predict.py AUDIO... --model DIR [--text T] [--json] [--plot PNG]."""

from wise_hf.commands.predict import main
from wise_hf.commands.run import run


if __name__ == "__main__":
    run(main)
