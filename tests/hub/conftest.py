"""Fixtures of publishing: a small `hub_card`, a model's folder with results beside it, a staged folder, a Hub."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest
from hub_input import results_of
from huggingface_hub import HfApi
from loopback.hub import TOKEN, LoopbackHub

from wise_hf.hub import connection
from wise_hf.hub.publishing import Destination
from wise_hf.hub.release import Release
from wise_hf.hub.staging import stage_model


HUB_CARD = Path(__file__).resolve().parents[2] / "hub_card"


@pytest.fixture(scope="session")
def small_hub_card(tmp_path_factory) -> Path:
    """The files of hub_card, with one of the samples: each takes a second."""
    folder = tmp_path_factory.mktemp("card") / "hub_card"
    (folder / "samples").mkdir(parents=True)
    for name in ("README.md", "handler.py", "requirements.txt", "gitattributes", "samples/happy.wav"):
        shutil.copy(HUB_CARD / name, folder / name)
    samples = json.loads((HUB_CARD / "samples/samples.json").read_text())
    kept = [sample for sample in samples if sample["file"] == "happy.wav"]
    (folder / "samples/samples.json").write_text(json.dumps(kept))
    return folder


@pytest.fixture
def model(saved_model, tmp_path) -> Path:
    """A model's folder as a run with folds leaves it, with the results beside it."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results.json").write_text(json.dumps(results_of(saved_model)))
    return shutil.copytree(saved_model, tmp_path / "out" / "fold_1")


@pytest.fixture
def release(model, small_hub_card) -> Release:
    """What is published, unless a test changes it."""
    return Release(model, Destination("org/wise-test"), small_hub_card)


@pytest.fixture(scope="session")
def staged_once(saved_model, small_hub_card, made_once, tmp_path_factory) -> Path:
    def stage(folder: Path) -> None:
        output = tmp_path_factory.mktemp("out")
        (output / "results.json").write_text(json.dumps(results_of(saved_model)))
        model_dir = shutil.copytree(saved_model, output / "fold_1")
        stage_model(Release(model_dir, Destination("org/wise-test", tag="v1"), small_hub_card), folder)

    return made_once("staged", stage)


@pytest.fixture
def staged(staged_once, tmp_path) -> Path:
    """A folder that is ready to be published, of the test's own."""
    return shutil.copytree(staged_once, tmp_path / "staged")


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """The pauses between tries, which are not made; nor are those of the client itself."""
    made: list[float] = []
    monkeypatch.setattr(connection, "time", SimpleNamespace(sleep=made.append))
    hurried = SimpleNamespace(**vars(time) | {"sleep": lambda seconds: None})
    monkeypatch.setattr("huggingface_hub.utils._http.time", hurried)
    return made


@pytest.fixture
def online(monkeypatch) -> None:
    """This process may ask a Hub."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)


@pytest.fixture
def logged_in(hub: LoopbackHub, online, monkeypatch) -> pytest.MonkeyPatch:
    """This process's Hub is the loopback one, with a token in the environment, as a person has it."""
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return monkeypatch


@pytest.fixture
def log_in(hub: LoopbackHub, online) -> Callable[[str], HfApi]:
    """The real client in this process, whose Hub is the loopback one, with a token."""
    return lambda token: HfApi(endpoint=hub.endpoint, token=token)


@pytest.fixture
def api(log_in) -> HfApi:
    return log_in(TOKEN)
