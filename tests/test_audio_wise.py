"""Recordings to samples."""

import io

import numpy as np
import pytest
import soundfile

from wise_hf.audio_wise import read_audio, to_mono


def tone(rate: int, seconds: float = 0.5, frequency_hz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(round(rate * seconds)) / rate)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_number_of_channels_becomes_the_same_mono(tmp_path, rate, channels):
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.repeat(tone(rate)[:, None], channels, axis=1), rate)
    samples = read_audio(path)
    assert samples.dtype == np.float32 and len(samples) == pytest.approx(8000, abs=2)
    np.testing.assert_allclose(samples[400:7600], tone(16_000)[400:7600], atol=2e-3)


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg"])
def test_bytes_and_paths_give_the_same(tmp_path, extension):
    path = tmp_path / f"tone.{extension}"
    soundfile.write(path, tone(16_000), 16_000)
    np.testing.assert_array_equal(read_audio(path.read_bytes()), read_audio(str(path)))


def test_a_part_is_cut_out_at_its_times(tmp_path):
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(16_000), 16_000)
    np.testing.assert_array_equal(read_audio(path, start_s=0.1, end_s=0.3), read_audio(path)[1600:4800])
    np.testing.assert_array_equal(read_audio(path, start_s=0.4, end_s=9.0), read_audio(path)[6400:])


def test_channels_are_averaged_and_integers_scaled():
    stereo = np.array([[16384, 0], [0, -32768]], dtype=np.int16)
    np.testing.assert_allclose(to_mono(stereo, 16_000, 16_000), [0.25, -0.5])


@pytest.mark.parametrize(
    ("samples", "rate", "told"),
    [
        (np.zeros(0), 16_000, "has no samples"),
        (np.array([0.0, np.nan]), 16_000, "NaN or infinite"),
        (np.zeros((2, 16_000)), 16_000, r"\(2, 16000\); give \(samples, channels\)"),
        (np.zeros((2, 2, 2)), 16_000, r"has the shape \(2, 2, 2\)"),
        (np.zeros(5), 0, "at 0 Hz"),
    ],
)
def test_unusable_samples_are_refused(samples, rate, told):
    with pytest.raises(ValueError, match=told):
        to_mono(samples, rate, 16_000)


def test_what_is_no_audio_is_named(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"no audio at all")
    with pytest.raises(ValueError, match="x.wav cannot be read as audio"):
        read_audio(tmp_path / "x.wav")
    with pytest.raises(ValueError, match="y.wav is not there"):
        read_audio(tmp_path / "y.wav")
    with pytest.raises(ValueError, match="11 bytes cannot be read as audio"):
        read_audio(b"other bytes")


def test_an_empty_file_and_nan_samples_in_a_file_are_refused(tmp_path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), 16_000, subtype="FLOAT")
    with pytest.raises(ValueError, match="empty.wav has no samples"):
        read_audio(tmp_path / "empty.wav")
    with pytest.raises(ValueError, match="nan.wav has samples that are NaN"):
        read_audio(tmp_path / "nan.wav")


def test_a_file_like_object_is_read_through_its_bytes():
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(16_000), 16_000, format="WAV")
    assert len(read_audio(buffer.getvalue())) == 8000
