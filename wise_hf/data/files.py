"""Files that are written whole or not at all."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


# In what libraries say of a file that they could not write: those in Rust (safetensors, tokenizers), and torch.
_WRITING_FAILED = ("(os error ", "inline_container")


def write_text(path: Path, text: str) -> None:
    """
    Write a file beside its place first, then put it there.

    Raises:
        ValueError: where it cannot be written.
    """
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise ValueError(f"{path} cannot be written ({error.strerror}); give another output folder.") from error


def write_json(path: Path, value: object) -> None:
    """Like `write_text`, a value as JSON."""
    write_text(path, json.dumps(value, indent=2) + "\n")


@contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """
    A folder beside its place for libraries to write into; whoever asked for it puts it there when all is written.

    Args:
        path: its place.

    Raises:
        ValueError: where something cannot be written, as on a full disk; what was written is removed.
    """
    folder = path.with_name(path.name + ".unfinished")
    try:
        yield folder
    except Exception as error:
        if not isinstance(error, OSError) and not any(sign in str(error) for sign in _WRITING_FAILED):
            raise
        shutil.rmtree(folder, ignore_errors=True)
        reason = getattr(error, "strerror", None) or "is the disk full?"
        raise ValueError(f"{path} cannot be written ({reason}); make room there, and continue the run.") from error


def save_files(folder: Path, save: Callable[[Path], object]) -> None:
    """
    Let a library write files beside their place first, then put each there.

    Args:
        folder: their place; what else it holds stays.
        save: writes files, and no folders, into the folder that it is given.

    Raises:
        ValueError: like `unfinished_folder`.
    """
    with unfinished_folder(folder) as unfinished:
        save(unfinished)
        folder.mkdir(parents=True, exist_ok=True)
        for path in unfinished.iterdir():
            path.replace(folder / path.name)
        unfinished.rmdir()


def check_writable(folder: Path) -> None:
    """
    Find out before hours of work whether its result can be kept.

    Raises:
        ValueError: for a folder that cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(f"{folder} cannot be written ({error.strerror}); give another output folder.") from error
