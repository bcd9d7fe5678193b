"""Score the sample recordings in many ways: python scripts/same_everywhere.py [--model DIR] [--python NAME=PATH ...].

The ways are the pipeline in batches, the commands, the endpoint's handler, a stream, numbers of threads and processes,
instruction sets of the CPU, and other Pythons that have wise_hf, such as .venv-lowest/bin/python.
"""

import argparse
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from wise_hf.benchmark.systems import wise_pipeline
from wise_hf.commands import run as command_line
from wise_hf.hub.starter_model import starter_model
from wise_hf.reliability.same_everywhere import compare_ways, ways_table
from wise_hf.reliability.ways import sample_recordings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", type=Path, help="folder of a saved model (default: a new one, and the starter)")
    parser.add_argument(
        "--python", action="append", default=[], type=named, metavar="NAME=PATH", help="another Python"
    )
    parser.add_argument("--at_most", type=float, help="fail where a difference is larger, e.g. 1e-6")
    args = parser.parse_args()
    logging.getLogger("wise_hf.many_files").setLevel(logging.ERROR)
    with TemporaryDirectory() as folder:
        models = {"given": args.model} if args.model else {"new": new_model(Path(folder)), "starter": starter_model()}
        compared = {
            name: list(compare_ways(model, sample_recordings(), dict(args.python))) for name, model in models.items()
        }
    sys.stdout.write("\n\n".join(ways_table(f"{name} model", apart) for name, apart in compared.items()) + "\n")
    largest = max(each.difference for apart in compared.values() for each in apart if each.difference is not None)
    if args.at_most is not None and largest > args.at_most:
        raise ValueError(f"The scores lie up to {largest:.1e} apart, more than {args.at_most:g}.")


def named(given: str) -> tuple[str, str]:
    name, _, path = given.rpartition("=")
    return name or path, path


def new_model(folder: Path) -> Path:
    """A model on MFCC with fresh weights that knows the words of the sample recordings."""
    said = " ".join(each["text"] for each in sample_recordings() if each["text"])
    wise_pipeline(said).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    command_line.run(main)
