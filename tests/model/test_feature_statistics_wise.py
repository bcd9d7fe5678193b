import numpy as np

from wise_hf.model.feature_statistics_wise import feature_statistics


def test_statistics_in_one_pass_equal_those_over_all_frames():
    features = [np.random.default_rng(seed).normal(1000.0, 0.5, (50 + seed, 39)) for seed in range(5)]
    mean, std = feature_statistics(features)
    np.testing.assert_allclose(mean, np.concatenate(features).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(std, np.concatenate(features).std(axis=0), rtol=1e-9)


def test_a_coefficient_that_never_changes_does_not_divide_by_zero():
    assert feature_statistics([np.ones((5, 39))])[1].min() > 0
