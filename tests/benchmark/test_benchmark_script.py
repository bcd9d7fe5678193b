"""The script: its table, its JSON, and its comparison with an earlier one."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from wise_hf.benchmark.measurement import of_repeats


SCRIPT = Path(__file__).parents[2] / "scripts" / "benchmark.py"


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("benchmark_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "run_rows", lambda names, setting: [([of_repeats("step", [0.001], [0.02])], {})])
    return module


@pytest.fixture
def call(script, monkeypatch):
    def run_with(*arguments):
        monkeypatch.setattr(sys, "argv", ["benchmark.py", *map(str, arguments)])
        script.command_line.run(script.main)

    return run_with


def test_the_numbers_are_printed_and_written(call, tmp_path, capsys):
    call("--output", tmp_path / "numbers.json", "--repeats", 2)
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert [(each["name"], each["ratio"]) for each in numbers["comparisons"]] == [("step", 20.0)]
    assert numbers["repeats"] == 2
    printed = capsys.readouterr().out
    assert "20.00x" in printed
    assert "PyTorch and NumPy ran on 1 thread(s)" in printed


def test_an_earlier_run_stands_beside_it_and_fails_it_only_where_that_is_asked_for(script, call, tmp_path, capsys):
    call("--output", tmp_path / "earlier.json")
    script.run_rows = lambda names, setting: [([of_repeats("step", [0.002], [0.02])], {})]
    call("--against", tmp_path / "earlier.json")
    assert "-50%  <-- slower" in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        call("--against", tmp_path / "earlier.json", "--fail_below", 0.8)
    assert caught.value.code == 1
    assert "Below 0.8 of the earlier ratio: step." in capsys.readouterr().err


def test_what_was_measured_is_written_where_a_later_row_fails(script, call, tmp_path):
    def fail_later(names, setting):
        yield [of_repeats("step", [1.0], [2.0])], {}
        raise ValueError("It failed.")

    script.run_rows = fail_later
    with pytest.raises(SystemExit):
        call("--output", tmp_path / "numbers.json")
    (step,) = json.loads((tmp_path / "numbers.json").read_text())["comparisons"]
    assert step["ratio"] == 2


def test_rows_are_picked_by_name(script, call):
    asked = []
    script.run_rows = lambda names, setting: asked.extend(names) or [([of_repeats("step", [1.0], [2.0])], {})]
    call("--rows", "step,forward")
    assert asked == ["step", "forward"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repeats", "0"], "argument --repeats: '0' is not a whole number above 0"),
        (["--threads", "-1"], "argument --threads: '-1' is not a whole number above 0"),
        (["--rows", "step,stairs"], "there is no row stairs; give some of aligner, scores"),
        (["--audio", "missing.wav"], "--audio and --text go together"),
        (["--text", "hello"], "--audio and --text go together"),
        (["--audio", "missing.wav", "--text", "hello"], "missing.wav is not there"),
        (["--fail_below", "0.8"], "--fail_below needs --against"),
        (["--output", "/proc/no/such/folder/numbers.json"], "cannot be written"),
    ],
)
def test_bad_arguments_are_told_in_a_sentence(call, capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        call(*arguments)
    assert caught.value.code in (1, 2)
    assert message in capsys.readouterr().err.splitlines()[-1]
