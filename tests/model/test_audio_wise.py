"""Recordings to samples."""

import io
import os
import types
from decimal import Decimal

import numpy as np
import pytest
import soundfile
import soxr
import torch
from containers import LIVE, contained

from wise_hf.model.audio_wise import audio_blocks, audio_duration_s, load_audio, read_audio, to_mono


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


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 192_000])
def test_blocks_together_are_the_whole_recording(tmp_path, rate):
    stereo = np.random.default_rng(0).normal(0, 0.1, (400_001, 2)).clip(-1, 1)  # more than a block
    soundfile.write(tmp_path / "noise.wav", stereo, rate, subtype="FLOAT")
    blocks = list(audio_blocks(tmp_path / "noise.wav"))
    assert len(blocks) > 2 and all(len(block) and block.dtype == np.float32 for block in blocks)
    whole = soxr.resample(stereo.astype(np.float32), rate, 16_000)
    np.testing.assert_allclose(np.concatenate(blocks), whole, rtol=0, atol=1e-5)
    first = audio_blocks((tmp_path / "noise.wav").read_bytes(), 8_000)
    assert len(next(first)) <= 300_000


def test_a_browsers_recording_is_read_whole_in_parts_and_in_blocks(tmp_path):
    (tmp_path / "x.webm").write_bytes(contained(tone(48_000, 12.0), "webm", "libopus", 48_000, LIVE))
    whole = read_audio(tmp_path / "x.webm")
    assert audio_duration_s(tmp_path / "x.webm") == 12.0 and len(whole) == 12 * 16_000
    np.testing.assert_allclose(np.concatenate([*audio_blocks(tmp_path / "x.webm")])[:, 0], whole, rtol=0, atol=1e-5)
    part = read_audio(tmp_path / "x.webm", start_s=5.0, end_s=6.0)
    np.testing.assert_allclose(part[400:-400], whole[5 * 16_000 + 400 : 6 * 16_000 - 400], atol=1e-3)


def test_blocks_of_what_cannot_be_used_are_refused(tmp_path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 8_000)
    soundfile.write(tmp_path / "nan.wav", np.append(np.zeros(300_000), np.nan), 8_000, subtype="FLOAT")
    with pytest.raises(ValueError, match="empty.wav has no samples"):
        next(audio_blocks(tmp_path / "empty.wav"))
    blocks = audio_blocks(tmp_path / "nan.wav")
    assert len(next(blocks))
    with pytest.raises(ValueError, match="nan.wav has samples that are NaN"):
        list(blocks)


def test_channels_are_averaged_and_integers_scaled():
    stereo = np.array([[16384, 0], [0, -32768]], dtype=np.int16)
    np.testing.assert_allclose(to_mono(stereo, 16_000, 16_000), [0.25, -0.5])


@pytest.mark.parametrize(
    ("dtype", "silent", "quarter"),
    [
        (np.int8, 0, 32),
        (np.uint8, 128, 160),
        (np.int16, 0, 8192),
        (np.uint16, 1 << 15, 40_960),
        (np.int32, 0, 1 << 29),
        (np.uint32, 1 << 31, 0xA0000000),
        (np.float16, 0, 0.25),
        (np.float64, 0, 0.25),
        (np.dtype(">i2"), 0, 8192),
    ],
)
def test_every_type_of_samples_is_scaled(dtype, silent, quarter):
    np.testing.assert_array_equal(to_mono(np.array([silent, quarter], dtype=dtype), 16_000, 16_000), [0, 0.25])


