"""docs/adding_features.md, followed step by step with the frame extractor that it shows."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from wise_hf.data.augmentation import check_augmentations
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.prepare import prepare
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.frames_wise import FrameExtractor, frame_extractor
from wise_hf.model.loading import load_model, load_pipeline


ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "adding_features.md").read_text(encoding="utf-8")
NAME = "loudness:BANDS"


@pytest.fixture
def module(tmp_path, monkeypatch) -> Path:
    """The page's module, importable and forgotten afterwards."""
    path = tmp_path / "loudness.py"
    path.write_text(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1])
    monkeypatch.syspath_prepend(tmp_path)
    yield path
    sys.modules.pop("loudness", None)
    frame_extractor.cache_clear()


def test_a_model_of_these_features_is_trained_saved_and_loaded(module, spoken_corpus, tmp_path, monkeypatch):
    command = re.search(r"```bash\nPYTHONPATH=. python (.*?)```", PAGE, re.DOTALL)[1].replace("\\\n", " ")
    places = {"DIR": str(spoken_corpus), "OUT": str(tmp_path / "out"), "scripts/train.py": f"{ROOT}/scripts/train.py"}
    given = [places.get(each, each) for each in command.split()]
    env = os.environ | {"PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *given, "--epochs", "1", "--no-refit"], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path / "out" / "model").config.feature_size == 5
    with pytest.raises(ValueError, match="'loudness:BANDS', whose module would be run; if you trust it, import"):
        load_pipeline(tmp_path / "out" / "model")
    assert "loudness" not in sys.modules
    monkeypatch.setenv(*re.search(r"export (\w+)=(\S+)", PAGE).groups())
    classify = load_pipeline(tmp_path / "out" / "model")
    assert classify.processor.feature_extractor.hop_ms == 20
    recording = load_folder(spoken_corpus)[0]
    scores = classify({"audio": recording["audio"], "text": recording["text"]})
    assert sum(each["score"] for each in scores) == pytest.approx(1)


def test_the_features_are_those_of_the_module_and_made_anew_when_it_is_edited(
    module, spoken_corpus, tmp_path, monkeypatch
):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    corpus, extractor = load_folder(spoken_corpus).select([0]), WISEFeatureExtractor(mfcc_backend=NAME)
    prepared = prepare(corpus, extractor).with_format("numpy")[0]
    made = extractor.extract(read_audio(corpus[0]["audio"]), 16_000)
    selection = extractor.select_frames(len(made), prepare(corpus, extractor)[0]["words"])
    np.testing.assert_array_equal(prepared["input_features"], made[selection.frame_index])
    before = len(list((tmp_path / "cache" / "wise_hf").iterdir()))
    module.write_text(module.read_text() + "\n# Another version.\n")
    prepare(corpus, extractor)
    assert len(list((tmp_path / "cache" / "wise_hf").iterdir())) == before + 1, "the features, and no words"


def test_augmentations_of_mfcc_are_refused(module):
    extractor = WISEFeatureExtractor(mfcc_backend=NAME)
    check_augmentations(("drop_words", "mix_words"), extractor)
    with pytest.raises(
        ValueError, match="tempo, warp change MFCC, not 'loudness:BANDS'; give --augment drop_words,mix"
    ):
        check_augmentations(("tempo", "warp", "mix_words"), extractor)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere_at_all:BANDS", "cannot be imported .No module named 'nowhere_at_all'"),
        ("loudness:NOTHING", "cannot be imported"),
        ("loudness:EDGES_HZ", "which is a tuple"),
        ("loudness", "expected one of 'native', 'opensmile', or 'module:attribute'"),
    ],
)
def test_what_is_no_frame_extractor_is_told(module, name, told):
    with pytest.raises(ValueError, match=told):
        WISEFeatureExtractor(mfcc_backend=name)


def test_frames_of_another_shape_are_refused(module):
    module.write_text(module.read_text().replace("[::hop]", "[::hop][1:]"))
    with pytest.raises(ValueError, match=r"gave the shape \(48, 5\) for 16000 samples, expected \(49, 5\): a row for"):
        WISEFeatureExtractor(mfcc_backend=NAME).extract(np.zeros(16_000, np.float32), 16_000)


def test_a_frame_has_at_least_one_value():
    with pytest.raises(ValueError, match="feature_size is 0, expected 1 or more"):
        FrameExtractor(np.zeros, feature_size=0)


@pytest.mark.parametrize("allow", ["by its name", "by an import"])
def test_a_saved_extractor_may_come_from_a_package_that_takes_it_from_elsewhere(module, tmp_path, monkeypatch, allow):
    (tmp_path / "levels").mkdir()
    (tmp_path / "levels" / "__init__.py").write_text("from loudness import BANDS\n")
    saved = WISEFeatureExtractor(mfcc_backend=NAME).to_dict() | {"mfcc_backend": "levels:BANDS"}
    with pytest.raises(ValueError, match="'levels:BANDS', whose module would be run"):
        WISEFeatureExtractor.from_dict(dict(saved))
    if allow == "by its name":
        monkeypatch.setenv("WISE_FRAME_EXTRACTORS", "other:BANDS,levels:BANDS")
    else:
        import_module("levels")
    assert WISEFeatureExtractor.from_dict(dict(saved)).feature_size == 5
    sys.modules.pop("levels", None)
