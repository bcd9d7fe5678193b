"""Sound in the files of phones, meetings and browsers."""

import contextlib
import io
import itertools
import logging
import struct
import time
import tracemalloc
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile
from containers import FASTSTART, FRAGMENTS, LIVE, contained, video
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.model.audio_file_wise import AudioFile
from wise_hf.model.audio_wise import load_audio, open_audio
from wise_hf.model.container_file_wise import ContainerFile


RATE = 16_000


def chirp(rate: int, seconds: float = 6.0) -> np.ndarray:
    """It never sounds as it did before."""
    time_s = np.arange(round(seconds * rate) + 123) / rate
    return 0.3 * np.sin(2 * np.pi * 300 * time_s * (1 + time_s / 8)) * (0.3 + 0.7 * np.sin(3 * time_s) ** 2)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))


@contextlib.contextmanager
def opened(content: bytes):
    with open_audio(io.BytesIO(content), "x") as audio:
        yield audio


def read(content: bytes, start: int = 0, stop: int | None = None) -> np.ndarray:
    with opened(content) as audio:
        return audio.read(start, stop)


# Format and codec, rate, options; how close the samples come, and by how many they come late (what the encoder puts in
# front, where the format does not tell how much that is).
KINDS = {
    "m4a of AAC": (("ipod", "aac", 48_000), 0.03, 0),
    "m4a that a browser wrote": (("mp4", "aac", 48_000, FRAGMENTS), 0.03, 1024),
    "m4a of ALAC": (("ipod", "alac", 44_100), 1e-4, 0),
    "mp4 with its header first": (("mp4", "aac", 44_100, FASTSTART), 0.03, 0),
    "mp4 of mp3": (("mp4", "mp3", 44_100), 0.03, 0),
    "mp4 of Opus": (("mp4", "libopus", 48_000), 0.03, 0),
    "mp4 of AC-3": (("mp4", "ac3", 48_000), 0.03, 0),
    "mov of PCM": (("mov", "pcm_s24le", 48_000), 1e-5, 0),
    "webm": (("webm", "libopus", 48_000), 0.03, 0),
    "webm that a browser wrote": (("webm", "libopus", 48_000, LIVE), 0.03, 0),
    "mkv of AAC": (
        ("matroska", "aac", 44_100),
        None,
        None,
    ),  # with FFmpeg 7, 1024 late
    "mkv of flac": (("matroska", "flac", 48_000), 1e-4, 0),
    "mkv of PCM": (("matroska", "pcm_s16le", 48_000), 1e-4, 0),
    "aac": (("adts", "aac", 48_000), 0.03, 1024),
    "wma": (("asf", "wmav2", 44_100), 0.03, None),
    "amr": (("amr", "libopencore_amrnb", 8_000), None, None),
    "3gp": (("3gp", "libopencore_amrnb", 8_000), None, None),
}
FILES = {name: contained(chirp(kind[2]), *kind) for name, (kind, _, _) in KINDS.items()}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read(name):
    (_, _, rate, *_), close, late = KINDS[name]
    with opened(FILES[name]) as audio:
        assert isinstance(audio, ContainerFile) and (audio.rate, audio.channels) == (rate, 1)
        samples = audio.read()
        assert audio.count_frames() == len(samples)
        assert audio.frames in (None, len(samples))
    assert samples.dtype == np.float32 and abs(len(samples) - len(chirp(rate)) - (late or 0)) < 2100
    if late is not None:
        same = min(len(samples) - late, len(chirp(rate)))
        assert rms(samples[late : late + same, 0][:-2100] - chirp(rate)[:same][:-2100]) < close


