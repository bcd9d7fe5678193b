"""A saved model loads anywhere: without wise_hf, from a Hub cache, and with the installed code."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModel,
    AutoModelForAudioClassification,
    AutoProcessor,
    AutoTokenizer,
)

from wise_hf.model.loading import load_config, load_model, load_pipeline, load_processor
from wise_hf.model.modeling_wise import WISEForAudioClassification


# Run in a fresh interpreter in which wise_hf cannot be imported, nor, at first, any optional package.
WITHOUT_WISE_HF = """
import sys
sys.modules["wise_hf"] = sys.modules["opensmile"] = sys.modules["pocketsphinx"] = None
import json
import numpy as np
from transformers import (AutoConfig, AutoFeatureExtractor, AutoModel, AutoModelForAudioClassification, AutoProcessor,
                          AutoTokenizer, pipeline)
recording, *names = sys.argv[1:]
AutoModel.from_pretrained(names[0], trust_remote_code=True)
extractor = AutoFeatureExtractor.from_pretrained(names[0], trust_remote_code=True, mfcc_backend="opensmile")
try:
    extractor.extract(np.zeros(16000, np.float32), 16000)
except ImportError as error:
    needed = str(error)
del sys.modules["pocketsphinx"]
told = []
for name in names:
    made = [
        loader.from_pretrained(name, trust_remote_code=True)
        for loader in (AutoConfig, AutoModel, AutoModelForAudioClassification, AutoFeatureExtractor, AutoTokenizer,
                       AutoProcessor)
    ]
    classify = pipeline("audio-classification", model=name, trust_remote_code=True)
    result = classify({"audio": recording, "text": "kids are talking"}, return_words=True)
    assert classify.explain({"audio": recording, "text": "kids"})["emotion"]
    trained = [model.get_input_embeddings().weight.requires_grad for model in (made[1], made[2], classify.model)]
    told.append({"classes": [type(each).__name__ for each in made], "result": result, "trained": trained})
print(json.dumps([needed, told]))
"""


def run(code: str, *arguments: str, home: Path, **environment: str) -> str:
    env = os.environ | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"} | environment
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def lay_out_hub_cache(saved_model: Path, home: Path) -> None:
    """As huggingface_hub lays out what it downloaded: refs/main names a commit, snapshots/<commit> holds the files."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    repo = home / "hub" / "models--org--wise-iemocap"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(commit)
    shutil.copytree(saved_model, repo / "snapshots" / commit)


@pytest.fixture(scope="module")
def recording(spoken_corpus) -> str:
    return str(sorted((spoken_corpus / "audio").glob("*/*.wav"))[0])


@pytest.mark.slow
def test_every_auto_class_and_the_pipeline_load_from_a_folder_and_a_hub_cache_without_wise_hf(
    saved_model, recording, tmp_path
):
    lay_out_hub_cache(saved_model, tmp_path)
    code = (WITHOUT_WISE_HF, recording, str(saved_model), "org/wise-iemocap")
    needed, both = json.loads(run(*code, home=tmp_path))
    assert "pip install opensmile" in needed, "no optional package is needed to load"
    here = load_pipeline(saved_model)({"audio": recording, "text": "kids are talking"}, return_words=True)
    for told in both:
        assert told["classes"] == [
            "WISEConfig",
            "WISEModel",
            "WISEForAudioClassification",
            "WISEFeatureExtractor",
            "TokenizersBackend",
            "WISEProcessor",
        ]
        assert told["trained"] == [False] * 3, "its configuration freezes the word embeddings"
        for one, other in zip(told["result"]["scores"], here["scores"], strict=True):
            assert one["label"] == other["label"] and one["score"] == pytest.approx(other["score"], abs=1e-6)


@pytest.mark.parametrize(
    "loader", [AutoConfig, AutoModel, AutoModelForAudioClassification, AutoFeatureExtractor, AutoProcessor]
)
def test_the_installed_code_is_used_once_wise_hf_is_imported(saved_model, loader):
    assert type(loader.from_pretrained(saved_model)).__module__.startswith("wise_hf.")


def test_the_tokenizer_needs_no_code(saved_model):
    assert AutoTokenizer.from_pretrained(saved_model)("the kids").input_ids


def test_a_saved_model_carries_all_its_code(saved_model):
    package = Path(sys.modules["wise_hf"].__file__).parent / "model"
    assert {path.name for path in saved_model.glob("*.py")} == {path.name for path in package.glob("*_wise.py")}


def test_hub_files_import_each_other_only_as_flat_siblings():
    package = Path(sys.modules["wise_hf"].__file__).parent / "model"
    for path in package.glob("*_wise.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.lstrip().startswith("from ."):
                module = line.split()[1]
                assert module.count(".") == 1 and module.endswith("_wise"), f"{path.name}: {line}"
            assert "from wise_hf" not in line and "import wise_hf" not in line, f"{path.name}: {line}"


def test_folders_without_a_model_are_told_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="holds no model"):
        load_model(tmp_path)
    for missing in (tmp_path / "a" / "b", "/nowhere", "./nowhere"):
        with pytest.raises(ValueError, match="is not there; give a model's folder"):
            load_model(missing)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "[]"),
        ("config.json", '{"vocab_size": "' + "x" * 9_999 + '"}'),
        ("config.json", '{"a":' * 9_999),
        ("processor_config.json", '{"feature_extractor": []}'),
        ("processor_config.json", "\udcff"),
        ("tokenizer.json", '{"version": []}'),
        ("tokenizer.json", "{"),
        ("tokenizer_config.json", '{"pad_token": 1.5}'),
    ],
)
def test_files_of_a_model_that_hold_something_else_are_told_in_a_sentence(saved_model, tmp_path, name, content):
    folder = shutil.copytree(saved_model, tmp_path / "model")
    (folder / name).write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises((ValueError, OSError)) as told:
        load_config(folder)
        load_processor(folder)
    assert isinstance(told.value, OSError) or re.fullmatch(
        r"\S.* (cannot be read \(.{,300}\)|is no JSON .{,50}); save or fetch it anew\.", str(told.value)
    )


@pytest.mark.parametrize("error", [ValueError("Install it."), MemoryError(), torch.OutOfMemoryError("No room.")])
def test_what_is_no_fault_of_a_models_files_is_told_as_it_is(saved_model, monkeypatch, error):
    monkeypatch.setattr(WISEForAudioClassification, "from_pretrained", Mock(side_effect=error))
    with pytest.raises(type(error)) as told:
        load_model(saved_model)
    assert told.value is error


@pytest.mark.parametrize("name", ["processor_config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_model_without_a_file_of_its_processor_is_told(saved_model, tmp_path, name):
    folder = shutil.copytree(saved_model, tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"holds no whole model .no {name}.; save or fetch it anew"):
        load_pipeline(folder)
