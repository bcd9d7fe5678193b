"""What setup.py, constraints.txt and the files of the Hub say is needed."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("wise_hf", "hub_card", "scripts", "tests")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def bounds(text: str) -> dict[str, str]:
    """What is written `name>=version`, by the name."""
    return {canonical(name): version for name, version in re.findall(r"^\W*([\w.-]+)>=([\d.]+)", text, re.MULTILINE)}


def lists_of_setup() -> dict[str, dict[str, str]]:
    """The lists of setup.py by their names, each as `bounds` gives it."""
    statements = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8")).body
    lists = [each for each in statements if isinstance(each, ast.Assign) and isinstance(each.value, ast.List)]
    return {each.targets[0].id: bounds("\n".join(ast.literal_eval(each.value))) for each in lists}


def imported_by(folder: str) -> set[str]:
    """The packages of others that a folder's files import by an import statement."""
    modules = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules.add(node.module.partition(".")[0])
    files = [path for name in FOLDERS for path in (ROOT / name).rglob("*.py")]
    own = {path.stem for path in files} | {path.parent.name for path in files if path.stem == "__init__"}
    installed = packages_distributions()
    return {canonical(installed.get(name, [name])[0]) for name in modules - own - sys.stdlib_module_names}


@pytest.mark.parametrize(
    ("folder", "extras"), zip(FOLDERS, ([], ["SERVE", "SPACE"], ["TEST"], ["SERVE", "SPACE", "TEST"]), strict=True)
)
def test_what_is_imported_is_asked_for(folder, extras):
    lists = lists_of_setup()
    asked_for = {name for key in ["REQUIRED", *extras] for name in lists[key]}
    assert imported_by(folder) <= asked_for


@pytest.mark.parametrize(
    "path", ["hub_card/requirements.txt", "hub_card/space/requirements.txt", "hub_card/README.md"]
)
def test_the_hubs_files_ask_for_the_same_versions(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    asked_for = bounds("\n".join(re.findall(r"[\w.-]+>=[\d.]+", text)))
    required = lists_of_setup()["REQUIRED"]
    assert asked_for and asked_for == {name: required[name] for name in asked_for}


def test_the_exact_versions_are_within_the_bounds():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    exact = {canonical(name): version for name, _, version in (line.partition("==") for line in lines)}
    for name, lowest in (pair for each in lists_of_setup().values() for pair in each.items()):
        assert _numbers(exact[name]) >= _numbers(lowest), name


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def test_opensmile_is_an_extra_that_an_installation_for_development_has():
    lists = lists_of_setup()
    assert "opensmile" not in lists["REQUIRED"] and lists["OPENSMILE"]
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert '"opensmile": OPENSMILE' in text and re.search(r'"dev": .*OPENSMILE', text)
