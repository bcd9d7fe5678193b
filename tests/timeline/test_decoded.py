"""Recordings of any length, decoded once."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wise_hf.model.audio_wise import read_audio
from wise_hf.timeline.decoded import Decoded, TemporaryFileError


def test_any_part_is_that_of_the_recording(tmp_path):
    samples = np.random.default_rng(0).normal(0, 0.1, (50_000, 2))
    soundfile.write(tmp_path / "call.wav", samples, 11_025)
    for channel in (None, 1):
        whole = read_audio(tmp_path / "call.wav", channel=channel)
        with Decoded(tmp_path / "call.wav") as recording:
            assert (recording.channels, recording.num_samples) == (2, len(whole))
            assert np.abs(recording.read(30_000, 40_000, channel) - whole[30_000:40_000]).max() < 1e-6
        with Decoded(tmp_path / "call.wav", channel=1) as recording:
            assert recording.channels == 1


def test_what_is_no_recording_is_told(tmp_path):
    with pytest.raises(ValueError, match="is not there"):
        Decoded(tmp_path / "nowhere.wav")
    soundfile.write(tmp_path / "call.wav", np.zeros(100), 8_000)
    with pytest.raises(ValueError, match="there is no channel 1"):
        Decoded(tmp_path / "call.wav", channel=1)


def test_memory_does_not_grow_with_the_length(tmp_path):
    peaks = []
    for minutes in (2, 12):
        with soundfile.SoundFile(tmp_path / "call.wav", "w", 16_000, 1) as file:
            for _ in range(minutes):
                file.write(np.full(60 * 16_000, 0.1))
        tracemalloc.start()
        with Decoded(tmp_path / "call.wav") as recording:
            sum(len(recording.read(*part)) for part in recording.parts(480_000))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_for_temporary_files_is_told_and_not_blamed_on_the_recording(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", np.ones(16_000, np.float32) / 2, 16_000)
    full = Path("/dev/full")
    monkeypatch.setattr("tempfile.TemporaryFile", lambda: full.open("r+b", buffering=0))
    with pytest.raises(TemporaryFileError, match="^No temporary file can be written .No space left on device.; make"):
        Decoded(tmp_path / "a.wav")
    monkeypatch.setattr("tempfile.TemporaryFile", lambda: (tmp_path / "nowhere" / "file").open("w+b"))
    with pytest.raises(TemporaryFileError, match="No such file or directory"):
        Decoded(tmp_path / "a.wav")
