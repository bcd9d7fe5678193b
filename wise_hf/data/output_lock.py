"""One process at a time writes to an output."""

import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

from huggingface_hub.utils import WeakFileLock

from wise_hf.data.files import UNFINISHED


logger = logging.getLogger(__name__)

LOCK = ".lock"
PATIENCE_S = 1
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP)  # of some network file systems


@contextmanager
def only_writer(place: Path, check: Callable[[], object], lock: Path | None = None) -> Iterator[None]:
    """Keep other processes from writing to the same place.

    The lock ends with the process, also by a kill; where the file system has no locks, nobody is kept out. Its file
    stays: removing it could let two processes in, one of which has waited for the removed file. Where the system has
    no call for locks, the file is the lock, and a kill leaves it.

    Args:
        place: what is written.
        check: raises a ValueError if the place may not be used. It is called before anything is written there, and
            again with the lock held, since another process may have written there meanwhile.
        lock: the file that is locked; `None` = `LOCK` in the folder `place`.

    Raises:
        ValueError: that of `check`; another process writes there, or the lock cannot be written.
    """
    lock = lock or place / LOCK
    try:
        check()
    except ValueError:
        if _is_held(lock):
            raise ValueError(_taken(place, lock)) from None
        raise
    with ExitStack() as held:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(WeakFileLock(lock, timeout=PATIENCE_S))
        except TimeoutError as error:
            raise ValueError(_taken(place, lock)) from error
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise ValueError(f"{place} cannot be written ({error.strerror}); give another folder.") from error
            logger.warning("The file system of %s has no locks; start no second command that writes there.", place)
        check()
        yield


def _is_held(lock: Path) -> bool:
    """Whether another process holds a lock."""
    try:
        with WeakFileLock(lock, timeout=PATIENCE_S) if lock.is_file() else nullcontext():
            return False
    except OSError as error:
        return isinstance(error, TimeoutError)


def _taken(place: Path, lock: Path) -> str:
    return (
        f"Another process writes to {place}; wait until it is done, or give another folder; if there is no such "
        f"process, remove {lock}."
    )


def lock_beside(place: Path) -> Path:
    """The lock of a folder that is replaced whole, in which nothing else may lie."""
    return place.with_name(f".{place.name}{LOCK}")


def is_unused(folder: Path) -> bool:
    """Whether there is no such folder, or nothing in it but a lock and what a kill left unfinished."""
    names = [path.name for path in folder.glob("*")]
    return not folder.is_file() and all(name == LOCK or name.endswith(UNFINISHED) for name in names)
