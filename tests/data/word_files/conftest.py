"""A file of word times, as the tests of each format write it."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Path]:
    """Writes a text into a file, which is called as the test's module says where it is given no name."""

    def written(text: str, name: str = request.module.NAME) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return written