@pytest.mark.parametrize(
    ("samples", "rate", "told"),
    [
        (np.zeros(0), 16_000, "has no samples"),
        (np.array([0.0, np.nan]), 16_000, "NaN or infinite"),
        (np.zeros((2, 16_000)), 16_000, r"\(2, 16000\); give \(samples, channels\)"),
        (np.zeros((2, 2, 2)), 16_000, r"has the shape \(2, 2, 2\)"),
        (np.zeros((0, 2)), 16_000, "has no samples"),
        (np.zeros(5), 0, "at 0 Hz"),
        (np.zeros(5), 16, "at 16 Hz; give the samples' rate in Hz, 1000 to 192000"),
        (np.zeros(5), 200_000, "at 200000 Hz"),
        (np.zeros(5, dtype=np.int64), 16_000, "type int64, which tells no full scale"),
        (np.zeros(5, dtype=bool), 16_000, "type bool"),
        (np.array([0.0, -20_000.0]), 16_000, r"samples up to 20000; divide them, to be within \[-1, 1\]"),
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


def test_channels_that_cancel_are_not_mixed_to_silence(tmp_path, caplog):
    soundfile.write(tmp_path / "x.wav", np.stack([tone(16_000), -tone(16_000)], axis=1), 16_000)
    samples = read_audio(tmp_path / "x.wav")
    np.testing.assert_allclose(np.abs(samples), np.abs(tone(16_000)), atol=1e-4)
    assert "x.wav has channels that cancel each other" in caplog.text


# --- whatever holds a recording ---

TONE = tone(8_000)
INT16 = np.round(TONE * 32768).astype(np.int16)
EXPECTED = to_mono(INT16, 8_000, 16_000)
STEREO = np.stack([INT16, INT16], axis=1)


def wav() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, INT16, 8_000, format="WAV")
    return buffer.getvalue()


class Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *args: int) -> int:
        raise io.UnsupportedOperation


def at_its_end() -> io.BytesIO:
    file = io.BytesIO(wav())
    file.seek(0, io.SEEK_END)
    return file


class Decoder:
    """As torchcodec's AudioDecoder."""

    def get_all_samples(self) -> types.SimpleNamespace:
        return types.SimpleNamespace(data=torch.tensor(STEREO.T / 32768, dtype=torch.float32), sample_rate=8_000)


FILES = {
    "bytes": wav,
    "a bytearray": lambda: bytearray(wav()),
    "a memoryview": lambda: memoryview(wav()),
    "a file": lambda: io.BytesIO(wav()),
    "a file at its end": at_its_end,
    "a file that cannot seek": lambda: Unseekable(wav()),
    "a row of datasets": lambda: {"bytes": wav(), "path": "gone.wav"},
    "a decoder": Decoder,
    "a dict of an array": lambda: {"array": INT16, "sampling_rate": 8_000},
    "a decoded row of datasets": lambda: {"path": "gone.wav", "array": TONE, "sampling_rate": 8_000},
    "raw": lambda: {"raw": TONE, "sampling_rate": 8_000},
    "a row of torch": lambda: {"array": torch.tensor(INT16), "sampling_rate": torch.tensor(8_000)},
}


@pytest.mark.parametrize("form", FILES)
def test_what_knows_its_rate_is_read_at_it(form):
    np.testing.assert_allclose(load_audio(FILES[form]()), EXPECTED, atol=1e-4)


def test_paths_are_read(tmp_path):
    path = tmp_path / "x.raw"  # whatever a wav file is called
    path.write_bytes(wav())
    for form in (path, str(path), {"path": str(path), "bytes": None}):
        np.testing.assert_array_equal(load_audio(form), EXPECTED)
    with path.open("rb") as file:
        np.testing.assert_array_equal(load_audio(file), EXPECTED)
        assert not file.closed


ARRAYS = {
    "samples": INT16,
    "floats of 64 bits": TONE,
    "a list": TONE.tolist(),
    "a tuple": tuple(TONE),
    "samples, channels": STEREO,
    "channels, samples": STEREO.T,
    "one channel": INT16[None],
    "a tensor": torch.tensor(TONE),
    "a tensor, channels first": torch.tensor(STEREO.T.copy()),
    "a tensor with a gradient": torch.tensor(TONE, requires_grad=True),
    "a list of channels": [TONE.tolist(), TONE.tolist()],
}


@pytest.mark.parametrize("form", ARRAYS)
@pytest.mark.parametrize("rate", [8_000, 8_000.0, np.int64(8_000), np.float32(8_000), np.array(8_000)])
def test_arrays_take_their_rate_in_any_type(form, rate):
    np.testing.assert_allclose(load_audio(ARRAYS[form], rate), EXPECTED, atol=1e-4)


