"""The long run: python -m fuzz [--text 100000] [--audio 20000] [--only NAME] [--replay FILE]."""

import argparse
import logging
import resource
import sys
from pathlib import Path

from fuzz.running import Target, run_target
from fuzz.targets import targets


COLUMNS = ("target", "cases", "refused", "read", "faults", "slowest ms", "its case", "peak MB", "CPU s")


def main() -> None:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--text", type=int, default=100_000, help="cases of each text format")
    parser.add_argument("--audio", type=int, default=20_000, help="cases of each container of audio")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", nargs="+", default=[], help="targets by name; default: all")
    parser.add_argument("--faults", type=Path, default=Path("out/fuzz"), help="where cases that fail are kept")
    parser.add_argument("--replay", type=Path, help="a case that was kept: read it here, with its traceback")
    args = parser.parse_args()
    known = {target.name: target for its in targets().values() for target in its}
    wanted = args.only if args.replay is None else [args.replay.name.rpartition(".")[0]]
    if unknown := set(wanted) - known.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; choose among {', '.join(known)}.")
    logging.disable()
    if args.replay is not None:
        known[wanted[0]].read(args.replay.read_bytes())
        return
    print("".join(f"{name:>20}" if number == 0 else f"{name:>11}" for number, name in enumerate(COLUMNS)))
    faults = 0
    for kind, its in targets().items():
        for target in its:
            if vars(args)[kind] and (not args.only or target.name in args.only):
                faults += _run(target, args.first, args.first + vars(args)[kind], args.faults)
    sys.exit(f"{faults} cases failed; they are in {args.faults}." if faults else 0)


def _run(target: Target, first: int, last: int, folder: Path) -> int:
    start_s = _cpu_s()
    tally = run_target(target, first, last, folder)
    values = (tally.number + 1 - first, tally.refused, tally.read, tally.faults, round(1e3 * tally.slowest_s))
    values += (tally.slowest, tally.peak_kb // 1024, round(_cpu_s() - start_s))
    print(f"{target.name:>20}" + "".join(f"{value:>11}" for value in values), flush=True)
    return tally.faults


def _cpu_s() -> float:
    """What the processes that read have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
