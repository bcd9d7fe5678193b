"""Audio files: what is read, and how much of it, is judged by the data."""

import contextlib
import io
import re

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.model import audio_reader_wise
from wise_hf.model.audio_file_wise import AudioFile


RATE = 16_000
NOISE = np.random.default_rng(0).normal(0, 0.1, 2 * RATE + 1).clip(-1, 1)


def encoded(samples: np.ndarray = NOISE, rate: int = RATE, format: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=format, subtype=subtype)
    return file.getvalue()


def read(content: bytes, start: int = 0, stop: int | None = None) -> np.ndarray:
    with AudioFile(io.BytesIO(content), "x") as audio:
        return audio.read(start, stop)[:, 0]


def count(content: bytes) -> int:
    with AudioFile(io.BytesIO(content), "x") as audio:
        return audio.count_frames()


def patched(content: bytes, at: int, value: int, size: int = 4, order: str = "little") -> bytes:
    return content[:at] + value.to_bytes(size, order) + content[at + size :]


# --- sizes in a wav file's header ---

WAV = encoded()
TRUE_BYTES = 2 * len(NOISE)
PCM = read(WAV)
SIZES = st.just(0) | st.integers(TRUE_BYTES, 2**32 - 1) | st.sampled_from([2_000_000_000, 0x7FFF0000, 0x80000000])


@given(riff=st.integers(0, 2**32 - 1), data=SIZES)
@settings(max_examples=50)
def test_a_wav_file_is_read_to_the_end_of_its_data_whatever_size_it_tells(riff, data):
    content = patched(patched(WAV, 4, riff), 40, data)
    np.testing.assert_array_equal(read(content), PCM)
    assert count(content) == len(NOISE)


@pytest.mark.parametrize("length", [1, 2, 100])
def test_a_size_that_leaves_most_of_the_file_over_is_a_placeholder(length):
    np.testing.assert_array_equal(read(patched(WAV, 40, length)), PCM)


@pytest.mark.parametrize("data", [0, len(WAV), 0xFFFFFFFF])
@pytest.mark.parametrize("before", [b"LIST\x04\0\0\0INFO", b"bext\x03\0\0\0abc\0", b"JUNK\0\0\0\0"])
def test_chunks_before_the_data_are_passed_over(data, before):
    content = WAV[:36] + before + patched(WAV[36:], 4, data)
    np.testing.assert_array_equal(read(content), PCM)


def test_chunks_after_the_data_are_not_heard():
    after = b"LIST\x0a\0\0\0INFOabcdef" + b"id3 \x03\0\0\0abc\0"
    np.testing.assert_array_equal(read(WAV + after), PCM)
    short = encoded(NOISE[:5])
    assert len(read(short + after)) == 5, "though they are longer than the data"
    assert len(read(patched(encoded(NOISE[:0]), 4, 60) + after)) == 0, "nor read as data where there are none"


