"""A virtual environment for a test of its own."""

import sys
import venv
from pathlib import Path


def make_environment(folder: Path) -> Path:
    """Make a virtual environment that has every package of this one but wise_hf.

    A folder that a .pth file names is searched for packages, but not for .pth files, by which an editable install is
    found.

    Returns:
        Its Python.
    """
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    others = [entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    (packages / "others.pth").write_text("\n".join(others) + "\n", encoding="utf-8")
    return folder / "bin" / "python"
