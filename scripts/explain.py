"""Why an emotion is what it is: python scripts/explain.py AUDIO [--text T] [--output JSON] [--plot PNG]."""

from wise_hf.commands.explain import main
from wise_hf.commands.run import run


if __name__ == "__main__":
    run(main)
