"""Files and folders that are written whole or not at all."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


UNFINISHED = ".unfinished"  # what a name ends in until all is written
ELSEWHERE = "give another output folder"
# In what libraries say of a file that they could not write: those in Rust (safetensors, tokenizers), and torch.
_WRITING_FAILED = ("(os error ", "inline_container")


@contextmanager
def written_whole(place: Path, way_out: str = ELSEWHERE) -> Iterator[Path]:
    """A path to write a file or a folder at, which takes its place when all is written.

    Whatever happens, the place holds the old or the new one whole (`last_whole` where a folder is replaced).

    Args:
        place: where it belongs; what is there is replaced.
        way_out: what to do where it cannot be written, for the error.

    Raises:
        ValueError: where it cannot be written.
    """
    with unfinished_beside(place, way_out) as unfinished:
        _remove(unfinished)  # what a kill left there
        yield unfinished
        put_in_place(unfinished, place)


@contextmanager
def unfinished_beside(place: Path, way_out: str) -> Iterator[Path]:
    """Like `written_whole`, but the caller moves the result into place (`put_in_place`) itself."""
    unfinished = place.with_name(place.name + UNFINISHED)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
    except BaseException as error:
        _remove(unfinished)
        reason = getattr(error, "strerror", None)  # of the operating system
        if reason or any(sign in str(error) for sign in _WRITING_FAILED):
            reason = reason or "is the disk full?"
            raise ValueError(f"{place} cannot be written ({reason}); {way_out}.") from error
        raise


def put_in_place(unfinished: Path, place: Path) -> None:
    """Give what is written its name, instead of what has that name; a file never takes a folder's place."""
    if not unfinished.is_dir():
        check_no_folder(place)
    old = _old(place)
    if place.is_dir():
        _remove(old)
        place.rename(old)
    unfinished.replace(place)
    _remove(old)


def last_whole(folder: Path) -> Path:
    """The folder or, if a kill interrupted its replacement, the previous one."""
    return folder if folder.is_dir() else _old(folder)


def _old(folder: Path) -> Path:
    return folder.with_name(folder.name + ".old")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def remove_whole(folder: Path) -> None:
    """Remove a folder where there is one; a kill leaves it whole, or nothing of its name."""
    unfinished = folder.with_name(folder.name + UNFINISHED)
    _remove(unfinished)
    with suppress(FileNotFoundError):
        folder.rename(unfinished)
    _remove(unfinished)


def write_text(path: Path, text: str, way_out: str = ELSEWHERE) -> None:
    """Write a text file; see `written_whole`."""
    with written_whole(path, way_out) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def check_no_folder(path: Path) -> None:
    """Refuse a folder where a file is to be written.

    Raises:
        ValueError: naming the folder.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the name of a file.")


def write_json(path: Path, value: object, way_out: str = ELSEWHERE) -> None:
    """Write a value as JSON; see `written_whole`."""
    write_text(path, json.dumps(value, indent=2) + "\n", way_out)


def read_json(path: Path, way_out: str) -> object:
    """What a JSON file holds.

    Args:
        path: the file.
        way_out: what to do where it cannot be read, for the error.

    Raises:
        ValueError: where it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as JSON ({error}); {way_out}.") from error


def read_json_object(path: Path, way_out: str) -> dict:
    """What a JSON file of names with values holds; see `read_json`."""
    content = read_json(path, way_out)
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds no JSON object; {way_out}.")
    return content


def save_files(folder: Path, save: Callable[[Path], object]) -> None:
    """Let a library write files beside their place first, then put each there.

    Args:
        folder: their place; what else it holds stays.
        save: writes files, and no folders, into the folder that it is given.

    Raises:
        ValueError: where one cannot be written; then what was there stays.
    """
    with unfinished_beside(folder, "make room there, and continue the run") as unfinished:
        save(unfinished)
        folder.mkdir(parents=True, exist_ok=True)
        for path in unfinished.iterdir():
            path.replace(folder / path.name)
        unfinished.rmdir()


def check_writable(folder: Path) -> None:
    """Find out before hours of work whether its result can be kept.

    Raises:
        ValueError: for a folder that cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable{UNFINISHED}"
        probe.touch()
        probe.unlink(missing_ok=True)  # another process may have the same question
    except OSError as error:
        raise ValueError(f"{folder} cannot be written ({error.strerror}); give another folder.") from error