@pytest.mark.parametrize("name", KINDS)
def test_a_part_is_that_of_the_whole_recording(name):
    rate = KINDS[name][0][2]
    whole = read(FILES[name])
    for start_s, stop_s in [(0, 0.001), (0.0001, 0.1), (1, 2), (2.5003, 3.1), (4.9, 4.901), (5.5, 9), (8, 8.1)]:
        start, stop = round(start_s * rate), round(stop_s * rate)
        # Speech codecs remember more than others, and AC-3 dithers.
        rough = "amr" in KINDS[name][0][1] or "ac3" in KINDS[name][0][1]
        np.testing.assert_allclose(read(FILES[name], start, stop), whole[start:stop], atol=0.02 if rough else 1e-4)


@pytest.mark.parametrize("name", ["m4a of AAC", "mp4 of Opus", "mp4 of mp3", "aac"])
def test_no_more_is_decoded_than_is_asked_for(name, monkeypatch):
    rate, decoded = KINDS[name][0][2], []
    original = ContainerFile._samples
    monkeypatch.setattr(ContainerFile, "_samples", lambda self, frame: decoded.append(frame) or original(self, frame))
    for start in (0, 5 * rate):
        decoded.clear()
        assert len(read(FILES[name], start, start + 10)) == 10
        assert sum(frame.samples for frame in decoded) < 1.2 * rate


def test_blocks_are_of_bounded_size_and_together_the_whole():
    content = contained(np.tile(chirp(48_000), 5), "webm", "libopus", 48_000, LIVE)
    with opened(content) as audio:
        blocks = list(audio.blocks())
        np.testing.assert_array_equal(np.concatenate(blocks), audio.read())
    assert len(blocks) > 3 and max(map(len, blocks)) < 300_000


def test_channels_are_kept_apart():
    stereo = np.stack([chirp(48_000), np.zeros(len(chirp(48_000)))], axis=1)
    for kind in (("ipod", "alac", 48_000), ("matroska", "pcm_s16le", 48_000)):
        samples = read(contained(stereo, *kind))
        np.testing.assert_allclose(samples[: len(stereo)], stereo, atol=1e-4)
    assert read(contained(np.zeros((RATE, 6)), "matroska", "flac", RATE)).shape == (RATE, 6)


def with_channels(adts: bytes, code: int) -> bytes:
    """AAC whose frames tell another arrangement of channels, by its code."""
    data, at = bytearray(adts), 0
    while at < len(data):
        size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        data[at + 2], data[at + 3] = data[at + 2] & 0xFE | code >> 2, data[at + 3] & 0x3F | (code & 3) << 6
        at += size
    return bytes(data)


def test_eight_channels_are_read_though_pyav_finds_a_ninth():
    mono = contained(chirp(RATE, 1), "adts", "aac", RATE)
    samples = read(with_channels(mono, 7))
    assert samples.shape == (len(read(mono)), 8) and np.isfinite(samples).all()
    np.testing.assert_allclose(samples[:, 2], read(mono)[:, 0], atol=1e-5)  # the one in front


def test_the_data_tell_the_kind_and_not_the_name(tmp_path):
    path = tmp_path / "x.wav"
    path.write_bytes(FILES["m4a of ALAC"])
    with path.open("rb") as file, open_audio(file, "x") as audio:
        assert isinstance(audio, ContainerFile)
    tagged = b"ID3\x03\0\0\0\0\x01\x00" + bytes(128) + FILES["aac"]
    np.testing.assert_array_equal(read(tagged), read(FILES["aac"]))


# --- time ---


@pytest.mark.parametrize(
    "kind", [("ipod", "alac", 48_000), ("mp4", "aac", 48_000, FRAGMENTS), ("webm", "libopus", 48_000, LIVE)]
)
def test_silence_stands_where_sound_is_missing(kind):
    content = contained(chirp(48_000), *kind, pause_s=20.0)
    whole = read(content)
    assert len(whole) / 48_000 == pytest.approx(26.0, abs=0.05)
    np.testing.assert_allclose(whole[4 * 48_000 : 22 * 48_000], 0, atol=1e-6)
    assert np.abs(whole[24 * 48_000 : 25 * 48_000]).max() > 0.1
    for start_s, stop_s in [(1, 2), (10, 11), (2.5, 24), (24, 25)]:
        start, stop = round(start_s * 48_000), round(stop_s * 48_000)
        np.testing.assert_allclose(read(content, start, stop), whole[start:stop], atol=1e-4)


