"""Commands that are killed, have no room or meet another one; scripts/kill_test.py does much more of it."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from unittest import mock

import pytest
import script
from loopback.hub import LoopbackHub, environment

from killing.commands import Command, all_commands, write_inputs
from killing.disks import small_disk
from killing.outputs import contents
from killing.processes import OUTPUT
from killing.trials import disk_trials, kill_trials, meeting_trial, run_undisturbed, second_trial, to_text


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def commands(tmp_path_factory) -> dict[str, Command]:
    pytest.importorskip("espeakng_loader", reason="needs espeakng-loader to make speech")
    folder = tmp_path_factory.mktemp("inputs")
    with LoopbackHub() as hub, mock.patch.dict(os.environ, environment(hub, folder / "home")):
        write_inputs(folder)
        yield {command.name: command for command in all_commands(folder, hub)}


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short path, since processes have sockets in it."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize("name", ["prepare", "train", "predict long", "push"])
def test_a_killed_command_ends_as_an_undisturbed_one(commands, folder, name):
    undisturbed = run_undisturbed(commands[name], folder / "undisturbed")
    report = kill_trials(commands[name], undisturbed, folder, 1, Random(name))
    assert undisturbed.result and report.count == 1 and not report.faults, to_text(report)


def test_a_command_on_a_full_disk_says_so_and_goes_on_and_a_second_one_is_refused(commands, folder):
    try:
        with small_disk(folder / "tried", "size=4096"):
            pass
    except PermissionError as error:
        pytest.skip(str(error))
    command = commands["prepare"]
    undisturbed = run_undisturbed(command, folder / "undisturbed")
    reports = [*disk_trials(command, undisturbed, folder, [OUTPUT]), second_trial(command, undisturbed, folder)]
    assert [report.count for report in reports] == [1, 2, 1]
    assert not any(report.faults for report in reports), "\n".join(map(to_text, reports))


def test_two_pushes_at_once_leave_what_one_leaves(commands, folder):
    undisturbed = run_undisturbed(commands["push"], folder / "undisturbed")
    report = meeting_trial(commands["push"], undisturbed, folder, Random(0))
    assert report.count and not report.faults, to_text(report)


def test_a_command_that_there_is_not_is_refused():
    done = script.run("kill_test.py", "--commands", "train", "trian")
    assert done.returncode == 1 and "There is no trian; choose among prepare, train, " in done.stderr


def test_another_weight_and_a_half_written_file_are_found(tmp_path):
    def written(name: str, **files: bytes) -> dict[str, object]:
        for file, content in files.items():
            path = tmp_path / name / file.replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return contents(tmp_path / name)

    scores = b'{"seconds": 1, "ua": 0.5}'
    whole = written("whole", model_safetensors=b"0" * 99, results_json=scores)
    assert whole == written("later", model_safetensors=b"0" * 99, results_json=scores.replace(b"1", b"2"))
    assert whole != written("half", model_safetensors=b"0" * 98, results_json=scores)
    assert whole != written("half a text", model_safetensors=b"0" * 99, results_json=scores[:9])
    assert whole != written("other", model_safetensors=b"0" * 99, results_json=scores.replace(b"0.5", b"0.6"))
    assert set(whole) == {"model.safetensors", "results.json"}
