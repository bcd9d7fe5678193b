"""Joined clips: what a span says is what is heard there."""

import itertools

import numpy as np
import pytest
import soundfile

from wise_hf.timeline.joined_recordings import SAMPLING_RATE, Joining, clip_samples, join_clips, write_joined
from wise_hf.timeline.spans import read_spans


@pytest.fixture
def clips(tmp_path):
    """Two clips of each of two speakers: noise, with half a second of silence at both ends."""
    found, rng = [], np.random.default_rng(0)
    for speaker, emotion in itertools.product(("Anna", "Ben"), ("angry", "sad")):
        silence = np.zeros(SAMPLING_RATE // 2)
        samples = np.concatenate([silence, rng.uniform(-0.5, 0.5, rng.integers(8_000, 24_000)), silence])
        path = tmp_path / f"{speaker}_{emotion}.wav"
        soundfile.write(path, samples, SAMPLING_RATE, subtype="PCM_16")
        found.append(
            {"audio": str(path), "start_s": 0.0, "end_s": len(samples) / SAMPLING_RATE}
            | {"speaker": speaker, "emotion": emotion}
        )
    return found


def heard_in(samples, span):
    return samples[round(span.start_s * SAMPLING_RATE) : round(span.end_s * SAMPLING_RATE), span.channel or 0]


def test_the_silence_at_a_clips_ends_is_left_out(clips):
    samples = clip_samples(clips[0])
    whole = soundfile.read(clips[0]["audio"], dtype="float32")[0]
    assert len(whole) - SAMPLING_RATE <= len(samples) <= len(whole) - SAMPLING_RATE + 160
    np.testing.assert_array_equal(samples, whole[8_000 : 8_000 + len(samples)])


@pytest.mark.parametrize("split_channels", [False, True])
def test_the_samples_of_every_span_are_those_of_its_clip_and_between_them_is_silence(clips, split_channels):
    joining = Joining(duration_s=8.0, num_speakers=2, split_channels=split_channels)
    samples, spans = join_clips(itertools.cycle(clips), joining, np.random.default_rng(0))
    rest = samples.copy()
    for span, clip in zip(spans, itertools.cycle(clips), strict=False):
        np.testing.assert_array_equal(heard_in(samples, span), clip_samples(clip))
        assert (span.emotion, span.speaker) == (clip["emotion"], clip["speaker"])
        heard_in(rest, span)[:] = 0
    assert not rest.any() and samples.shape[1] == 1 + split_channels
    assert {span.channel for span in spans} == ({0, 1} if split_channels else {None})
    pauses_s = [b.start_s - a.end_s for a, b in itertools.pairwise(spans)]
    assert min(pauses_s) >= 0.5 and max(pauses_s) <= 2.0
    assert spans[-1].start_s < 8.0 + 2.0 and len(samples) / SAMPLING_RATE >= 8.0


def test_noise_and_telephone_change_the_recording_and_not_the_spans(clips):
    def joined(*through):
        joining = Joining(duration_s=6.0, num_speakers=2, split_channels=True, through=through)
        return join_clips(itertools.cycle(clips), joining, np.random.default_rng(0))

    samples, spans = joined()
    worse, same_spans = joined("room noise at 20 dB", "8 kHz mu-law")
    assert same_spans == spans and worse.shape == samples.shape and worse.dtype == np.float32
    pause = worse[: round(spans[0].start_s * SAMPLING_RATE), 0]
    assert pause.std() > 1e-4, "noise is in the pauses, too"
    high = np.abs(np.fft.rfft(worse[:, 0]))[round(4_200 / SAMPLING_RATE * len(worse)) :]
    assert high.max() < 1e-2 * np.abs(np.fft.rfft(samples[:, 0])).max()


def test_what_is_written_is_the_same_for_a_seed_and_takes_each_clip_in_turn(clips, tmp_path):
    folders = [tmp_path / name for name in ("first", "second", "other")]
    for folder, seed in zip(folders, (0, 0, 1), strict=True):
        folder.mkdir()
        write_joined(clips, folder, 2, Joining(duration_s=5.0), seed)
    first, second, other = map(read_spans, folders)
    assert first == second != other and list(first) == ["joined_001.wav", "joined_002.wav"]
    files = [(folder / "joined_001.wav").read_bytes() for folder in folders]
    assert files[0] == files[1] != files[2]
    assert [{span.speaker for span in its} for its in first.values()] == [{"Anna"}, {"Ben"}]
    for its in first.values():
        for pair in zip(its[::2], its[1::2], strict=False):
            assert {span.emotion for span in pair} == {"angry", "sad"}
    samples, rate = soundfile.read(folders[0] / "joined_001.wav", dtype="float32", always_2d=True)
    assert rate == SAMPLING_RATE and heard_in(samples, first["joined_001.wav"][0]).any()


def test_more_speakers_than_there_are_are_refused(clips, tmp_path):
    with pytest.raises(ValueError, match="There are 2 speakers; give at least 3"):
        write_joined(clips, tmp_path, 1, Joining(num_speakers=3))