def test_a_file_that_leaves_out_days_is_damaged():
    with pytest.raises(ValueError, match="x is damaged: its times leave out 100000 s"):
        read(contained(chirp(48_000), "webm", "libopus", 48_000, pause_s=100_000.0))


@pytest.mark.parametrize(("format", "codec"), [("mp4", "aac"), ("matroska", "libopus"), ("mov", "aac")])
def test_the_sound_of_a_video_is_read(format, codec):
    samples = read(video(format, chirp(48_000), codec))[:, 0]
    assert rms(samples[: 5 * 48_000] - chirp(48_000)[: 5 * 48_000]) < 0.03


# --- what is refused ---

M4A, WEBM = FILES["m4a of AAC"], FILES["webm"]


def protected_wma() -> bytes:
    """With an object in its header that says how to decrypt the data."""
    drm = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e") + struct.pack("<Q", 24)
    header, size, count = FILES["wma"][:30], *struct.unpack("<QI", FILES["wma"][16:28])
    return header[:16] + struct.pack("<QI", size + 24, count + 1) + header[28:] + drm + FILES["wma"][30:]


def mono_then_stereo() -> bytes:
    return FILES["aac"] + contained(np.stack([chirp(48_000)] * 2, axis=1), "adts", "aac", 48_000)


def with_box(kind: bytes, *numbers: int) -> bytes:
    content = kind + struct.pack(f">{len(numbers)}I", *numbers)
    return (
        M4A
        + struct.pack(">I4s", 16 + len(content), b"moof")
        + struct.pack(">I", 4 + len(content))
        + content
        + bytes(4)
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (M4A[:8_000], "cannot be read as audio"),
        (FILES["mp4 with its header first"][:20_000], r"is cut short: \d+ of 264732 samples; give the whole file"),
        (M4A[:100], "cannot be read as audio"),
        (WEBM[:40], "cannot be read as audio|has no sound"),
        (WEBM[:20], "cannot be read as audio|has no sound"),
        (b"\0\0\0\x18ftypisom", "cannot be read as audio"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "cannot be read as audio|has no sound"),
        (video("matroska"), "x has no sound; give a wav, flac"),
        (M4A.replace(b"mp4a", b"drms"), r"x is protected \(DRM\)"),
        (M4A.replace(b"mp4a", b"enca"), r"x is protected \(DRM\)"),
        (protected_wma(), r"x is protected \(DRM\)"),
        (WEBM.replace(b"A_OPUS", b"A_XPUS"), "x has sound coded in an unknown way, which is not read; give a wav"),
        (contained(chirp(RATE), "matroska", "tta", RATE), "x has sound coded in tta, which is not read; give a wav"),
        (mono_then_stereo(), "changes its rate or its channels on the way"),
        (with_box(b"trun", 0, 0x7FFFFFFF), "is damaged: its header tells of 21474"),
        (with_box(b"stsz", 0, 13, 0x04000034), "is damaged: its header tells of 671"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "it is no wav"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "it is no wav"),
        (b"#!AMR\nfile:///etc/passwd", "cannot be read as audio|has no samples|damaged"),
        (b"\xff\xfe" + b"a\0" * 100, "it is no wav"),
    ],
    ids=itertools.count(),  # not the bytes, which FFmpeg makes anew in each process
)
def test_what_cannot_be_read_is_told_in_a_sentence(content, told):
    with pytest.raises(ValueError, match=told) as caught:
        read(content)
    assert "\n" not in str(caught.value) and str(caught.value).startswith("x ")


