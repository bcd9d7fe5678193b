"""The documentation runs as it is printed, and names files, commands and options that exist."""

import contextlib
import io
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import script
import yaml

import wise_hf
from wise_hf.commands.console import COMMANDS


ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
# A block of code; a comment before it names the file that it is saved as, or added to.
BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<language>python|bash)\n(?P<code>.*?)```", re.DOTALL)
TEMPLATES = ("serve", "space")  # commands whose options are those of a file of hub_card

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def run(program: str, folder: Path) -> subprocess.CompletedProcess:
    """Run a program in a folder where scripts and samples are as in the clone."""
    for name in ("scripts", "hub_card"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "program.py").write_text(program, encoding="utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "program.py"]
    return subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True)


def program_of(page: Path, folder: Path) -> str:
    """All blocks of a page in their order, as one program; blocks with a file's name are written there."""
    program = []
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["file"]:
            with open(folder / block["file"], "a", encoding="utf-8") as file:
                file.write(block["code"])
        elif block["language"] == "bash":
            program.append(f"__import__('subprocess').run(['bash', '-ec', {block['code']!r}], check=True)\n")
        else:
            program.append(block["code"])
    return "\n".join(program)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adding_a_corpus.md", "adding_a_system.md"])
def test_a_page_that_extends_the_package_runs_as_it_is_printed(name, tmp_path):
    pytest.importorskip("espeakng_loader", reason="needs espeakng-loader to make speech")
    ended = run(program_of(DOCS / name, tmp_path), tmp_path)
    assert ended.returncode == 0, ended.stderr[-3000:]


def test_the_python_of_the_pages_on_models_runs_as_it_is_printed(tmp_path, spoken_corpus, saved_model):
    for model in ("out/fold_1", "demo/run/fold_1"):
        (tmp_path / model).parent.mkdir(parents=True)
        (tmp_path / model).symlink_to(saved_model)
    (tmp_path / "recordings").symlink_to(spoken_corpus)
    (tmp_path / "call.wav").symlink_to(next(spoken_corpus.rglob("*_angry.wav")))
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "README.md", DOCS / "using_a_model.md"))
    ended = run("\n".join(block["code"] for block in BLOCK.finditer(pages) if block["language"] == "python"), tmp_path)
    assert ended.returncode == 0, ended.stderr[-3000:]


@pytest.mark.slow
def test_the_tour_runs_and_carries_no_output(tmp_path):
    pytest.importorskip("espeakng_loader", reason="needs espeakng-loader to make speech")
    notebook = json.loads((DOCS / "tour.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    ended = run("\n".join("".join(cell["source"]) for cell in cells), tmp_path)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert not any(cell["outputs"] for cell in cells)


def test_the_api_page_is_what_the_docstrings_say():
    made = runpy.run_path(str(ROOT / "scripts" / "make_api_page.py"))["api_page"]()
    assert (DOCS / "api.md").read_text(encoding="utf-8") == made, "run `make docs`"


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == wise_hf.__version__


@each_page
def test_files_that_a_page_names_exist(page):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:wise_hf|scripts|tests|docs|hub_card)/[\w./-]*)", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@each_page
def test_links_of_a_page_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:{]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@each_page
def test_commands_of_a_page_have_the_options_that_it_gives(page):
    for words in commands_of(page):
        kind = [word for word in words if word == "--timeline"]
        told = help_of(words[0], *kind)
        options = [word.split("=")[0] for word in words[1:] if word.startswith("--") and word not in kind]
        unknown = [each for each in options if not re.search(rf"--({each[2:]}|{each.removeprefix('--no-')})\b", told)]
        assert unknown == [], words


def commands_of(page: Path) -> list[list[str]]:
    """Commands of this package with their words, without what starts them."""
    blocks = [
        block["code"] for block in BLOCK.finditer(page.read_text(encoding="utf-8")) if block["language"] == "bash"
    ]
    commands = []
    for line in "".join(blocks).replace("\\\n", " ").splitlines():
        started = re.match(r".*?\b(?:wise-hf|-m wise_hf|(?:python|launch.*) (?=scripts/))\s+(\S.*)", line)
        if started:
            words = shlex.split(started[1], comments=True)
            commands += [words] if words[0] not in TEMPLATES else []
    return commands


@cache
def help_of(command: str, *kind: str) -> str:
    """What `--help` of a console command or a script says; of a kind of it that an option chooses."""
    if command.startswith("scripts/"):
        return script.run(Path(command).name, "--help").stdout
    assert command in COMMANDS
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.suppress(SystemExit):
        import_module(f"wise_hf.commands.{command.replace('-', '_')}").main([*kind, "--help"])
    return told.getvalue()
