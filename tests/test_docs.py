"""The documentation runs as it is printed, and names files and names that exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "hub_card").rglob("*.md")])
# A block of code; a comment before it names the file that it is saved as, or added to.
BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<language>python|bash)\n(?P<code>.*?)```", re.DOTALL)


def run_page(page: Path, folder: Path) -> subprocess.CompletedProcess:
    """Run all blocks of a page in their order, in a folder that has the scripts."""
    (folder / "scripts").symlink_to(ROOT / "scripts")
    program = []
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["file"]:
            with open(folder / block["file"], "a", encoding="utf-8") as file:
                file.write(block["code"])
        elif block["language"] == "bash":
            program.append(f"__import__('subprocess').run(['bash', '-ec', {block['code']!r}], check=True)\n")
        else:
            program.append(block["code"])
    (folder / "page.py").write_text("\n".join(program), encoding="utf-8")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "page.py"], cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )


@pytest.mark.parametrize("name", ["adding_a_corpus.md", "adding_a_system.md"])
def test_a_page_runs_as_it_is_printed(name, tmp_path):
    pytest.importorskip("espeakng_loader", reason="needs espeakng-loader to make speech")

    ended = run_page(DOCS / name, tmp_path)

    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_exist(page):
    named = set(re.findall(r"`((?:wise_hf|scripts|tests|docs|hub_card)/[\w./-]*)", page.read_text(encoding="utf-8")))

    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:{]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []
