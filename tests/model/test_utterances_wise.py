"""A stream is cut into utterances, whatever the parts that it comes in, and forgets the rest."""

import tracemalloc

import numpy as np
import pytest
from speech import clips

from wise_hf.model.decoder_wise import SAMPLING_RATE
from wise_hf.model.utterances_wise import UtteranceCutter


pytest.importorskip("silero_vad")
RNG = np.random.default_rng(0)


def seconds(duration_s: float, loudness: float = 1e-3) -> np.ndarray:
    return (loudness * RNG.standard_normal(int(duration_s * SAMPLING_RATE))).astype(np.float32)


@pytest.fixture(scope="module")
def sentences(ravdess_root) -> list[np.ndarray]:
    """Two sentences, without the silence around them."""
    found = clips(ravdess_root, {"neutral", "angry"}, "Actor_09")
    return [samples[int(1.0 * SAMPLING_RATE) : int(2.8 * SAMPLING_RATE)].astype(np.float32) for samples, _ in found]


@pytest.fixture(scope="module")
def stream(sentences) -> np.ndarray:
    first, second = sentences
    return np.concatenate([seconds(4), first, seconds(3), second, seconds(2)])


def cut(samples: np.ndarray, part: int) -> list:
    cutter = UtteranceCutter()
    ended = [its for start in range(0, len(samples), part) for its in cutter.feed(samples[start : start + part])]
    return ended + cutter.finish()


def test_sentences_with_pauses_between_them_are_utterances(stream):
    first, second = cut(stream, 1600)
    assert 3.5 < first.start_s < 4.3 and 5.4 < first.end_s < 6.4
    assert 8.3 < second.start_s < 9.1 and 10.2 < second.end_s < 11.3
    for utterance in (first, second):
        there = stream[utterance.start : utterance.start + len(utterance.samples)]
        np.testing.assert_array_equal(utterance.samples, there)


@pytest.mark.parametrize("part", [100, 512, 10**6])
def test_the_parts_that_a_stream_comes_in_do_not_matter(stream, part):
    for utterance, same in zip(cut(stream, part), cut(stream, 1600), strict=True):
        assert utterance.start == same.start
        np.testing.assert_array_equal(utterance.samples, same.samples)


def test_a_stream_that_ends_in_speech_has_all_of_it(sentences):
    samples = np.concatenate([seconds(1), sentences[0]])[:-100]
    (utterance,) = cut(samples, 1600)
    assert utterance.start + len(utterance.samples) == len(samples)


def test_speech_without_a_pause_is_cut_at_15_seconds_at_most_and_nothing_of_it_is_lost(sentences):
    samples = np.concatenate([seconds(1), *[sentence[6000:-6000] for sentence in sentences] * 10])
    utterances = cut(samples, 1600)
    assert len(utterances) > 1 and all(len(each.samples) <= 15.1 * SAMPLING_RATE for each in utterances)
    ends = [each.start + len(each.samples) for each in utterances]
    assert [each.start for each in utterances[1:]] == ends[:-1] and ends[-1] == len(samples)


def test_what_is_current_grows_until_it_ends(stream):
    cutter = UtteranceCutter()
    cutter.feed(stream[: int(3.5 * SAMPLING_RATE)])
    assert cutter.current is None
    cutter.feed(stream[int(3.5 * SAMPLING_RATE) : int(5.0 * SAMPLING_RATE)])
    assert 0.9 < cutter.current.end_s - cutter.current.start_s < 1.8
    cutter.feed(stream[int(5.0 * SAMPLING_RATE) : int(8.0 * SAMPLING_RATE)])
    assert cutter.current is None


@pytest.mark.parametrize("loudness", [0.0, 1e-3, 0.1])
def test_minutes_of_silence_or_noise_are_forgotten(loudness):
    cutter, part = UtteranceCutter(), seconds(2, loudness)
    for _ in range(10):
        cutter.feed(part)
    tracemalloc.start()
    for _ in range(30):
        assert cutter.feed(part) == []
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 200_000, "bytes, after a minute of 4 MB"


def test_quiet_speech_is_found_where_loud_speech_is(stream):
    loud, quiet = (cut(gain * stream, 1600) for gain in (np.float32(0.9), np.float32(0.02)))
    assert [each.start for each in quiet] == [each.start for each in loud]
