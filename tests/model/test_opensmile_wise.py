"""MFCC by openSMILE against the native ones, forked processes, the configuration file."""

import importlib
import multiprocessing
import os
import tempfile

import numpy as np
import pytest
from signals import RATE, SIGNALS, noise

from wise_hf.model import opensmile_wise
from wise_hf.model.mfcc_wise import mfcc_native, num_frames
from wise_hf.model.opensmile_wise import mfcc_opensmile


TOLERANCE = 5e-3  # stated in mfcc_opensmile
LENGTHS_AT_EDGES = [1, 399, 400, 401, 639, 640, 641, 879, 880, 1119, 1120, 1360, 1600]


@pytest.fixture
def opensmile():
    return pytest.importorskip("opensmile", reason="opensmile is not installed, nothing to compare with")


class TestAgainstOpenSmile:
    @pytest.mark.parametrize("name", SIGNALS)
    def test_backends_agree_on_every_frame(self, opensmile, name):
        assert_backends_agree(SIGNALS[name])

    @pytest.mark.parametrize("num_samples", LENGTHS_AT_EDGES)
    def test_backends_agree_at_lengths_around_the_edges_of_frames(self, opensmile, num_samples):
        assert_backends_agree(noise(num_samples))

    @pytest.mark.parametrize("rate", [8000, 48000])
    def test_backends_agree_at_other_rates(self, opensmile, rate):
        assert_backends_agree(noise(rate // 2), rate)

    def test_backends_agree_on_real_speech(self, opensmile, ravdess_root):
        soundfile = importlib.import_module("soundfile")
        paths = sorted(ravdess_root.rglob("*.flac"))
        for path in paths[:: max(1, len(paths) // 12)]:
            samples, rate = soundfile.read(path, dtype="float32")
            assert_backends_agree(samples, rate)

    def test_opensmile_works_in_a_forked_process(self, opensmile, monkeypatch, tmp_path):
        if "fork" not in multiprocessing.get_all_start_methods():
            pytest.skip("this platform cannot fork")
        samples = noise(4000)
        expected = mfcc_opensmile(samples)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # a worker that is stopped leaves its file
        with multiprocessing.get_context("fork").Pool(1) as pool:
            np.testing.assert_array_equal(pool.apply(mfcc_opensmile, (samples,)), expected)
        np.testing.assert_array_equal(mfcc_opensmile(samples), expected)

    def test_missing_opensmile_says_how_to_install_it(self, monkeypatch):
        def refuse(name: str) -> None:
            raise ImportError(f"No module named {name!r}")

        opensmile_wise._smile.cache_clear()
        monkeypatch.setattr(importlib, "import_module", refuse)
        with pytest.raises(ImportError, match="pip install opensmile"):
            mfcc_opensmile(noise(4000))

    def test_configuration_file_is_removed_by_its_own_process_only(self, tmp_path):
        path = tmp_path / "mfcc.conf"
        path.touch()
        opensmile_wise._remove_configuration(os.getpid() + 1, str(path))
        assert path.exists()
        opensmile_wise._remove_configuration(os.getpid(), str(path))
        assert not path.exists()


def assert_backends_agree(samples: np.ndarray, rate: int = RATE) -> None:
    native, reference = mfcc_native(samples, rate), mfcc_opensmile(samples, rate)
    assert native.shape == reference.shape == (num_frames(len(samples), rate), 39)
    assert native.dtype == reference.dtype == np.float32
    np.testing.assert_allclose(native[:3], reference[:3], atol=TOLERANCE, rtol=0, err_msg="first frames")
    np.testing.assert_allclose(native[-3:], reference[-3:], atol=TOLERANCE, rtol=0, err_msg="last frames")
    np.testing.assert_allclose(native, reference, atol=TOLERANCE, rtol=0)
