"""Copies of recordings through other channels."""

import numpy as np
import pytest
import soundfile
from signals import RATE, tone

from wise_hf.model.level_wise import speech_level
from wise_hf.model.loading import load_pipeline
from wise_hf.training.channel_scores import CHANNELS, score_channels


def level_db(samples: np.ndarray) -> float:
    return 20 * np.log10(speech_level(samples, RATE))


@pytest.mark.parametrize("name", CHANNELS)
def test_a_copy_is_as_long_as_its_recording_and_within_full_scale(name):
    samples = tone(1000, amplitude=0.2)
    made = CHANNELS[name](samples, RATE)
    assert made.shape == samples.shape and np.isfinite(made).all() and np.abs(made).max() <= 1


def test_copies_are_as_much_quieter_as_their_names_say():
    samples = tone(1000)
    for quieter_db in (12, 20, 30):
        made = CHANNELS[f"{quieter_db} dB quieter"](samples, RATE)
        assert level_db(samples) - level_db(made) == pytest.approx(quieter_db, abs=0.01)


def test_a_clipped_copy_is_flat_at_full_scale():
    made = CHANNELS["clipped by 12 dB"](tone(100), RATE)
    assert np.abs(made).max() == 1 and np.mean(np.abs(made) == 1) > 0.7


@pytest.mark.parametrize(("name", "kept_hz", "lost_hz"), [("8 kHz", 3000, 5000), ("8 kHz mu-law", 3000, 5000)])
def test_a_narrow_band_loses_what_is_beyond_it(name, kept_hz, lost_hz):
    kept, lost = (CHANNELS[name](tone(frequency_hz), RATE) for frequency_hz in (kept_hz, lost_hz))
    assert level_db(kept) == pytest.approx(level_db(tone(kept_hz)), abs=0.5)
    assert np.sqrt(np.mean(lost[RATE // 2 : RATE] ** 2)) < 1e-2


def test_a_telephone_has_no_bass():
    made = CHANNELS["telephone band, 300-3400 Hz"](tone(100), RATE)
    assert np.sqrt(np.mean(made[RATE:] ** 2)) < 1e-3


def test_noise_is_as_far_below_the_speech_as_its_name_says():
    samples = tone(1000)
    noise = CHANNELS["room noise at 20 dB"](samples, RATE) - samples
    assert level_db(samples) - 20 * np.log10(np.sqrt(np.mean(noise**2))) == pytest.approx(20, abs=0.1)


def test_every_channel_is_scored_on_every_utterance(saved_model, spoken_corpus):
    from wise_hf.data.corpora.folder import load_folder

    utterances = load_folder(spoken_corpus).select(range(2)).to_list()
    scores = score_channels(load_pipeline(saved_model), utterances)
    assert scores.keys() == CHANNELS.keys()
    assert all(its["refused"] == 0 and 0 <= its["wa"] <= 1 and 0 <= its["ua"] <= 1 for its in scores.values())


def test_a_recording_that_is_refused_is_counted_and_not_recognised(saved_model, tmp_path):
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    utterance = {"audio": str(path), "start_s": 0.0, "end_s": 1.0, "text": "Yes.", "emotion": "sad"}
    scores = score_channels(load_pipeline(saved_model), [utterance])
    assert scores["as recorded"] == {"wa": 0.0, "ua": 0.0, "refused": 1}
