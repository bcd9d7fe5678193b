"""What becomes of a command that is killed, has no room, may not write, or meets another one in its folder."""

import fcntl
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from killing.commands import Command
from killing.disks import change_disk, small_disk
from killing.outputs import leftovers, num_bytes
from killing.processes import CACHE, OUTPUT, TEMPORARY, Place


SHARES_OF_ROOM = (0.1, 0.7)  # of what the undisturbed command left
ROOMY = "size=1g"
MEETINGS = 5
MOST_TRIES = 3  # of a kill: some come after the end


@dataclass
class Report:
    """What was found out about a command.

    Args:
        name: of the command.
        trial: what was done to it.
        count: how often.
        seconds: that it takes undisturbed.
        faults: what should not be, each in a line.
    """

    name: str
    trial: str
    count: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Undisturbed:
    """What a command does when nothing happens to it."""

    result: dict[str, object]
    seconds: float
    place: Place


def run_undisturbed(command: Command, folder: Path) -> Undisturbed:
    """Run a command once.

    Raises:
        RuntimeError: it fails.
    """
    place, start_s = Place(folder), time.monotonic()
    command.clear()
    running = command.start(place)
    if running.status():
        raise RuntimeError(f"{command.name} fails: {running.output()[-2000:]}")
    return Undisturbed(command.result(place), time.monotonic() - start_s, place)


def kill_trials(command: Command, undisturbed: Undisturbed, folder: Path, kills: int, random: Random) -> Report:
    """Kill a command at random moments, and give it again.

    Each kill is one of three, drawn at random: of all its processes, of the first of them alone, or a SIGTERM.
    """
    report = Report(command.name, "killed", seconds=undisturbed.seconds)
    for number in range(MOST_TRIES * kills):
        if report.count == kills:
            break
        place, after_s = Place(folder / f"kill_{number}"), random.uniform(0, undisturbed.seconds)
        command.clear()
        running = command.start(place)
        report.count += not running.ended(after_s)
        random.choice((running.kill, running.kill_first, running.tell_to_end))()
        told = f"killed after {after_s:.2f} of {undisturbed.seconds:.2f} s: "
        report.faults += [told + each for each in _half_written(command, undisturbed, place)]
        report.faults += [told + each for each in _end(command, undisturbed, place)]
    return report


def _half_written(command: Command, undisturbed: Undisturbed, place: Place) -> Iterator[str]:
    """Whatever has its final name must be as it is in the end."""
    for name, value in command.result(place).items():
        if name != "commits" and undisturbed.result.get(name) != value:
            yield f"{name} is not as it is in the end"


def _end(command: Command, undisturbed: Undisturbed, place: Place) -> Iterator[str]:
    """Give the command again; it must end as if nothing had happened."""
    running = command.start(place)
    if running.status():
        yield f"the same command does not go on: {_last_line(running.output())}"
        return
    result = command.result(place)
    for name in sorted(result.keys() | undisturbed.result.keys()):
        if result.get(name) != undisturbed.result.get(name):
            yield f"{name} is another than undisturbed"
    yield from (f"{name} is left over" for name in leftovers(place.out))


def _last_line(told: str) -> str:
    return (told.strip().splitlines() or [""])[-1]


def _unclear(command: Command, status: int, told: str) -> Iterator[str]:
    """A command that cannot go on ends with one sentence, and not with a traceback."""
    if status != 1:
        yield f"the status is {status}"
    if "Traceback" in told or not _last_line(told).startswith(f"{command.script}: "):
        yield f"it does not end with a sentence: {_last_line(told)}"


def disk_trials(
    command: Command, undisturbed: Undisturbed, folder: Path, disks: Sequence[str] = (OUTPUT, CACHE, TEMPORARY)
) -> Iterator[Report]:
    """A read-only and a full disk under each folder that a command writes to; then room, and the command again."""
    for kept in disks:
        size = num_bytes(undisturbed.place.folder / kept)
        trials = {"read-only": ["ro"], "full": [f"size={max(4096, round(share * size))}" for share in SHARES_OF_ROOM]}
        for told, given in trials.items():
            report = Report(command.name, f"{told} disk: {kept}")
            for number, options in enumerate(given):
                place = Place(folder / f"{kept}_{told}_{number}")
                with small_disk(place.folder / kept, options):
                    _without_room(command, undisturbed, place, report, place.folder / kept)
            yield report
            if report.count == 0:  # it writes nothing there
                break


