"""What Python does while some code runs: what it opens, whom it talks to, what it unpickles, starts and imports."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


# What reaches beyond the process's own files, or runs what is not its own.
REACHING = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "webbrowser.open", "pickle.find_class")
REACHING += ("socket.connect", "socket.getaddrinfo", "socket.sendto", "builtins.input")
WATCHED = ("open", "import", *REACHING)

_seen: list[tuple] | None = None
_is_watching = False


class Seen(list):
    """Events of `sys.audit`, each with its arguments."""

    def of(self, *events: str) -> list[tuple]:
        """The arguments of these events."""
        return [arguments for event, arguments in self if event in events]

    def opened_in(self, folder: Path) -> list[str]:
        """The files of a folder that were opened, by whatever path."""
        paths = [os.fsdecode(path) for path, *_ in self.of("open") if isinstance(path, (str, bytes, os.PathLike))]
        return [path for path in paths if Path(path).resolve().is_relative_to(folder.resolve())]


def _hook(event: str, arguments: tuple) -> None:
    if _seen is not None and event in WATCHED:
        _seen.append((event, arguments))


@contextlib.contextmanager
def watched() -> Iterator[Seen]:
    """Everything that happens in this process meanwhile, in any of its threads."""
    global _seen, _is_watching
    if not _is_watching:
        sys.addaudithook(_hook)  # which stays for the rest of the process
        _is_watching = True
    _seen = seen = Seen()
    try:
        yield seen
    finally:
        _seen = None