def test_an_array_without_a_rate_has_the_one_that_is_wanted():
    np.testing.assert_array_equal(load_audio(INT16, to_rate=8_000), INT16 / np.float32(32768))


def test_half_precision_is_taken():
    for dtype in (torch.float16, torch.bfloat16):
        np.testing.assert_allclose(load_audio(torch.tensor(TONE, dtype=dtype), 8_000), EXPECTED, atol=0.01)


@pytest.mark.parametrize(
    "rate", [0, -8_000, 8_000.5, float("nan"), float("inf"), True, "8000", [8_000, 1], Decimal(1)]
)
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(ValueError, match="sampling rate is .*; give a whole number of Hz|The audio is at"):
        load_audio(TONE, rate)
    with pytest.raises(ValueError, match="sampling rate is .*; give a whole number of Hz|The audio is at"):
        load_audio({"array": TONE, "sampling_rate": rate})


@pytest.mark.parametrize(
    ("audio", "told"),
    [
        (None, "The audio is of type NoneType; give"),
        (5, "The audio is of type int; give"),
        (np.float32(0.5), "an array of numbers"),
        (torch.tensor(0.5), "an array of numbers"),
        (["a.wav", "b.wav"], "an array of numbers"),
        ([TONE, 8_000], "an array of numbers"),
        ([[0.1, 0.2], [0.1]], "an array of numbers"),
        (np.array([1j]), "an array of numbers"),
        ([], "no samples"),
        (np.zeros((9, 16_000)), r"shape \(9, 16000\); give \(samples, channels\) of one recording"),
        (np.zeros((1, 2, 16_000)), r"shape \(1, 2, 16000\)"),
        ({}, "holds no audio; it has array and sampling_rate, or bytes or path"),
        ({"bytes": None, "path": None}, "holds no audio"),
        ({"array": TONE}, "without its sampling_rate"),
        ({"array": TONE, "sample_rate": 8_000}, "does not have 'sample_rate'; it has array and sampling_rate"),
        (io.StringIO("RIFF"), "gives str holds no audio; open it in the mode 'rb'"),
        (io.BytesIO(b""), "is empty"),
        ("https://host/a.wav", "https://host/a.wav is an address, which is not fetched; download it"),
        ("hf://datasets/a.wav", "is an address"),
        ("gone.wav", "gone.wav is not there"),
        ("a\0b.wav", "is not there"),
        ("x" * 5_000, "x is not there"),
    ],
)
def test_what_is_no_recording_is_told_in_a_sentence(audio, told):
    with pytest.raises(ValueError, match=told) as caught:
        load_audio(audio)
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


def test_two_rates_for_one_array_are_refused():
    with pytest.raises(ValueError, match="two sampling rates, 8000 and 16000 Hz; give one"):
        load_audio({"array": TONE, "sampling_rate": 8_000}, 16_000)


def test_a_folder_a_pipe_and_a_headerless_file_are_told(tmp_path):
    with pytest.raises(ValueError, match="is a folder; give the path of an audio file"):
        load_audio(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(ValueError, match="pipe.wav is a pipe or a device; write the recording into a file"):
        load_audio(tmp_path / "pipe.wav")
    (tmp_path / "x.raw").write_bytes(INT16.tobytes())
    for use in (load_audio, audio_duration_s):
        with pytest.raises(ValueError, match="x.raw .*headerless, raw file does not tell its sampling rate"):
            use(tmp_path / "x.raw")


@pytest.mark.parametrize("size", [0, 2_000_000_000])
def test_the_length_of_a_file_is_that_of_its_data(tmp_path, size):
    content = wav()
    (tmp_path / "x.wav").write_bytes(content[:40] + size.to_bytes(4, "little") + content[44:])
    assert audio_duration_s(tmp_path / "x.wav") == audio_duration_s(content) == 0.5
    part = read_audio(tmp_path / "x.wav", 8_000, start_s=0.25)
    np.testing.assert_array_equal(part, INT16[2_000:] / np.float32(32768))
