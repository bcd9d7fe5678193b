"""A short form of `make fuzz`: some cases of each target, always the same ones."""

import re
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from fuzz.__main__ import main
from fuzz.bombs import bomb_targets
from fuzz.running import Tally, Target, is_sentence, run_target
from fuzz.targets import targets


CASES = {"text": 40, "audio": 30}


@pytest.fixture
def patterns() -> ModuleType:
    """It takes regular expressions apart with modules of Python's own, which another version may not have."""
    return pytest.importorskip("fuzz.patterns", exc_type=ImportError)


def told(folder: Path) -> str:
    """What the cases that failed say."""
    return "\n".join(f"{path.stem}: {path.read_text()[-1_000:]}" for path in sorted(folder.glob("*.txt")))


def run(target: Target, cases: int, folder: Path) -> Tally:
    tally = run_target(target, 0, cases, folder)
    assert not tally.faults, told(folder)
    return tally


@pytest.mark.parametrize("kind", CASES)
def test_whatever_is_read_is_read_or_refused_in_a_sentence(tmp_path, kind):
    tallies = [run(target, CASES[kind], tmp_path) for target in targets()[kind]]
    assert len(tallies) > 10 and all(tally.refused + tally.read == CASES[kind] for tally in tallies)
    assert sum(tally.read for tally in tallies) > len(tallies) < sum(tally.refused for tally in tallies)


def test_small_files_that_unpack_without_end_are_refused(tmp_path):
    tallies = {target.name: run(target, 1, tmp_path) for target in bomb_targets()}
    read = {name for name, tally in tallies.items() if not tally.refused}
    assert read == {"mp3.claims"}  # which is as long as its data


def test_no_regular_expression_takes_long_for_a_text_that_repeats_itself(tmp_path, patterns):
    found = sorted(patterns.patterns(), key=lambda pattern: str(pattern.pattern))
    assert len(found) > 100
    run(patterns.pattern_target(found), len(found), tmp_path)


@pytest.mark.parametrize("given", [["--only", "wav", "wavv"], ["--replay", "wavv.bin"]])
def test_a_target_that_there_is_not_is_refused(monkeypatch, capsys, given):
    monkeypatch.setattr(sys, "argv", ["fuzz", *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and "there is no wavv; choose among " in capsys.readouterr().err


@pytest.mark.parametrize("bad", [r"(a+)+b", r"val\s*(\d+)?\s*;?\s*(?:\((.*?)\)?)?"])
def test_one_of_exponential_or_cubic_time_is_found(tmp_path, patterns, bad):
    assert run_target(patterns.pattern_target([re.compile(bad)]), 0, 1, tmp_path).faults == 1
    assert "SIGPROF" in told(tmp_path)


def misread(data: bytes) -> None:
    """Fails in each way that a reader may not."""
    match data:
        case b"0":
            raise KeyError("x")
        case b"1":
            b"\xff".decode()
        case b"2":
            raise ValueError("without an end")
        case b"3":
            bytearray(4 << 30)
        case b"4":
            while True:
                time.process_time()
        case b"5":
            raise ValueError("One sentence.")


def test_each_fault_is_found_and_kept_and_the_next_case_is_read(tmp_path):
    target = Target("misread", lambda number: str(number).encode(), misread)
    tally = run_target(target, 0, 7, tmp_path)
    assert (tally.number, tally.faults, tally.refused, tally.read) == (6, 5, 3, 1)
    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".txt"} == {f"misread.{n}" for n in range(5)}
    for number, reason in enumerate(("KeyError", "UnicodeDecodeError", "without an end", "MemoryError", "SIGPROF")):
        assert (tmp_path / f"misread.{number}").read_bytes() == str(number).encode()
        assert reason in (tmp_path / f"misread.{number}.txt").read_text()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("It is not there; give another."), True),
        (OSError(2, "No such file"), True),
        (ValueError("invalid literal for int()"), False),
        (ValueError("x" * 10_000 + "."), False),
        (UnicodeError("Bad text."), False),
    ],
)
def test_an_error_is_a_sentence_of_ours(error, expected):
    assert is_sentence(error) == expected
