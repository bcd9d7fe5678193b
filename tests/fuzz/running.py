"""Cases read in a process of their own, which a case may take down: by time, by memory, by a fault in a library.

For Linux: processes are forked, and their limits are those of `resource` and /proc.
"""

import ctypes
import gc
import logging
import multiprocessing
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawValue
from pathlib import Path


LIMIT_S = 2.0  # of CPU, a case
WAIT_S = 60.0  # without a case done, though it computes nothing
LIMIT_BYTES = 1 << 30  # more than what the process has when it starts
MOST_FAULTS = 10
LONGEST_SENTENCE = 2_000
OURS = ("wise_hf", "handler", "fuzz")


@dataclass(frozen=True)
class Target:
    """Something that reads what others wrote.

    Args:
        name: without blanks.
        case: gives the content of a case by its number.
        read: reads it; ValueError, OSError or SystemExit with one sentence refuse it.
        seeds: contents that are read.
    """

    name: str
    case: Callable[[int], bytes]
    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...] = ()


class Tally(ctypes.Structure):
    """What a run has come to; the process that reads and the one that waits share it."""

    _fields_ = [
        *((name, ctypes.c_long) for name in ("number", "refused", "read", "faults", "slowest", "peak_kb")),
        ("slowest_s", ctypes.c_double),
    ]


def run_target(target: Target, first: int, last: int, folder: Path) -> Tally:
    """Read the cases from `first` up to before `last`.

    Args:
        target: what reads.
        first, last: numbers of cases.
        folder: where cases that fail are kept, each with a text that says how.

    Returns:
        How it went; `number` is the last case that was read.
    """
    tally = RawValue(Tally)
    for seed in target.seeds:
        target.read(seed)  # so that what is loaded once is there
    while first < last and tally.faults < MOST_FAULTS:
        tally.number = first
        process = multiprocessing.get_context("fork").Process(target=_read_all, args=(target, last, tally, folder))
        process.start()
        _wait(process, tally)
        if process.exitcode:
            _keep(target, tally, folder, f"The process ended with {_ending(process.exitcode)}.\n")
        first = tally.number + 1
    return tally


def _wait(process: multiprocessing.Process, tally: Tally) -> None:
    """Until the process ends; one that hangs without computing is ended."""
    number = None
    while process.is_alive() and number != tally.number:
        number = tally.number
        process.join(WAIT_S)
    if process.is_alive():
        process.kill()
        process.join()


def _ending(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def _read_all(target: Target, last: int, tally: Tally, folder: Path) -> None:
    _bound()
    before_kb = _resident_kb()
    for number in range(tally.number, last):
        tally.number = number
        data, start_s = target.case(number), time.process_time()
        signal.setitimer(signal.ITIMER_PROF, LIMIT_S)  # its signal ends the process, whatever it is in
        fault = _fault(target, data, tally)
        signal.setitimer(signal.ITIMER_PROF, 0)
        lasted_s = time.process_time() - start_s
        if lasted_s > tally.slowest_s:
            tally.slowest_s, tally.slowest = lasted_s, number
        if fault:
            _keep(target, tally, folder, fault)
            if tally.faults >= MOST_FAULTS:
                break
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    tally.peak_kb = max(tally.peak_kb, grown_kb)


def _bound() -> None:
    """Bound this process, and keep what libraries print to themselves."""
    gc.freeze()  # what is loaded is not looked through again and again
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + LIMIT_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    logging.disable()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.__stdout__.fileno())
    os.dup2(nowhere, sys.__stderr__.fileno())


def _resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def _fault(target: Target, data: bytes, tally: Tally) -> str | None:
    """What is wrong with how the case was read, if anything."""
    try:
        target.read(data)
    except (ValueError, OSError, SystemExit) as error:
        tally.refused += 1
        return None if is_sentence(error) else "".join(traceback.format_exception(error))
    except BaseException as error:  # a panic in Rust is no Exception
        return "".join(traceback.format_exception(error))
    tally.read += 1
    return None


def is_sentence(error: BaseException) -> bool:
    """Whether an error is one that is documented: of one of our own classes, with a sentence that is not endless.

    What the operating system or argparse says has no full stop.
    """
    if isinstance(error, ValueError) and type(error) is not ValueError and not type(error).__module__.startswith(OURS):
        return False
    told = str(error)
    is_anothers = isinstance(error, (OSError, SystemExit))
    return 0 < len(told) <= LONGEST_SENTENCE and (is_anothers or told.rstrip().endswith("."))


def _keep(target: Target, tally: Tally, folder: Path, told: str) -> None:
    tally.faults += 1
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target.name}.{tally.number}"
    path.write_bytes(target.case(tally.number))
    path.with_name(f"{path.name}.txt").write_text(told, errors="backslashreplace")
