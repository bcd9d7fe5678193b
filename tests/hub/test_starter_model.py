"""Where the starter model is found, and what uses it where no model is named."""

import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from script import run

import wise_hf
from wise_hf.commands import serve
from wise_hf.hub import starter_model as finding
from wise_hf.hub.staging import MODEL_FILES
from wise_hf.hub.starter_folder import CARD, MAX_MB, starter_card
from wise_hf.hub.starter_model import PACKAGE, model_or_starter, starter_model


ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "hub_card" / "starter_model"
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".h5", ".pkl")


@pytest.fixture
def nowhere(monkeypatch, tmp_path) -> Path:
    """A clone without a starter model; gives its folder hub_card."""
    monkeypatch.setattr(finding, "templates_dir", lambda: tmp_path / "hub_card")
    return tmp_path / "hub_card"


@pytest.fixture
def starter(nowhere, saved_model) -> Path:
    """A stand-in for the starter model in a clone: as it is published, without code."""
    folder = nowhere / "starter_model"
    folder.mkdir(parents=True)
    for name in MODEL_FILES:
        shutil.copy(saved_model / name, folder)
    return folder


def test_a_clone_has_it_beside_the_package(starter):
    assert wise_hf.starter_model() == starter


def test_elsewhere_it_is_a_distribution_of_its_own(nowhere, monkeypatch, tmp_path):
    installed = tmp_path / "site-packages" / PACKAGE
    installed.mkdir(parents=True)
    (installed / "config.json").write_text("{}")
    monkeypatch.syspath_prepend(installed.parent)
    assert starter_model() == installed


def test_where_it_is_not_installed_a_sentence_says_how_to_get_it(nowhere):
    with pytest.raises(ValueError, match=r"not here.*CC BY-NC-SA 4.0.*pip install ./hub_card/starter_model, or make"):
        starter_model()
    nowhere.joinpath("starter_model").mkdir(parents=True)
    with pytest.raises(ValueError, match="not here"):  # a clone in which it is not made yet has its licence only
        starter_model()


def test_a_model_that_is_named_is_taken_and_the_starter_model_is_never_taken_silently(starter, caplog):
    caplog.set_level("INFO")
    assert model_or_starter("out/fold_1") == "out/fold_1" and not caplog.text
    assert model_or_starter(None) == str(starter)
    assert "No --model was given" in caplog.text and "CC BY-NC-SA 4.0, not for commercial use" in caplog.text


def test_prediction_without_a_model_is_the_starter_models_and_says_so(starter):
    done = run("predict.py", ROOT / "hub_card/samples/happy.wav", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)[0]["scores"]) == 4
    assert "this is the starter model" in done.stderr


def test_prediction_without_any_model_is_told(nowhere):
    done = run("predict.py", "call.wav")
    assert done.returncode == 1 and done.stderr.startswith("predict.py: The starter model is not here")


def test_a_service_without_a_model_serves_the_starter_model(starter):
    assert serve.with_model(["--port", "0"]) == ["--port", "0", "--model", str(starter)]
    for told in (["--model", "x"], ["--model=x"], ["--help"]):
        assert serve.with_model(told) == told


def test_the_page_takes_the_starter_model_unless_a_variable_names_another(starter, monkeypatch):
    pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]")
    space, started = import_module("wise_hf.commands.space"), []
    monkeypatch.setattr(space, "run_template", lambda name, words: started.append(words))
    space.main(["--port", "1"])
    monkeypatch.setenv("MODEL_ID", "org/name")
    space.main(["--port", "1"])
    assert started == [["--port", "1", "--model", str(starter)], ["--port", "1"]]


def test_the_handler_loads_it_by_the_installed_package(starter, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "hub_card")
    handler = import_module("handler")
    audio = (ROOT / "hub_card/samples/happy.wav").read_bytes()
    heard = handler.EndpointHandler(str(starter))({"inputs": audio})
    expected = wise_hf.load_pipeline(starter)(str(ROOT / "hub_card/samples/happy.wav"))
    assert heard == expected
    monkeypatch.setitem(sys.modules, "wise_hf.model.loading", None)
    with pytest.raises(ValueError, match=r"has no code beside it \(pipeline_wise.py\); install wise_hf"):
        handler.EndpointHandler(str(starter))


# --- what is in the repository ---


def tracked() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("needs the clone's git")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_the_starter_models_are_the_only_weights_in_the_repository():
    weights = {name for name in tracked() if name.endswith(WEIGHTS)}
    assert weights <= {"hub_card/starter_model/model.safetensors"}


def test_the_repository_has_the_starter_model():
    assert "hub_card/starter_model/model.safetensors" in tracked()


@pytest.fixture
def published() -> Path:
    return FOLDER


def test_the_published_one_is_within_its_size(published):
    assert sum(path.stat().st_size for path in published.iterdir() if path.is_file()) <= MAX_MB * 1e6


def test_the_published_card_is_made_of_the_results_beside_it(published):
    assert (published / CARD).read_text(encoding="utf-8") == starter_card(published), "run `make starter-model`"


def test_the_published_licence_names_every_corpus_that_it_learnt_from(published):
    corpus = json.loads((published / "results.json").read_text(encoding="utf-8"))["corpus"]
    licence = (published / "LICENSE").read_text(encoding="utf-8")
    assert [name for name in corpus.split(", ") if name not in licence] == []


@pytest.mark.parametrize("name", ["config.json", "processor_config.json", "results.json", "tokenizer_config.json"])
def test_the_published_one_names_no_path_of_the_machine_that_made_it(published, name):
    def strings(value: object) -> list[str]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [value] if isinstance(value, str) else [each for part in inner for each in strings(part)]

    found = strings(json.loads((published / name).read_text(encoding="utf-8")))
    assert [each for each in found if each.startswith(("/", "..", "~"))] == []


def test_the_published_one_hears_a_sample(published):
    heard = wise_hf.load_pipeline(published)(str(ROOT / "hub_card/samples/angry.wav"))
    assert {each["label"] for each in heard} == {"angry", "happy", "neutral", "sad"}


def test_the_licence_lies_in_the_folder_and_keeps_the_code_apart():
    licence = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    for told in ("Attribution-NonCommercial-ShareAlike 4.0 International", "RAVDESS", "Whisper", "MIT License"):
        assert told in licence
    assert "Apache-2.0" in licence.split("Creative Commons Corporation")[0]
