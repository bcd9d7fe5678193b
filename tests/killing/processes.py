"""Commands in their own process groups, forked from a process that already has the imports."""

import os
import runpy
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path


SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SECONDS = 300  # that a command may take
SERVER = get_context("forkserver")
SERVER.set_forkserver_preload(
    [f"wise_hf.commands.{name}" for name in ("asr_study", "prepare", "predict", "push", "tables", "train")]
    + ["wise_hf.model.modeling_wise", "wise_hf.model.pipeline_wise", "wise_hf.synthetic.demo_corpus"]
)


OUTPUT, CACHE, TEMPORARY = "output", "cache", "temporary"


@dataclass(frozen=True)
class Place:
    """The folders of one run: its output, what it keeps for later, and what it needs for a moment."""

    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / OUTPUT / "out"

    @property
    def cache(self) -> Path:
        return self.folder / CACHE

    @property
    def temporary(self) -> Path:
        return self.folder / TEMPORARY

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"


class Running:
    """A command that has been started.

    Args:
        script: its name in scripts.
        arguments: of the command.
        place: where it writes.
    """

    def __init__(self, script: str, arguments: list[str], place: Place):
        for folder in (place.out.parent, place.cache, place.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        self._place = place
        self._process = SERVER.Process(target=_run, args=(script, arguments, place))
        self._process.start()

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def ended(self, seconds: float = SECONDS) -> bool:
        """Wait so long for its end."""
        self._process.join(seconds)
        return not self._process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to all processes that it has started."""
        with suppress(ProcessLookupError):  # it has only just begun, or has ended
            os.killpg(self._process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.kill_first()

    def kill_first(self) -> None:
        """Kill it and none of the processes that it has started, which then have to end by themselves."""
        self._process.kill()
        self._process.join()

    def tell_to_end(self) -> None:
        """End it as a shell or a scheduler does, by SIGTERM."""
        self._process.terminate()
        if not self.ended():
            self.kill()
            raise TimeoutError(f"It does not end within {SECONDS} s of SIGTERM.")

    def status(self) -> int:
        """Wait for its end, and give its status."""
        if not self.ended():
            self.kill()
            raise TimeoutError(f"It takes more than {SECONDS} s.")
        return self._process.exitcode

    def output(self) -> str:
        """All that it has written to the terminal."""
        return self._place.log.read_text(encoding="utf-8", errors="replace")


def _run(script: str, arguments: list[str], place: Place) -> None:
    """Become the command."""
    os.setsid()
    log = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    import datasets

    datasets.config.HF_DATASETS_CACHE = place.cache
    tempfile.tempdir = os.environ["TMPDIR"] = str(place.temporary)
    sys.argv = [str(SCRIPTS / script), *arguments]
    runpy.run_path(sys.argv[0], run_name="__main__")
