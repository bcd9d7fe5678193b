"""One name for one thing, in the whole package."""

import ast
from collections import defaultdict
from pathlib import Path


PACKAGE = Path(__file__).parents[1] / "wise_hf"


def test_no_two_modules_have_a_public_class_or_function_of_the_same_name():
    modules_of = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
                modules_of[node.name].append(path.relative_to(PACKAGE).as_posix())
    del modules_of["main"]  # of each command
    assert {name: modules for name, modules in modules_of.items() if len(modules) > 1} == {}