def test_a_wav_file_that_was_cut_off_is_read_as_far_as_it_goes_and_is_told(caplog):
    for _ in range(2):
        np.testing.assert_array_equal(read(WAV[:20_001]), PCM[: (20_001 - 44) // 2])
    share = 100 * (20_001 - 44) // (len(WAV) - 44)
    told = f"x is cut short: {share} % of it are there, and are read; give the whole file."
    assert caplog.messages == [told], "once"


@pytest.mark.parametrize("kind", ["RF64", "W64", "AIFF"])
def test_a_file_of_another_kind_that_was_cut_off_is_told_too(kind, caplog):
    content = encoded(format=kind)
    assert len(read(content)) == len(PCM) and not caplog.messages
    assert 0 < len(read(content[: len(content) // 2])) < len(PCM)
    (told,) = caplog.messages
    assert re.fullmatch(r"x is cut short: (49|50) % of it are there, and are read; give the whole file\.", told)


@pytest.mark.parametrize("more", [1, 36])
def test_a_wav_file_whose_header_counts_a_few_bytes_too_many_is_not_told_as_cut(more, caplog):
    np.testing.assert_array_equal(read(patched(WAV, 40, len(WAV) - 44 + more)), PCM)
    assert not caplog.messages


@pytest.mark.parametrize("size", [0, 2_000_000_000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_wav_file_whose_length_nobody_knew_is_not_told_as_cut(size, caplog):
    np.testing.assert_array_equal(read(patched(WAV, 40, size)), PCM)
    assert not caplog.messages


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "FLOAT", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"])
def test_other_encodings_with_no_size_are_read(subtype):
    content = encoded(NOISE[1:], 8_000, subtype=subtype)  # an odd number of bytes would be padded
    at = content.index(b"data") + 4
    whole = read(content)
    assert 0 <= len(whole) - len(NOISE[1:]) < 1_000, "the last block is full"
    for size in (0, 2_000_000_000, 0xFFFFFFFF):
        np.testing.assert_array_equal(read(patched(content, at, size)), whole)


def test_rf64_without_sizes_is_read():
    content = encoded(format="RF64")
    at = content.index(b"ds64") + 8
    np.testing.assert_array_equal(read(patched(content, at, 0, size=24)), PCM)


# --- streams of other kinds ---


def flac_that_claims(frames: int) -> bytes:
    """36 bits, the last four of byte 21 and bytes 22 to 25."""
    content = encoded(format="FLAC")
    return patched(content, 21, (content[21] >> 4 << 36) | frames, size=5, order="big")


def test_flac_without_a_total_is_read_to_its_end():
    whole = read(encoded(format="FLAC"))
    np.testing.assert_array_equal(read(flac_that_claims(0)), whole)
    assert count(flac_that_claims(0)) == len(whole) == len(NOISE)
    np.testing.assert_array_equal(read(flac_that_claims(0), 20_000, 20_100), whole[20_000:20_100])


@pytest.mark.parametrize("claimed", [len(NOISE) + 1, 100_000, 2**36 - 1])
def test_flac_that_has_less_than_it_tells_is_cut_short(claimed):
    for use in (read, count):
        with pytest.raises(ValueError, match="cut short: 32001 of|cannot be read"):
            use(flac_that_claims(claimed))


def test_damaged_flac_is_refused():
    content = flac_that_claims(len(NOISE))
    for broken in (content[:30_000], content[:30_000] + bytes(500) + content[30_500:]):
        with pytest.raises(ValueError, match="x cannot be read as audio|x is cut short"):
            read(broken)


LOUD_FIRST = np.concatenate([NOISE, np.zeros(10 * RATE)])  # the bit rate falls


def without_length(mp3: bytes) -> bytes:
    """Without its first frame, which has nothing but the length."""
    return mp3[mp3.index(mp3[:2], 4) :]


@pytest.mark.parametrize("samples", [LOUD_FIRST, LOUD_FIRST[::-1]], ids=["loud first", "silence first"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_mp3_without_its_length_is_read_to_its_end(samples, rate):
    whole = encoded(samples, rate, "MP3")
    stream = without_length(whole)
    expected = read(whole)
    assert len(expected) == len(samples)
    heard = read(stream)
    assert count(stream) == len(heard) and len(expected) <= len(heard) < len(expected) + 3 * 1152
    late = np.correlate(heard, expected[:20_000] if samples is LOUD_FIRST else expected[-20_000:]).argmax()
    assert late < 3 * 1152 if samples is LOUD_FIRST else late > len(samples) - 20_000
    part = read(stream, 30_000, 31_000)
    np.testing.assert_allclose(part, heard[30_000:31_000], atol=1e-3)


MP3 = encoded(rate=8_000, format="MP3")
TAG = b"ID3\x03\0\0\0\0\x01\x00" + bytes(128)


@pytest.mark.parametrize(
    "content",
    [MP3, TAG + MP3, TAG + TAG + MP3, TAG + bytes(2_000) + MP3, bytes(100) + MP3, MP3 + b"TAG" + bytes(125)],
    ids=["as it is", "a tag", "two tags", "a tag and zeros", "zeros", "a tag at the end"],
)
def test_mp3_at_8_khz_is_read_with_tags_and_padding(content):
    assert MP3[:2] in (b"\xff\xe3", b"\xff\xe2")
    np.testing.assert_array_equal(read(content), read(MP3))


def test_mp3_that_was_cut_out_of_a_stream_is_read_from_its_first_whole_frame():
    heard = read(MP3[2_000:])
    assert len(NOISE) // 2 < len(heard) < len(NOISE)
    assert len(read(MP3[:2_000])) < len(NOISE)


@pytest.mark.parametrize(
    ("format", "subtype"),
    [("AIFF", None), ("AU", None), ("CAF", None), ("W64", None), ("RF64", None), ("NIST", None), ("WAVEX", None)]
    + [("WAV", "GSM610"), ("WAV", "G721_32"), ("WAV", "IMA_ADPCM"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)],
)
def test_a_part_is_that_of_the_whole(format, subtype):
    content = encoded(rate=8_000, format=format, subtype=subtype)
    whole = read(content)
    assert count(content) == len(whole) >= len(NOISE)
    for start, stop in [(0, 10), (1, 5_000), (12_345, 20_000), (31_000, 90_000), (90_000, 90_001)]:
        np.testing.assert_allclose(read(content, start, stop), whole[start:stop], atol=0.02)


# --- what is refused ---


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "x cannot be read as audio: it is empty"),
        (b"a text that somebody named x.wav", "it is no wav, flac, ogg, mp3, m4a, mp4 or webm file"),
        (bytes(1_000), "it is no wav, flac, ogg, mp3, m4a, mp4 or webm file"),
        (NOISE.astype(np.int16).tobytes(), "headerless, raw file does not tell its sampling rate: save it as wav"),
        ("text of Windows".encode("utf-16"), "it is no wav"),
        (b"RIFF", "cannot be read"),
        (WAV[:40], "cannot be read"),
        (patched(WAV, 22, 0, size=2), "cannot be read"),
        (patched(WAV, 24, 0), "cannot be read|0 samples a second"),
        (encoded(rate=999), "999 samples a second; 1000 to 192000"),
        (encoded(rate=192_001), "192001 samples a second"),
        (b"fLaC" + bytes(200), "cannot be read"),
        (TAG, "it is no wav"),
        (b"ID3\x03\0\0\x7f\x7f\x7f\x7f", "it is no wav"),
    ],
)
def test_what_is_no_audio_is_told_in_a_sentence(content, told):
    with pytest.raises(ValueError, match=told) as caught:
        read(content)
    assert "\n" not in str(caught.value) and "0x" not in str(caught.value)


@given(
    kind=st.sampled_from([("WAV", "PCM_16"), ("WAV", "GSM610"), ("FLAC", None), ("MP3", None), ("OGG", None)]),
    at=st.integers(0, 5_000),
    put=st.binary(max_size=40),
    cut=st.integers(0, 6_000),
)
@settings(max_examples=100)
def test_damage_is_either_read_or_refused_with_a_value_error(kind, at, put, cut):
    content = encoded(NOISE[:8_000], 8_000, *kind)
    content = content[:at] + put + content[at + len(put) : len(content) - cut]
    with contextlib.suppress(ValueError):
        assert np.isfinite(read(content)).all()
    with contextlib.suppress(ValueError):
        assert count(content) >= 0


def test_no_more_is_decoded_than_is_asked_for(monkeypatch):
    decoded, original = [], soundfile.SoundFile.read

    def watched(*args: object, **options: object) -> np.ndarray:
        samples = original(*args, **options)
        decoded.append(len(samples))
        return samples

    monkeypatch.setattr(soundfile.SoundFile, "read", watched)
    for content in (WAV, flac_that_claims(len(NOISE)), flac_that_claims(0), without_length(MP3)):
        decoded.clear()
        assert len(read(content, 0, 1_000)) == sum(decoded) == 1_000
    decoded.clear()
    assert len(read(WAV, 30_000, 30_010)) == sum(decoded) == 10


def test_a_part_of_a_vorbis_file_is_found_without_reading_what_is_before(monkeypatch):
    content = encoded(np.tile(NOISE, 10), format="OGG", subtype="VORBIS")
    whole, decoded, original = read(content), [], soundfile.SoundFile.read

    def watched(*args: object, **options: object) -> np.ndarray:
        samples = original(*args, **options)
        decoded.append(len(samples))
        return samples

    monkeypatch.setattr(soundfile.SoundFile, "read", watched)
    assert count(content) == len(whole) == 10 * len(NOISE)
    for start in range(1, 300_000, 33_333):
        np.testing.assert_allclose(read(content, start, start + 1_000), whole[start : start + 1_000], atol=1e-4)
    assert sum(decoded) < 10 * 1_010


def test_opus_that_lacks_a_page_is_as_long_as_what_is_there():
    content = encoded(np.tile(NOISE, 4), format="OGG", subtype="OPUS")
    pages = [found.start() for found in re.finditer(b"OggS", content)]
    damaged = content[: pages[3]] + content[pages[4] :]
    assert 0 < count(damaged) < 4 * len(NOISE)
    assert len(read(damaged, 5_000, 6_000)) == 1_000


def page_sum(page: bytes) -> int:
    """The checksum of a page of Ogg."""
    total = 0
    for byte in page:
        total ^= byte << 24
        for _ in range(8):
            total = (total << 1 ^ (0x04C11DB7 if total >> 31 else 0)) & 0xFFFFFFFF
    return total


def test_nothing_is_looked_for_in_vorbis_that_cannot_be_decoded():
    content = encoded(format="OGG", subtype="VORBIS")
    first, second = (content.find(b"OggS", at) for at in (1, 100))  # the page with the codebooks, and the next
    damaged = bytearray(content[:second])
    damaged[314] ^= 0xFF
    damaged[first + 22 : first + 26] = bytes(4)
    damaged = patched(bytes(damaged), first + 22, page_sum(damaged[first:]))
    assert len(damaged) == second
    for use in (count, lambda content: len(read(content, 5_000, 6_000))):
        assert use(damaged + content[second:]) == 0  # libsndfile crashed


def test_no_more_is_kept_in_memory_than_is_asked_for_or_has_room(monkeypatch):
    content = encoded(np.zeros(30 * RATE), format="FLAC")
    assert len(read(content)) == 30 * RATE > 300 * len(content)
    monkeypatch.setattr(audio_reader_wise, "MOST_SAMPLES", 20 * RATE)
    with pytest.raises(ValueError, match="x has more than 320,000 samples; cut it, or use wise-hf predict"):
        read(content)
    assert len(read(content, 0, 25 * RATE)) == 25 * RATE
    assert count(content) == 30 * RATE
    np.testing.assert_array_equal(read(WAV), PCM)


@pytest.mark.parametrize("size", range(4, 60))
def test_an_mp3_file_that_ends_in_its_header_is_refused(size):
    content = encoded(format="MP3")
    content = content[: content.find(b"Xing" if b"Xing" in content else b"Info")] + b"Info\0\0\0\1\0\0\0\5"
    with contextlib.suppress(ValueError):
        read(content[:size])
