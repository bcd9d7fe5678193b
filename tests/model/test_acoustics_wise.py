import math

import numpy as np
import pytest
from speech import clips

from wise_hf.model import acoustics_wise
from wise_hf.model.acoustics_wise import COST_UNIT, LEAST_LIKELIHOOD, acoustic_model, densities, senone_costs
from wise_hf.model.cepstra_wise import cepstra_with_slopes
from wise_hf.model.decoder_wise import check_samples, decode, loud_pcm, make_decoder, model_file


pytest.importorskip("pocketsphinx")

RATE = 16000
FEATURES = cepstra_with_slopes(loud_pcm(check_samples(np.random.default_rng(0).normal(0, 0.05, RATE), RATE)))
SENONES = np.array([3, 4999, 17, 125, 2048, 17, 800])


def parameters(name: str) -> np.ndarray:
    """(phones, 3, 128, 13) float64, counted from the file's end."""
    data = model_file(f"en-us/{name}").read_bytes()
    # The last 4 bytes are a checksum.
    return np.frombuffer(data[: len(data) - 4], "<f4")[-42 * 3 * 128 * 13 :].reshape(42, 3, 128, 13).astype(float)


def mixture_costs() -> np.ndarray:
    """(3, 128, senones) in COST_UNIT"""
    return np.frombuffer(model_file("en-us/sendump").read_bytes()[-3 * 128 * 5126 :], np.uint8).reshape(3, 128, 5126)


def log_densities(features: np.ndarray) -> np.ndarray:
    """(3, frames, 13) -> (3, frames, phones, 128) float64, as differences from the best of a stream's frame."""
    means, variances = parameters("means"), np.maximum(parameters("variances"), 1e-4)
    constants = -0.5 * np.log(2 * np.pi * variances).sum(-1)
    logs = [
        [
            constants[:, at] - 0.5 * ((x - means[:, at]) ** 2 / variances[:, at]).sum(-1)
            for x in features[at].astype(float)
        ]
        for at in range(3)
    ]
    return np.array(logs) - np.max(logs, axis=(2, 3), keepdims=True)


def test_costs_are_those_of_the_mixtures_in_float64():
    logs = log_densities(FEATURES)
    codebooks, mixtures = acoustic_model().definition.codebooks, mixture_costs()
    expected = np.zeros((logs.shape[1], len(SENONES)))
    for column, senone in enumerate(SENONES):
        for stream in range(3):
            weights = np.exp(-COST_UNIT * mixtures[stream, :, senone].astype(float))
            likelihood = np.exp(logs[stream, :, codebooks[senone]]) @ weights
            expected[:, column] -= np.log(likelihood + LEAST_LIKELIHOOD) / COST_UNIT
    np.testing.assert_allclose(senone_costs(densities(FEATURES), SENONES), expected, atol=0.02)


def test_some_frames_cost_what_they_cost_among_all():
    expected = senone_costs(densities(FEATURES), SENONES)[30:35]
    np.testing.assert_allclose(senone_costs(densities(FEATURES[:, 30:35]), SENONES), expected, atol=1e-3)


def test_no_state_costs_more_than_the_streams_may():
    costs = senone_costs(densities(FEATURES), np.arange(5126))
    assert costs.max() <= 3 * 15 / COST_UNIT + 0.1
    assert costs.min() >= 0


def test_pocketsphinx_itself_has_these_costs_with_its_best_four_gaussians_and_its_rounding(ravdess_root, tmp_path):
    ((samples, _),) = clips(ravdess_root, {"angry"}, "Actor_02")
    samples = check_samples(samples[: 2 * RATE], RATE)
    scores = pocketsphinx_scores(samples, tmp_path)
    logs = log_densities(cepstra_with_slopes(loud_pcm(samples))) / COST_UNIT
    assert len(scores) == logs.shape[1]
    codebooks, mixtures = acoustic_model().definition.codebooks, mixture_costs().astype(float)
    for frame in range(0, len(scores), 20):
        ours = np.zeros(5126)
        for stream in range(3):
            best = np.argsort(-logs[stream, frame], axis=1)[:, :4]
            terms = np.maximum(np.take_along_axis(logs[stream, frame], best, 1), -96)[codebooks]
            terms = terms - mixtures[stream][best[codebooks].T, np.arange(5126)].T
            ours -= np.logaddexp.reduce(COST_UNIT * terms, axis=1) / COST_UNIT
        assert np.abs(ours - ours.min() - scores[frame]).mean() < 6
        assert np.corrcoef(ours, scores[frame])[0, 1] > 0.99


def pocketsphinx_scores(samples: np.ndarray, folder) -> np.ndarray:
    """(frames, senones) as pocketsphinx writes them to a file."""
    decoder = make_decoder(lm=None, senlogdir=str(folder), compallsen=True)
    decoder.add_jsgf_string("any", "#JSGF V1.0; grammar any; public <any> = a;")
    decoder.activate_search("any")
    decode(decoder, samples)
    (log,) = folder.iterdir()
    data = log.read_bytes()
    start = data.index(b"endhdr\n") + 11
    return np.frombuffer(data, "<i2", (len(data) - start) // 2, start).reshape(-1, 5127)[:, 1:]


@pytest.mark.parametrize("name", ["means", "sendump"])
def test_files_of_another_model_are_named(name, tmp_path, monkeypatch):
    def model_file_of_another(its_name):
        original = model_file(its_name)
        if its_name != f"en-us/{name}":
            return original
        (tmp_path / name).write_bytes(original.read_bytes()[: math.prod((3, 128, 5126)) // 4])
        return tmp_path / name

    monkeypatch.setattr(acoustics_wise, "model_file", model_file_of_another)
    with pytest.raises(ValueError, match=f"{name} is not of pocketsphinx's model en-us; install another release"):
        acoustic_model.__wrapped__()
