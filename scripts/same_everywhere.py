"""Score the sample recordings in many ways: python scripts/same_everywhere.py [--model DIR] [--python NAME=PATH ...].

The ways are the pipeline in batches, the commands, the endpoint's handler, a stream, numbers of threads and processes,
instruction sets of the CPU, and other Pythons that have wise_hf, such as .venv-lowest/bin/python. This takes
minutes.
"""

import argparse
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from wise_hf.benchmark.systems import wise_pipeline
from wise_hf.commands import run as command_line
from wise_hf.hub.starter_model import starter_model


TESTS = Path(__file__).resolve().parents[1] / "tests"


def main() -> None:
    sys.path.insert(0, str(TESTS))
    from reliability.same_everywhere import check_apart, compare_ways, ways_table
    from reliability.ways import all_ways, sample_recordings

    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", type=Path, help="folder of a saved model (default: a new one, and the starter)")
    parser.add_argument(
        "--python", action="append", default=[], type=named, metavar="NAME=PATH", help="another Python"
    )
    parser.add_argument("--at_most", type=float, help="fail where a difference is larger, e.g. 1e-6")
    args = parser.parse_args()
    for name in ("many_files", "model"):
        logging.getLogger(f"wise_hf.{name}").setLevel(logging.ERROR)
    with TemporaryDirectory() as folder:
        recordings, models = sample_recordings(), {"given": args.model}
        if args.model is None:
            wise_pipeline(" ".join(each["text"] for each in recordings if each["text"])).save_pretrained(folder)
            models = {"new": Path(folder), "starter": starter_model()}
        ways = all_ways(dict(args.python))
        compared = {name: list(compare_ways(model, recordings, ways)) for name, model in models.items()}
    sys.stdout.write("\n\n".join(ways_table(f"{name} model", apart) for name, apart in compared.items()) + "\n")
    if args.at_most is not None:
        check_apart([each for apart in compared.values() for each in apart], args.at_most)


def named(given: str) -> tuple[str, str]:
    name, _, path = given.rpartition("=")
    return name or path, path


if __name__ == "__main__":
    command_line.run(main)
