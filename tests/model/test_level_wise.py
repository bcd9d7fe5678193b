"""How loud a recording is, taken out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signals import RATE, noise, tone

from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.level_wise import bring_to_level, masking_noise, speech_level


SPEECH = noise(2 * RATE) * (1.2 + np.sin(np.arange(2 * RATE) / 1500)).astype(np.float32)


def db(amplitude: float) -> float:
    return 20 * np.log10(amplitude)


@settings(max_examples=30)
@given(gain_db=st.floats(-60, 15))
def test_the_level_of_the_recording_changes_nothing(gain_db):
    louder = (SPEECH * 10 ** (gain_db / 20)).astype(np.float32)
    np.testing.assert_allclose(bring_to_level(louder, RATE), bring_to_level(SPEECH, RATE), atol=1e-5)


def test_the_features_of_a_quiet_recording_are_those_of_a_loud_one():
    extractor = WISEFeatureExtractor(level="speech")
    quiet, loud = (extractor.extract((SPEECH * gain).astype(np.float32), RATE) for gain in (0.01, 3.0))
    np.testing.assert_allclose(quiet, loud, atol=0.05)
    as_recorded = WISEFeatureExtractor()
    assert np.abs(as_recorded.extract(SPEECH, RATE) - as_recorded.extract(SPEECH * np.float32(0.01), RATE)).max() > 10


def test_speech_is_at_26_db_below_full_scale():
    assert db(speech_level(bring_to_level(SPEECH, RATE), RATE)) == pytest.approx(-26, abs=0.1)
    assert db(speech_level(tone(440, amplitude=1.0), RATE)) == pytest.approx(-3.01, abs=0.05)


def test_pauses_and_an_offset_do_not_count():
    with_pauses = np.concatenate([np.zeros(5 * RATE, np.float32), SPEECH, np.zeros(5 * RATE, np.float32)])
    assert db(speech_level(with_pauses, RATE)) == pytest.approx(db(speech_level(SPEECH, RATE)), abs=0.2)
    offset = bring_to_level(SPEECH + np.float32(0.3), RATE)
    np.testing.assert_allclose(offset, bring_to_level(SPEECH, RATE), atol=1e-5)


def test_what_differs_in_loudness_within_a_recording_stays():
    quiet_then_loud = np.concatenate([0.1 * SPEECH, SPEECH])
    made = bring_to_level(quiet_then_loud, RATE)
    first, second = (speech_level(part, RATE) for part in np.split(made, 2))
    assert db(second) - db(first) == pytest.approx(20, abs=0.5)


def test_the_noise_beneath_is_30_db_below_the_speech_and_always_the_same():
    assert db(np.sqrt(np.mean(masking_noise(RATE) ** 2.0))) == pytest.approx(-56, abs=0.1)
    np.testing.assert_array_equal(masking_noise(100), masking_noise(200)[:100])


@pytest.mark.parametrize(
    "samples", [np.zeros(RATE, np.float32), np.full(10, 1e-7, np.float32), np.ones(1, np.float32)]
)
def test_silence_and_a_few_samples_stay_finite_and_quiet(samples):
    made = bring_to_level(samples, RATE)
    assert made.shape == samples.shape and made.dtype == np.float32
    assert np.isfinite(made).all() and np.abs(made).max() < 0.1


def test_samples_on_another_scale_are_refused_before_their_level_hides_it():
    with pytest.raises(ValueError, match="divide 16-bit samples by 32768"):
        WISEFeatureExtractor(level="speech").extract(SPEECH * 32768, RATE)


def test_an_extractor_of_before_reads_recordings_as_they_are():
    assert WISEFeatureExtractor.from_dict({"normalization": "none"}).level == "as_recorded"


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="level is 'loud', expected one of 'speech', 'as_recorded'"):
        WISEFeatureExtractor(level="loud")
