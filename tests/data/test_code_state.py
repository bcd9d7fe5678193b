"""All code that a function may run is found by itself."""

import importlib
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from wise_hf.data import code_state as code_state_module
from wise_hf.data.code_state import code_state
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.prepare import align_corpus, align_utterance, extract_utterance
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.tables.rows import table_rows


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A folder on the path whose modules, all called `own_...`, are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("own_")]:
        del sys.modules[name]


def write(root: Path, modules: dict[str, str]) -> None:
    """Modules by their paths without `.py`."""
    for name, code in modules.items():
        path = root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)


def own(state: dict[str, str]) -> set[str]:
    return {name for name in state if name.startswith("own_")}


def modules_run_by(call: Callable[[], object]) -> set[str]:
    """The modules of this package whose functions a call runs."""
    ran: set[str] = set()

    def note(frame: object, event: str, argument: object) -> None:
        ran.add(frame.f_globals.get("__name__", ""))

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return {name for name in ran if name.startswith("wise_hf")}


def test_aligning_runs_nothing_that_is_not_in_its_state(spoken_corpus):
    row = load_folder(spoken_corpus)[0] | {"words": [], "alignment": None}
    for text in (row["text"], None, "Zorgblax xyzzy 42."):
        ran = modules_run_by(lambda text=text: align_utterance(row | {"text": text}))
        assert {"wise_hf.model.alignment_wise", "wise_hf.model.audio_wise", "wise_hf.model.spoken_text_wise"} <= ran
        assert ran <= code_state(align_utterance).keys()


EXTRACT = {row.system.key: row.system.extract for row in table_rows()}
SYSTEMS = {key: EXTRACT[key] for key in ("wise", "lstm_attention", "cnn_phoneme", "dual_rnn")}
WITH_OPENSMILE = partial(extract_utterance, feature_extractor=WISEFeatureExtractor(mfcc_backend="opensmile"))
NATIVE = partial(extract_utterance, feature_extractor=WISEFeatureExtractor())


@pytest.mark.parametrize("extract", [*SYSTEMS.values(), NATIVE, WITH_OPENSMILE], ids=[*SYSTEMS, "native", "opensmile"])
def test_extracting_runs_nothing_that_is_not_in_its_state(spoken_corpus, extract):
    if extract is WITH_OPENSMILE:
        pytest.importorskip("opensmile")
    row = align_corpus(load_folder(spoken_corpus))[0]
    ran = modules_run_by(lambda: extract(row))
    assert "wise_hf.model.audio_wise" in ran and ran <= code_state(extract).keys()


def test_training_and_the_hub_decide_on_no_features():
    for function in (align_utterance, extract_utterance, SYSTEMS["wise"]):
        names = code_state(function).keys()
        assert not [name for name in names if name.startswith(("wise_hf.training", "wise_hf.hub"))]
        assert not {"wise_hf", "wise_hf.model.modeling_wise", "wise_hf.model.pipeline_wise"} & names
    assert "wise_hf.model.mfcc_wise" not in code_state(align_utterance), "other features leave the words as they are"


def test_packages_that_decide_are_in_it_with_their_versions(monkeypatch):
    state = code_state(align_utterance)
    for package in ("numpy", "soxr", "soundfile", "pocketsphinx"):
        assert state[package] == f"{package} {importlib.metadata.version(package)}"
    assert "opensmile" in code_state(extract_utterance) or "opensmile" not in code_state_module._distributions()
    installed = {name: names for name, names in code_state_module._distributions().items() if name != "soxr"}
    monkeypatch.setattr(code_state_module, "_distributions", lambda: installed)
    assert "soxr" not in code_state(align_utterance), "a missing package is another state"


EXTRACTOR = """
from own_package import deep as also
from own_package.sub import first
import own_package.side.last

def extract(row):
    from own_lazy import value
    return value
"""


def test_imports_are_followed_wherever_they_stand(project):
    modules = {
        "own_extractor": EXTRACTOR,
        "own_lazy": "raise RuntimeError('imported only to look')",
        "own_unused": "",
        "own_package/__init__": "",
        "own_package/deep": "from . import relative\nfrom .sub.first import thing",
        "own_package/relative": "",
        "own_package/sub/__init__": "",
        "own_package/sub/first": "from ..shared import *\nthing = 1",
        "own_package/shared": "",
        "own_package/side/__init__": "",
        "own_package/side/last": "",
    }
    write(project, modules)
    state = code_state(importlib.import_module("own_extractor").extract)
    not_followed = {"own_unused", "own_package.sub"}  # of `from own_package.sub import first` only that is taken
    names = {name.replace("/__init__", "").replace("/", ".") for name in modules}
    assert own(state) == names - not_followed and "own_lazy" not in sys.modules


def test_modules_of_the_own_package_count_where_they_are_named_by_strings(project):
    work = "import importlib\n\ndef work(row):\n    return importlib.import_module('own_package.named').x"
    write(project, {"own_package/__init__": "", "own_package/work": work, "own_package/named": "x = 1"})
    state = code_state(importlib.import_module("own_package.work").work)
    assert own(state) == {"own_package.work", "own_package.named"}


def test_a_name_that_a_package_gives_on_is_followed_through_it(project):
    extractor = "from own_package import work\n\ndef extract(row):\n    return work()"
    package = "from own_package._work import work"
    write(
        project,
        {"own_extractor": extractor, "own_package/__init__": package, "own_package/_work": "def work(): pass"},
    )
    extract = importlib.import_module("own_extractor").extract
    assert own(code_state(extract)) == {"own_extractor", "own_package", "own_package._work"}


def test_partials_and_the_classes_of_arguments_count(project):
    extractor = "from own_base import Base\n\nclass Extractor(Base):\n    pass"
    write(project, {"own_extractor": extractor, "own_base": "class Base: pass"})
    extractor = importlib.import_module("own_extractor").Extractor()
    for state in (code_state(partial(align_utterance), extractor), code_state(align_utterance, extractor, 3, "x")):
        assert {"own_extractor", "own_base", "wise_hf.model.alignment_wise"} <= state.keys()
    assert code_state(align_utterance, np.float64(1.0), True) == code_state(align_utterance)


def test_a_file_that_changed_under_its_module_is_neither_the_old_state_nor_the_new_one(project):
    write(project, {"own_extractor": "def extract(row): return 1"})
    module = importlib.import_module("own_extractor")
    first = code_state(module.extract)
    write(project, {"own_extractor": "def extract(row): return 2"})
    between = code_state(module.extract)
    second = code_state(importlib.reload(module).extract)
    assert len({str(state) for state in (first, between, second)}) == 3
    write(project, {"own_extractor": "def extract(row): return 1"})
    assert code_state(importlib.reload(module).extract) == first


TOLD = """
import json
from wise_hf.data.code_state import code_state
from wise_hf.data.prepare import align_utterance

print(json.dumps(code_state(align_utterance)))
"""


@pytest.mark.slow
def test_it_is_the_same_in_another_process():
    done = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == code_state(align_utterance)
