"""Put a saved model on the Hugging Face Hub: python scripts/push_to_hub.py --model OUT/fold_1 --repo_id org/name."""

from wise_hf.commands.push import main
from wise_hf.commands.run import run


if __name__ == "__main__":
    run(main)
