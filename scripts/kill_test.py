"""What becomes of commands that are killed, have no room or meet another: python scripts/kill_test.py [--kills 20].

Disks are mounted to be full, which root may do, for instance in a container.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

from wise_hf.commands.run import run


TESTS = Path(__file__).resolve().parents[1] / "tests"


def main() -> None:
    sys.path.insert(0, str(TESTS))
    from killing.commands import all_commands, write_inputs
    from killing.trials import TABLE_HEAD, all_trials, to_text
    from loopback.hub import LoopbackHub, environment

    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--kills", type=int, default=20, help="of each command (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument(
        "--commands",
        nargs="+",
        metavar="NAME",
        help="such as prepare, 'train 2 jobs', 'train encoder', 'asr study', tables, 'predict long', push",
    )
    parser.add_argument("--only_kills", action="store_true", help="leave the full disks and the second commands out")
    args = parser.parse_args()
    faults = 0
    sys.stdout.write(TABLE_HEAD + "\n")
    with tempfile.TemporaryDirectory() as temporary, LoopbackHub() as hub:
        folder = Path(temporary)
        with mock.patch.dict(os.environ, environment(hub, folder / "home") | {"OMP_NUM_THREADS": "1"}):
            commands = {command.name: command for command in all_commands(folder, hub)}
            chosen = args.commands or commands
            if unknown := set(chosen) - commands.keys():
                raise ValueError(f"There is no {', '.join(sorted(unknown))}; choose among {', '.join(commands)}.")
            write_inputs(folder)
            for command in map(commands.get, chosen):
                place = folder / command.name.replace(" ", "_")
                for report in all_trials(command, place, args.kills, args.seed, args.only_kills):
                    sys.stdout.write(to_text(report) + "\n")
                    sys.stdout.flush()
                    faults += len(report.faults)
    if faults:
        raise ValueError(f"{faults} things are not as they should be; see the table.")


if __name__ == "__main__":
    run(main)
