"""A request of somebody who means harm: nothing that it names is opened, called or unpickled."""

import base64
import pickle
import shutil
import sys
from importlib import import_module
from pathlib import Path

import pytest
from watching import REACHING, watched

from wise_hf.hub.templates import templates_dir


CANARY = "canary.wav"
NAMES = ("{path}", "file://{path}", "../{name}", "http://127.0.0.1:9/{name}", "hf://datasets/org/name/{name}")
PLAYLISTS = {
    "m3u8": "#EXTM3U\n#EXTINF:1,\n{path}\n",
    "concat": "ffconcat version 1.0\nfile {path}\n",
    "pls": "[playlist]\nFile1={path}\n",
    "sdp": "v=0\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
    "mpd": '<?xml version="1.0"?><MPD><BaseURL>{path}</BaseURL></MPD>',
}


@pytest.fixture(scope="module")
def answer(saved_model: Path) -> object:
    sys.path.insert(0, str(templates_dir()))
    return import_module("handler").EndpointHandler(str(saved_model))


@pytest.fixture
def canary(spoken_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording that lies where the process runs."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(next((spoken_corpus / "audio").glob("*/*.wav")), tmp_path / CANARY))


def requests_naming(path: Path) -> list[dict]:
    named = [name.format(path=path, name=path.name) for name in NAMES]
    in_base64 = base64.b64encode(path.read_bytes()).decode()
    playlists = [text.format(path=path).encode() for text in PLAYLISTS.values()]
    return [
        *({"inputs": name} for name in named),
        *({"inputs": {"audio": name}} for name in named),
        *({"inputs": {"audio": {"path": name}}} for name in named),
        *({"inputs": {"path": name, "audio": in_base64}} for name in named),
        *({"inputs": in_base64, "parameters": {"recogniser": name}} for name in named),
        *({"inputs": playlist} for playlist in playlists),
        {"inputs": pickle.dumps(Path.cwd)},
        {"inputs": base64.b64encode(pickle.dumps(Path.cwd)).decode()},
    ]


def test_nothing_that_a_request_names_is_opened_called_or_unpickled(answer, canary: Path) -> None:
    for request in requests_naming(canary):
        with watched() as seen, pytest.raises(ValueError):
            answer(request)
        assert seen.of(*REACHING) == [] and seen.opened_in(canary.parent) == [], request


def test_a_text_that_names_something_is_read_out_and_not_opened(answer, canary: Path) -> None:
    for name in NAMES:
        text = f"please read {name.format(path=canary, name=canary.name)}"
        with watched() as seen:
            assert answer({"inputs": {"audio": canary.read_bytes(), "text": text}})
        assert seen.of(*REACHING) == []
        assert seen.opened_in(canary.parent) == [str(canary)], "by this test alone"


def test_a_served_folder_s_code_is_not_run(saved_model: Path, tmp_path: Path) -> None:
    folder, mark = shutil.copytree(saved_model, tmp_path / "model"), tmp_path / "run"
    for path in folder.glob("*.py"):
        path.write_text(f"open({str(mark)!r}, 'w')\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert import_module("handler").EndpointHandler(str(folder)).classify.model.config.model_type == "wise"
    assert not mark.exists()
