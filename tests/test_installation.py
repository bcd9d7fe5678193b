"""What is installed does all that the clone does, wherever Python is started."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import ModuleType
from zipfile import ZipFile

import pytest
from fresh_environment import make_environment

import wise_hf
from wise_hf.hub.staging import MODEL_FILES
from wise_hf.hub.starter_folder import MAX_MB
from wise_hf.hub.starter_model import PACKAGE


ROOT = Path(__file__).resolve().parents[1]
BUILT_FROM = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "wise_hf", "hub_card")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
ALONE = ("--no-index", "--no-deps", "--no-build-isolation")
STARTER = "hub_card/starter_model"
WHERE = "import wise_hf; from wise_hf.hub.templates import templates_dir; print(wise_hf.__version__, templates_dir())"


def test_dir_shows_the_public_names_and_no_module():
    assert set(dir(wise_hf)) == {*wise_hf.__all__, "__version__"}
    assert not any(isinstance(getattr(wise_hf, name), ModuleType) for name in dir(wise_hf))


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def clone(saved_model, tmp_path_factory) -> Path:
    """A copy of the clone, with a stand-in for the starter model, in a folder that is called as the package is."""
    folder = tmp_path_factory.mktemp("home") / "wise_hf"
    folder.mkdir()
    for name in BUILT_FROM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    for name in MODEL_FILES:
        shutil.copy(saved_model / name, folder / STARTER)
    for name in ("README.md", "results.json"):
        (folder / STARTER / name).write_text("{}")
    return folder


@pytest.fixture(scope="module")
def wheel(clone, tmp_path_factory) -> Path:
    """The wheel that is built from a source distribution."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "setup.py", "--quiet", "sdist", "--dist-dir", folder, cwd=clone)
    run(*PIP, "wheel", *ALONE, "--wheel-dir", folder, *folder.glob("*.tar.gz"), cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def starter_wheel(clone, tmp_path_factory) -> Path:
    """The starter model's own wheel."""
    folder = tmp_path_factory.mktemp("starter")
    run(*PIP, "wheel", *ALONE, "--wheel-dir", folder, f"./{STARTER}", cwd=clone)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The programs of an environment with the wheel."""
    python = make_environment(tmp_path_factory.mktemp("installed") / "env")
    run(*PIP, "--python", python, "install", *ALONE, wheel, cwd=wheel.parent)
    return python.parent


@pytest.mark.slow
def test_a_wheel_holds_every_file_of_the_package_and_of_hub_card(clone, wheel):
    there = {path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()}
    there = {name for name in there if not name.startswith(f"{STARTER}/")}
    package = {name for name in there if name.startswith("wise_hf/") and not name.endswith(".pyc")}
    templates = {f"wise_hf/{name}" for name in there if name.startswith("hub_card/") and not name.endswith(".pyc")}
    assert {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name} == package | templates


def license_of(wheel: Path) -> str:
    with ZipFile(wheel) as content:
        (name,) = (each for each in content.namelist() if each.endswith(".dist-info/METADATA"))
        return re.search("^License(?:-Expression)?: (.+)$", content.read(name).decode(), re.MULTILINE)[1]


@pytest.mark.slow
def test_the_starter_model_is_a_wheel_of_its_own_with_a_licence_of_its_own(wheel, starter_wheel):
    held = {name for name in ZipFile(starter_wheel).namelist() if ".dist-info/" not in name}
    own = (*MODEL_FILES, "README.md", "results.json", "LICENSE")
    assert held == {f"{PACKAGE}/{name}" for name in own}, "no code, which is under the other licence"
    assert (license_of(wheel), license_of(starter_wheel)) == ("Apache-2.0", "CC-BY-NC-SA-4.0")
    assert starter_wheel.stat().st_size < MAX_MB * 1e6


@pytest.mark.slow
def test_both_wheels_predict_together_without_a_model_named(wheel, starter_wheel, clone, tmp_path):
    python = make_environment(tmp_path / "env")
    run(*PIP, "--python", python, "install", *ALONE, wheel, starter_wheel, cwd=tmp_path)
    found = run(python, "-c", "import wise_hf; print(wise_hf.starter_model())", cwd=tmp_path).strip()
    assert Path(found).name == PACKAGE and Path(found).is_relative_to(python.parent.parent)
    recording = clone / "hub_card" / "samples" / "happy.wav"
    (result,) = json.loads(run(python.parent / "wise-hf", "predict", recording, "--json", cwd=tmp_path))
    assert len(result["scores"]) == 4


@pytest.mark.slow
def test_a_wheel_predicts_and_publishes_in_another_folder(installed, saved_model, tmp_path):
    version, templates = run(installed / "python", "-c", WHERE, cwd=tmp_path).split()
    assert version == wise_hf.__version__ and Path(templates).is_relative_to(installed.parent)
    recording, text = Path(templates) / "samples" / "happy.wav", "What a wonderful surprise, thank you so much!"
    options = ["--model", saved_model, "--text", text, "--json"]
    (result,) = json.loads(run(installed / "wise-hf", "predict", recording, *options, cwd=tmp_path))
    assert len(result["words"]) == 8 and len(result["scores"]) == 4
    options = ["--model", saved_model, "--repo_id", "org/x", "--space", "org/y", "--dry_run"]
    listed = run(installed / "wise-hf", "push", *options, cwd=tmp_path).split()
    assert {"README.md", "handler.py", "modeling_wise.py", "samples/sad.wav", "app.py", "style.css"} <= set(listed)


@pytest.mark.slow
def test_a_wheel_serves_a_model_in_another_folder(installed, saved_model, tmp_path):
    command = [installed / "wise-hf", "serve", "--model", saved_model, "--port", "0"]
    with subprocess.Popen([*map(str, command)], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        try:
            with urllib.request.urlopen(server.stdout.readline().strip(), timeout=60) as answer:
                assert answer.status == 200
        finally:
            server.terminate()


@pytest.mark.slow
def test_a_wheel_has_the_page_of_the_space(installed, tmp_path):
    pytest.importorskip("gradio", reason="needs gradio for the page")
    command = [str(installed / "wise-hf"), "space", "--model", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr[:39]) == (1, "wise-hf space: nowhere is not there; gi"), done.stderr


@pytest.mark.slow
def test_an_editable_install_reads_the_clone_also_from_the_folder_that_holds_it(clone, tmp_path):
    python = make_environment(tmp_path / "env")
    run(*PIP, "--python", python, "install", *ALONE, "--editable", clone, cwd=tmp_path)
    for folder in (clone.parent, clone, tmp_path):
        assert run(python, "-c", WHERE, cwd=folder).split() == [wise_hf.__version__, str(clone / "hub_card")]
    assert "wise-hf COMMAND --help" in run(python.parent / "wise-hf", cwd=clone.parent)
