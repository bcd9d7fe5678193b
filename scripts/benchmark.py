"""Measure wise_hf against what else one could run: a table of ratios, the same as JSON, and beside an earlier one."""

import argparse
import logging
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from wise_hf.benchmark.report import as_report, beside_earlier, fallen_below, machine_load, read_report, report_text
from wise_hf.benchmark.rows import ROWS, run_rows
from wise_hf.benchmark.setting import Setting
from wise_hf.benchmark.spoken import Spoken
from wise_hf.commands import run as command_line
from wise_hf.data.files import check_writable, write_json
from wise_hf.data.options import positive
from wise_hf.model.audio_wise import read_audio


def main() -> None:
    arguments = parsed()
    load = machine_load()
    logging.getLogger("wise_hf").setLevel(logging.ERROR)
    logging.getLogger("wise_hf.benchmark").setLevel(logging.INFO)
    earlier = None if arguments.against is None else read_report(arguments.against)
    recording = None if arguments.audio is None else Spoken(read_audio(arguments.audio), arguments.text)
    with TemporaryDirectory() as folder:
        given = {name: getattr(arguments, name) for name in ("repeats", "threads", "data_dir", "whisper")}
        setting = Setting(Path(folder), recording, **given)
        for measured, missing in run_rows(arguments.rows, setting):
            made = as_report(measured, missing, load, setting)
            if arguments.output is not None:
                write_json(arguments.output, made)  # nothing is lost where a later row fails
    sys.stdout.write(report_text(made) + "\n")
    if earlier is not None:
        sys.stdout.write("\n" + beside_earlier(made, earlier) + "\n")
    if arguments.fail_below is not None and (slow := fallen_below(arguments.fail_below, made, earlier)):
        raise ValueError(f"Below {arguments.fail_below:g} of the earlier ratio: {'; '.join(slow)}.")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--rows", type=names_of_rows, default=list(ROWS), metavar="NAME,NAME", help=", ".join(ROWS))
    parser.add_argument("--repeats", type=positive, default=5, help="runs of each that the medians are taken over")
    parser.add_argument(
        "--threads",
        type=positive,
        default=1,
        help="threads of PyTorch and NumPy (default: 1, as a process of ours has them unless told otherwise)",
    )
    parser.add_argument("--output", type=Path, help="write the numbers to this JSON file as well")
    parser.add_argument("--against", type=Path, help="compare with the JSON of an earlier run")
    parser.add_argument(
        "--fail_below", type=float, help="fail if a ratio falls below this share of the earlier one, e.g. 0.8"
    )
    parser.add_argument("--whisper", type=Path, help="the folder of a Whisper with its weights, such as whisper-base")
    parser.add_argument("--data_dir", type=Path, help="recordings with a metadata.csv, instead of synthetic speech")
    parser.add_argument("--audio", type=Path, help="a recording, instead of a synthetic sentence; with --text")
    parser.add_argument("--text", help="what is said in the recording")
    arguments = parser.parse_args()
    if (arguments.audio is None) != (arguments.text is None):
        parser.error("--audio and --text go together: a recording and what is said in it")
    if arguments.fail_below is not None and arguments.against is None:
        parser.error("--fail_below needs --against, the earlier run that it looks at")
    if arguments.output is not None:
        check_writable(arguments.output.absolute().parent)
    return arguments


def names_of_rows(given: str) -> list[str]:
    names = [name.strip() for name in given.split(",")]
    if unknown := [name for name in names if name not in ROWS]:
        raise argparse.ArgumentTypeError(f"there is no row {', '.join(unknown)}; give some of {', '.join(ROWS)}")
    return names


if __name__ == "__main__":
    command_line.run(main)
