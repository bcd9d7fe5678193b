"""What a command leaves: bit by bit, but for what may differ from run to run."""

import contextlib
import hashlib
import json
import re
from pathlib import Path

from wise_hf.data.files import UNFINISHED
from wise_hf.data.output_lock import LOCK


# All that may differ between two runs of the same command: how long they took.
SECONDS = ("seconds", "seconds_per_fold")
SHOWN_SECONDS = re.compile(r"\b\d+(\.\d+)? (s|min)\b")


def contents(folder: Path) -> dict[str, object]:
    """All files of a folder that have their final names, by their paths there, as they are compared."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder): path for path in files}
    return {str(name): _compared(path, folder) for name, path in named.items() if _is_final(name)}


def _is_final(name: Path) -> bool:
    return not any(part.endswith((UNFINISHED, ".old", LOCK)) for part in name.parts)


def _compared(path: Path, folder: Path) -> object:
    with contextlib.suppress(ValueError):  # half-written
        if path.suffix == ".json":
            return without_seconds(json.loads(path.read_text(encoding="utf-8").replace(str(folder), "OUT")))
        if path.suffix in (".md", ".html"):
            return SHOWN_SECONDS.sub("", path.read_text(encoding="utf-8"))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def without_seconds(value: object) -> object:
    """The same without what may differ."""
    if isinstance(value, dict):
        return {name: without_seconds(each) for name, each in value.items() if name not in SECONDS}
    return list(map(without_seconds, value)) if isinstance(value, list) else value


def leftovers(folder: Path) -> list[str]:
    """What a command that has ended has no use for."""
    left = [path for path in folder.rglob("*") if not _is_final(Path(path.name)) and not path.name.endswith(LOCK)]
    return sorted(str(path.relative_to(folder)) for path in left)


def num_bytes(folder: Path) -> int:
    """What its files take on a disk."""
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*") if path.is_file())
