"""A setting as small as can be."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from wise_hf.benchmark.setting import Setting
from wise_hf.benchmark.spoken import Spoken


TEXT = "Come inside."


@pytest.fixture(autouse=True)
def levels_of_logging() -> Iterator[None]:
    """Set back: the script is run in the process of other tests, and lets the package say nothing but its rows."""
    loggers = [logging.getLogger(name) for name in ("wise_hf", "wise_hf.benchmark")]
    levels = [each.level for each in loggers]
    yield
    for each, level in zip(loggers, levels, strict=True):
        each.setLevel(level)


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """Of a short noise."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    return Setting(tmp_path, Spoken(noise, TEXT), repeats=1)


@pytest.fixture(scope="session")
def come_inside() -> Spoken:
    """Two words, spoken."""
    pytest.importorskip("espeakng_loader")
    pytest.importorskip("pocketsphinx")
    from wise_hf.synthetic.demo_corpus import VOICES
    from wise_hf.synthetic.espeak import speak

    said = speak(TEXT, VOICES[0])
    return Spoken(said.samples, TEXT, said.words)


@pytest.fixture
def spoken_setting(come_inside: Spoken, tmp_path: Path) -> Setting:
    """Of these words."""
    return Setting(tmp_path, come_inside, repeats=1)