def _without_room(command: Command, undisturbed: Undisturbed, place: Place, report: Report, disk: Path) -> None:
    command.clear()
    running = command.start(place)
    status = running.status()
    if status == 0:  # it had no need of this disk, or room enough
        return
    report.count += 1
    told = f"in {place.folder.name}: "
    report.faults += [told + each for each in _unclear(command, status, running.output())]
    report.faults += [told + each for each in _half_written(command, undisturbed, place)]
    change_disk(disk, f"rw,{ROOMY}")
    report.faults += [told + each for each in _end(command, undisturbed, place)]


def second_trial(command: Command, undisturbed: Undisturbed, folder: Path) -> Report:
    """Give a command while it runs: the second one is refused, and the first ends as if nothing had happened."""
    report, place = Report(command.name, "two at once", count=1), Place(folder / "two")
    command.clear()
    first = command.start(place)
    while first.is_alive and not is_locked(command.lock(place)):
        time.sleep(0.005)
    first.signal(signal.SIGSTOP)  # it cannot end meanwhile
    second = command.start(Place(folder / "second"), place.out)
    try:
        status, told = second.status(), second.output()
    finally:
        first.signal(signal.SIGCONT)
    report.faults += _unclear(command, status, told)
    if "Another process writes to" not in told:
        report.faults.append(f"the second is not refused: {_last_line(told)}")
    if first.status():
        report.faults.append(f"the first fails: {_last_line(first.output())}")
    if command.result(place) != undisturbed.result:
        report.faults.append("the first ends otherwise than undisturbed")
    return report


def meeting_trial(command: Command, undisturbed: Undisturbed, folder: Path, random: Random) -> Report:
    """Give a command that writes to no folder while it runs; one of the two may be refused in a sentence."""
    report = Report(command.name, "two at once")
    for number in range(MEETINGS):
        command.clear()
        places = [Place(folder / f"meeting_{number}_{which}") for which in ("first", "second")]
        first = command.start(places[0])
        time.sleep(random.uniform(0, undisturbed.seconds / 2))
        report.count += first.is_alive
        both = [first, command.start(places[1])]
        statuses = [running.status() for running in both]
        if 0 not in statuses:
            report.faults.append("both fail: " + " ".join(_last_line(running.output()) for running in both))
        for status, running in zip(statuses, both, strict=True):
            report.faults += _unclear(command, status, running.output()) if status else ()
        if command.result(places[0]) != undisturbed.result:
            report.faults.append("the result is another than undisturbed")
    return report


def all_trials(command: Command, folder: Path, kills: int, seed: int, only_kills: bool = False) -> Iterator[Report]:
    """Everything that can be done to a command.

    Args:
        folder: for all that it writes.
        kills: how many.
        seed: of their moments.
        only_kills: and nothing else.
    """
    undisturbed = run_undisturbed(command, folder / "undisturbed")
    yield kill_trials(command, undisturbed, folder, kills, Random(seed))
    if only_kills:
        return
    yield from disk_trials(command, undisturbed, folder)
    if command.lock is None:
        yield meeting_trial(command, undisturbed, folder, Random(seed))
    else:
        yield second_trial(command, undisturbed, folder)


def is_locked(lock: Path) -> bool:
    """Whether another process holds a lock."""
    if not lock.exists():
        return False
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


TABLE_HEAD = f"{'command':<14}{'what was done':<26}{'times':>6}{'undisturbed':>13}{'faults':>8}"


def to_text(report: Report) -> str:
    """A report as a line of a table, and under it what should not be."""
    seconds = f"{report.seconds:.1f} s" if report.seconds else ""
    line = f"{report.name:<14}{report.trial:<26}{report.count:>6}{seconds:>13}{len(report.faults):>8}"
    return "\n  ".join([line, *report.faults])
