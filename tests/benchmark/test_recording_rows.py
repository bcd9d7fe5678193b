"""A recording to scores by WISE and by what else one could run: all are measured alike."""

from functools import partial

import pytest
from transformers import Wav2Vec2Config

from wise_hf.benchmark import recording_rows
from wise_hf.benchmark.measurement import NotHere
from wise_hf.benchmark.recording_rows import (
    compare_aligner,
    compare_heard_scores,
    compare_memory,
    compare_mfcc,
    compare_scores,
    compare_whisper,
)
from wise_hf.benchmark.setting import Setting
from wise_hf.benchmark.systems import wav2vec2_scores, wise_scores


SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
SMALL |= {"conv_dim": [8] * 7, "num_conv_pos_embedding_groups": 2, "num_labels": 4, "classifier_proj_size": 8}
THEIRS = {"small": partial(wav2vec2_scores, Wav2Vec2Config(**SMALL))}


def test_the_aligner_is_compared_with_a_classifier_and_with_real_time(spoken_setting):
    beside, real_time = compare_aligner(spoken_setting, THEIRS)
    assert beside.name.endswith("/ small")
    assert real_time.theirs == pytest.approx(spoken_setting.spoken.duration_s)


def test_each_of_ours_is_compared_with_each_of_theirs(monkeypatch, setting):
    taken = {"times_s": lambda self, runs: [[1.0], [2.0], [4.0], [8.0]]}
    monkeypatch.setattr(Setting, "times_s", taken["times_s"])
    make = partial(wise_scores, "Come inside.")
    compared = compare_scores(setting, {"A": make, "B": make}, {"C": THEIRS["small"], "D": THEIRS["small"]})
    ratios = {each.name.rpartition(", ")[2]: each.ratio for each in compared}
    assert ratios == {"A / C": 4.0, "A / D": 8.0, "B / C": 2.0, "B / D": 4.0}


def test_a_recording_alone_is_heard_first(spoken_setting):
    (measured,) = compare_heard_scores(spoken_setting, THEIRS)
    assert measured.ours > measured.theirs > 0


def test_the_memory_of_processes_is_compared(setting, monkeypatch):
    def peak(score, make, samples):
        score(make, samples)
        return {"ours": 1e8, "theirs": 3e8}[make.keywords["name"]]

    monkeypatch.setattr(recording_rows, "peak_bytes", peak)
    ours, theirs = ({name: partial(lambda name: len, name=name)} for name in ("ours", "theirs"))
    (measured,) = compare_memory(setting, ours, theirs)
    assert measured.ratio == 3
    assert measured.unit == "bytes"


def test_the_mfcc_of_both_backends_are_compared(setting):
    pytest.importorskip("opensmile")
    (measured,) = compare_mfcc(setting, audio_s=0.5, seconds=0)
    assert measured.ratio > 0


def test_without_opensmile_the_mfcc_are_left_out(monkeypatch, setting):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NotHere, match="openSMILE is not installed"):
        compare_mfcc(setting)


def test_without_a_whisper_its_row_is_left_out(setting):
    with pytest.raises(NotHere, match="--whisper"):
        compare_whisper(setting)
