"""Exponents and memory of what grows, with sizes as small as can be."""

import re
from pathlib import Path

import pytest
import soundfile

from wise_hf.benchmark import scaling_rows
from wise_hf.benchmark.measurement import EXPONENT
from wise_hf.benchmark.scaling_rows import (
    compare_aligner_memory,
    compare_preparation_memory,
    compare_timeline_memory,
    grow_aligner,
    grow_collation,
    grow_forward,
    grow_mfcc,
    grow_pipeline,
    grow_preparation,
    grow_timeline,
)


@pytest.fixture(autouse=True)
def speaker():
    pytest.importorskip("espeakng_loader")
    pytest.importorskip("pocketsphinx")


@pytest.mark.parametrize("grow", [grow_aligner, grow_mfcc, grow_pipeline, grow_timeline])
def test_time_is_measured_against_length(setting, grow):
    measured = grow(setting, (3, 6, 9))
    shorter, longer = [each.name.rpartition(", ")[2] for each in measured]
    assert shorter.endswith(longer.partition(" ")[2])  # "to 9 s"
    for each in measured:
        assert each.kind == EXPONENT
        assert each.ours > 0 and each.theirs > 0


def test_time_is_measured_against_words_and_utterances(setting):
    names = [each.name.removeprefix("forward pass, ") for each in grow_forward(setting, (2, 3, 4))]
    assert names == ["2 to 4 words", "3 to 4 words", "8 to 512 utterances", "128 to 512 utterances"]
    assert [each.name for each in grow_collation(setting, (1, 3))] == ["collation, 1 to 3 utterances"]
    assert [each.name for each in grow_preparation(setting, (2, 4))] == ["preparation, 2 to 4 utterances"]


def test_the_memory_of_many_utterances_is_ours(setting, monkeypatch):
    monkeypatch.setattr(scaling_rows, "peak_bytes", lambda run, corpus, folder: 1e6 * len(corpus))
    (measured,) = compare_preparation_memory(setting, (2, 8))
    assert (measured.ours, measured.theirs, measured.ratio) == (8e6, 2e6, 0.25)


@pytest.mark.parametrize("compare", [compare_timeline_memory, compare_aligner_memory])
def test_the_memory_of_a_long_recording_is_ours(setting, monkeypatch, compare):
    def peak(run, recording, *_):
        samples = soundfile.read(recording)[0] if isinstance(recording, Path) else recording
        return 1e8 if len(samples) < 3 * 16_000 else 2e8

    monkeypatch.setattr(scaling_rows, "peak_bytes", peak)
    (measured,) = compare(setting, (3, 6))
    assert measured.ratio == 0.5
    assert re.search(r"[56] s / [23] s$", measured.name)
