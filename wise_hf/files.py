"""Files that are written whole or not at all."""

import json
import os
from pathlib import Path


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
        raise ValueError(f"{path} cannot be written ({error.strerror}); give another output folder.") from error


def write_json(path: Path, value: object) -> None:
    """Like `write_text`, a value as JSON."""
    write_text(path, json.dumps(value, indent=2) + "\n")


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
