import numpy as np
import pytest
from speech import clips

from wise_hf.model.acoustics_wise import acoustic_costs, drop_aligner
from wise_hf.model.decoder_wise import check_samples


pytest.importorskip("pocketsphinx")

RATE = 16000


def test_the_acoustic_costs_do_not_depend_on_the_recording_before(ravdess_root):
    (samples, _), (other, _) = clips(ravdess_root, {"neutral", "angry"}, "Actor_02")
    samples, other = (check_samples(audio, RATE) for audio in (samples, other))
    drop_aligner()
    fresh, _ = acoustic_costs(samples)
    acoustic_costs(other)
    np.testing.assert_array_equal(acoustic_costs(samples)[0], fresh)
