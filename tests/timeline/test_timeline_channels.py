"""Whether channels are speakers, and whose voice is heard in them."""

import logging
import warnings

import numpy as np
import pytest
import soundfile
from speech import clips

from wise_hf.timeline.channels import channel_powers, chosen_channels, cross_talk
from wise_hf.timeline.decoded import Decoded
from wise_hf.timeline.pieces import CROSS_TALK, NOBODY_SPEAKS, cut_recording


RATE = 16_000


@pytest.fixture
def turns(ravdess_root) -> np.ndarray:
    """(samples, 2): two people who speak in turns, one a channel."""
    (first, _), (second, _) = (clips(ravdess_root, ("angry",), speaker)[0] for speaker in ("Actor_01", "Actor_02"))
    pair = np.zeros((len(first) + len(second), 2), np.float32)
    pair[: len(first), 0] = first / np.abs(first).max() / 2
    pair[len(first) :, 1] = second / np.abs(second).max() / 2
    return pair


def decoded(samples: np.ndarray, folder) -> Decoded:
    soundfile.write(folder / "call.wav", samples, RATE)
    return Decoded(folder / "call.wav")


def chosen(samples: np.ndarray, folder, asked: str | None = None) -> list[int | None]:
    with decoded(samples, folder) as recording:
        return chosen_channels(channel_powers(recording), asked, "call.wav")


def test_channels_with_a_speaker_each_are_heard_one_by_one(turns, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        assert chosen(turns, tmp_path) == [0, 1]
    assert "the 2 channels are heard one by one" in caplog.text
    assert chosen(turns, tmp_path, "mix") == [None]


def test_channels_of_one_sound_are_heard_as_one(turns, tmp_path):
    mono = turns.sum(axis=1)
    later = np.roll(mono, 30) * 0.7 + np.random.default_rng(0).normal(0, 1e-3, len(mono))
    assert chosen(np.stack([mono, mono], axis=1), tmp_path) == [None]
    assert chosen(np.stack([mono, later], axis=1), tmp_path) == [None], "two microphones"
    assert chosen(np.stack([mono, mono], axis=1), tmp_path, "speakers") == [0, 1]
    assert chosen(mono, tmp_path) == [None]


def test_of_channels_that_cancel_each_other_the_loudest_is_heard(turns, tmp_path, caplog):
    mono = turns.sum(axis=1)
    assert chosen(np.stack([0.9 * mono, -mono], axis=1), tmp_path) == [1]
    assert "cancel each other; channel 1 is used alone" in caplog.text


def test_a_channel_with_a_constant_offset_alone_has_no_power(turns, tmp_path):
    offset = np.full_like(turns, 0.3)
    offset[:, 0] += 0.1 * turns.sum(axis=1)
    with decoded(offset, tmp_path) as recording:
        powers = channel_powers(recording)
        assert powers.min() >= 0 and np.allclose(powers[:, 1], 0, atol=1e-12)
        with warnings.catch_warnings(action="error"):
            pieces = cut_recording(recording, "call.wav", "speakers", None, None)
    assert {piece.reason for piece in pieces if piece.channel == 1} == {NOBODY_SPEAKS}


@pytest.mark.parametrize("heard_through", [0.0, 0.03, 0.15])
def test_a_voice_in_another_ones_channel_is_not_scored_twice(turns, tmp_path, heard_through):
    mixed = turns + heard_through * turns[:, ::-1]
    with decoded(mixed, tmp_path) as recording:
        pieces = cut_recording(recording, "call.wav", None, None, None)
    turn = int(np.flatnonzero(turns[:, 1])[0])
    for channel in (0, 1):
        (spoken,) = [piece for piece in pieces if piece.channel == channel and piece.reason is None]
        assert spoken.speaker == f"channel {channel}"
        assert spoken.stop <= turn + RATE / 2 if channel == 0 else spoken.start >= turn - RATE / 2
    reasons = {piece.reason for piece in pieces}
    assert (CROSS_TALK in reasons) == (heard_through > 0)


def test_cross_talk_is_what_is_fainter_against_its_own_channel():
    loud, faint = np.ones(100), np.full(100, 1e-3)
    powers = np.stack([np.concatenate([loud, faint]), 1e-4 * np.concatenate([faint, loud])], axis=1)
    found = cross_talk(powers, np.ones((200, 2), bool))
    assert found[10:90].tolist() == [[False, True]] * 80 and found[110:190].tolist() == [[True, False]] * 80
