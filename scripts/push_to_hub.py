"""Put a saved model on the Hugging Face Hub: python scripts/push_to_hub.py --model OUT/fold_1 --repo_id org/name."""

import argparse
import logging
import sys
from pathlib import Path

from wise_hf import command_line
from wise_hf.publishing import check_repo_id, files_to_publish, publish


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", type=Path, required=True, help="folder of a saved model; nothing else of it goes")
    parser.add_argument("--repo_id", required=True, help="its name on the Hub: org/name")
    parser.add_argument("--private", action="store_true", default=None, help="for the owner only")
    parser.add_argument("--dry_run", action="store_true", help="list the files that would go, and contact nobody")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    logging.info("The tokenizer lists words of the training transcripts, one by one; nothing else of a corpus goes.")
    if not args.dry_run:
        sys.stdout.write(publish(args.model, args.repo_id, args.private) + "\n")
        return
    names = files_to_publish(args.model)
    check_repo_id(args.repo_id)
    for name in names:
        sys.stdout.write(f"{(args.model / name).stat().st_size:>13,}  {name}\n")
    staying = sorted({path.name for path in args.model.iterdir()}.difference(names))
    if staying:
        logging.info("Not sent: %s", ", ".join(staying))


if __name__ == "__main__":
    command_line.run(main)
