"""What recognition errors do to a model: python scripts/asr_study.py --model RUN --data_dir DIR --output_dir OUT."""

from wise_hf.commands.asr_study import main
from wise_hf.commands.run import run


if __name__ == "__main__":
    run(main)
