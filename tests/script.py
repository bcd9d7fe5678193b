"""Scripts run in this process: what a process of their own would say, without the seconds that its imports take."""

import contextlib
import io
import logging
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from accelerate.state import AcceleratorState


SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


def run(script: str, *arguments: object, encoding: str = "utf-8") -> subprocess.CompletedProcess:
    """Run a script as `python scripts/SCRIPT ARGUMENTS` does; an error that it does not tell in a sentence is raised.

    Args:
        script: its file's name.
        encoding: of the terminal.

    Returns:
        Its status, and all that it wrote.
    """
    command = [str(SCRIPTS / script), *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding, write_through=True) for _ in range(2))
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _as_started(command):
        try:
            runpy.run_path(command[0], run_name="__main__")
        except SystemExit as ended:
            status = ended.code
    written = (each.buffer.getvalue().decode(encoding) for each in (out, err))
    return subprocess.CompletedProcess(command, status, *written)


@contextlib.contextmanager
def _as_started(command: list[str]) -> Iterator[None]:
    """Arguments and logging as a new process has them."""
    AcceleratorState._reset_state(reset_partial_state=False)
    root = logging.getLogger()
    level = root.level
    with mock.patch.object(sys, "argv", command), mock.patch.object(root, "handlers", []):
        yield
    root.setLevel(level)
