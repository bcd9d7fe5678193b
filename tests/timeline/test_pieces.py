"""What counts as speech in a long recording, whatever else is in it."""

import numpy as np
import pytest
import soundfile
from speech import clips, rms

from wise_hf.timeline.decoded import Decoded
from wise_hf.timeline.pieces import cut_recording


RATE = 16_000


@pytest.fixture
def clip(ravdess_root) -> np.ndarray:
    return clips(ravdess_root, ("angry",), "Actor_18")[0][0].astype(np.float32)


def heard(samples: np.ndarray, folder) -> np.ndarray:
    """(n,) bool: which samples are in a piece."""
    soundfile.write(folder / "call.wav", samples, RATE, subtype="FLOAT")
    found = np.zeros(len(samples), bool)
    with Decoded(folder / "call.wav") as recording:
        for piece in cut_recording(recording, "call.wav", None, None, None):
            found[piece.start : piece.stop] = piece.reason is None
    return found


def test_speech_alone_in_digital_silence_is_heard(clip, tmp_path):
    alone = heard(clip, tmp_path)
    sparse = np.concatenate([np.zeros(14 * RATE), clip, np.zeros(13 * RATE)])
    assert heard(sparse, tmp_path).sum() >= 0.7 * alone.sum()


def test_shouts_beside_quiet_speech_are_heard(clip, tmp_path):
    clip = clip / rms(clip)
    calls = [0.01 * clip, 0.01 * clip, 0.01 * clip, 0.3 * clip, 0.01 * clip, 0.01 * clip, 0.01 * clip]
    found = heard(np.concatenate(calls), tmp_path).reshape(len(calls), -1).sum(axis=1)
    assert found.min() > 0.5 * RATE


def test_noise_is_no_speech(tmp_path):
    assert not heard(np.random.default_rng(0).normal(0, 0.05, 40 * RATE), tmp_path).any()
