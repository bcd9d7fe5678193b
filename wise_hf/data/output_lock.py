"""One process at a time writes to an output."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from huggingface_hub.utils import WeakFileLock


LOCK = ".lock"
PATIENCE_S = 1


@contextmanager
def only_writer(place: Path, lock: Path | None = None) -> Iterator[None]:
    """Keep other processes from writing to the same place; the lock ends with the process, also by a kill.

    Args:
        place: what is written.
        lock: the file that is locked; `None` = `LOCK` in the folder `place`.

    Raises:
        ValueError: another process writes there, or the lock cannot be written.
    """
    lock = lock or place / LOCK
    with ExitStack() as held:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(WeakFileLock(lock, timeout=PATIENCE_S))
        except TimeoutError as error:
            raise ValueError(
                f"Another process writes to {place}; wait until it is done, or give another folder."
            ) from error
        except OSError as error:
            raise ValueError(f"{place} cannot be written ({error.strerror}); give another folder.") from error
        held.callback(_remove, lock)  # before it is let go: whoever waits for it sees that it is gone
        yield


def _remove(lock: Path) -> None:
    with suppress(OSError):
        lock.unlink()


def lock_beside(place: Path) -> Path:
    """The lock of a folder that is replaced whole, in which nothing else may lie."""
    return place.with_name(f".{place.name}{LOCK}")


def is_unused(folder: Path) -> bool:
    """Whether there is no such folder, or nothing in it but a lock."""
    return not folder.is_file() and all(path.name == LOCK for path in folder.glob("*"))