def test_a_browsers_recording_that_was_broken_off_is_read_as_far_as_it_goes():
    for name in ("webm that a browser wrote", "aac", "amr"):
        whole, rate = read(FILES[name]), KINDS[name][0][2]
        half = read(FILES[name][: len(FILES[name]) // 2 + 1])
        assert 2 * rate < len(half) < 5 * rate
        np.testing.assert_allclose(half, whole[: len(half)], atol=1e-5)


def test_only_the_file_itself_is_opened(monkeypatch):
    """A QuickTime file may say that its sound lies elsewhere."""
    opener, given = av.open, []
    monkeypatch.setattr(av, "open", lambda file, **options: given.append((file, options)) or opener(file, **options))
    read(M4A, 0, 10)
    for file, options in given:
        assert isinstance(file, io.BytesIO) and options["format"] == "mov"
        with pytest.raises(ValueError, match="refers to another one, which is not opened"):
            options["io_open"]("file:///etc/passwd", 0, {})


def test_wav_and_mp3_are_still_for_libsndfile():
    for format in ("WAV", "FLAC", "MP3", "OGG"):
        file = io.BytesIO()
        soundfile.write(file, chirp(RATE), RATE, format=format)
        with opened(file.getvalue()) as audio:
            assert isinstance(audio, AudioFile)


SHORT = [contained(chirp(kind[2], 0.5), *kind) for kind, _, _ in KINDS.values()]


@given(
    content=st.sampled_from(SHORT),
    flips=st.lists(st.tuples(st.floats(-0.1, 1.1), st.integers(0, 255)), max_size=8),
    cut=st.floats(0, 1.5),
)
@settings(max_examples=300)
def test_damage_is_either_read_or_refused_in_a_sentence(content, flips, cut):
    damaged = bytearray(content[: round(cut * len(content))])
    for place, value in flips if damaged else ():
        damaged[min(max(round(place * len(damaged)), 0), len(damaged) - 1)] = value
    began = time.monotonic()
    with contextlib.suppress(ValueError), opened(bytes(damaged)) as audio:
        for block in audio.blocks(0, 5 * audio.rate):
            assert len(block)
        audio.count_frames() if audio.frames is None else audio.read(audio.rate // 4, audio.rate // 3)
    assert time.monotonic() - began < 20


def test_nothing_is_printed_or_logged(caplog, capfd):
    with caplog.at_level(logging.DEBUG), contextlib.suppress(ValueError):
        read(FILES["aac"][:5_000] + bytes(500) + FILES["aac"][5_000:])
    assert not caplog.records and capfd.readouterr() == ("", "")


def test_a_long_recording_is_read_in_flat_memory():
    content = contained(np.zeros(48_000 * 120), "matroska", "flac", 48_000)
    tracemalloc.start()
    with opened(content) as audio:
        total = sum(len(block) for block in audio.blocks())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 48_000 * 120 and peak < 10e6


def silent_call(minutes: float, step_s: float) -> bytes:
    """Opus of somebody who says nothing: packets of 120 ms in which nothing is coded, `step_s` apart."""
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        for number in range(round(minutes * 60 / step_s)):
            packet = av.Packet(b"\xfb\x06")
            packet.stream, packet.time_base = stream, Fraction(1, 1_000)
            packet.pts = packet.dts = round(1_000 * step_s * number)
            container.mux(packet)
    return file.getvalue()


@pytest.mark.parametrize("step_s", [0.12, 4, 240])
def test_a_call_in_which_hardly_anything_is_said_is_read_whole(step_s):
    content = silent_call(12, step_s)
    with opened(content) as audio:
        expected = pytest.approx(720 * 48_000, abs=step_s * 48_000)
        assert audio.count_frames() == expected
    assert len(load_audio(content)) * 3 == expected


def test_somebody_may_be_muted_for_hours_but_not_for_days():
    with opened(silent_call(20 * 60, 3 * 3600)) as audio:
        assert audio.count_frames() > 17 * 3600 * 48_000
    with opened(silent_call(30 * 60, 3 * 3600)) as audio, pytest.raises(ValueError, match="its times leave out 97"):
        audio.count_frames()
