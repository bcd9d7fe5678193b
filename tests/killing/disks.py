"""Small disks of their own, which can be full or read-only: permissions do not keep root from writing."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """Mount a disk.

    Args:
        folder: where; made if absent.
        options: of tmpfs, e.g. `size=65536` or `ro`.

    Raises:
        PermissionError: nobody but root may mount.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        raise PermissionError(f"No disk can be mounted here ({mounted.stderr.decode().strip()}).")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def change_disk(folder: Path, options: str) -> None:
    """Give a disk other options."""
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)
