"""Exponents and memory of what grows, with sizes as small as can be."""

import pytest

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
    (measured,) = grow(setting, (3, 6))
    assert measured.name.endswith("3 to 6 s")
    assert measured.kind == EXPONENT
    assert measured.ours > measured.theirs > 0


def test_time_is_measured_against_words_and_utterances(setting):
    names = [each.name for each in grow_forward(setting, (2, 4))]
    assert names == ["forward pass, 2 to 4 words", "forward pass, 8 to 512 utterances"]
    assert [each.name for each in grow_collation(setting, (1, 3))] == ["collation, 1 to 3 utterances"]
    assert [each.name for each in grow_preparation(setting, (2, 4))] == ["preparation, 2 to 4 utterances"]


def test_the_memory_of_many_utterances_is_ours(setting, monkeypatch):
    monkeypatch.setattr(scaling_rows, "peak_bytes", lambda run, corpus, folder: 1e6 * len(corpus))
    (measured,) = compare_preparation_memory(setting, (2, 8))
    assert (measured.ours, measured.theirs, measured.ratio) == (8e6, 2e6, 0.25)


@pytest.mark.parametrize("compare", [compare_timeline_memory, compare_aligner_memory])
def test_the_memory_of_a_long_recording_is_ours(setting, monkeypatch, compare):
    def peak(run, recording, *_):
        short = recording.name.endswith("_3.wav") if hasattr(recording, "name") else len(recording) < 3 * 16_000
        return 1e8 if short else 2e8

    monkeypatch.setattr(scaling_rows, "peak_bytes", peak)
    (measured,) = compare(setting, (3, 6))
    assert measured.ratio == 0.5
    assert measured.name.endswith("6 s / 3 s")
