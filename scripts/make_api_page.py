"""Make docs/api.md from the docstrings: python scripts/make_api_page.py."""

import dataclasses
import importlib
import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from wise_hf.commands.run import run
from wise_hf.data.files import write_text


PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
# Module -> its public names; those of `__all__` where none are given.
PUBLIC = {
    "wise_hf": (),
    "wise_hf.data": (),
    "wise_hf.data.corpora": ("Corpus", "register"),
    "wise_hf.data.corpora.recordings": ("Recording", "read_recordings"),
    "wise_hf.data.prepare": ("align_corpus", "extract_features", "prepare", "report"),
    "wise_hf.training": (),
    "wise_hf.training.recipe": ("Recipe",),
    "wise_hf.training.system": ("Collator", "PlainCollator", "System", "Trial"),
    "wise_hf.training.trial": ("run_trial",),
    "wise_hf.model.alignment_wise": ("Alignment", "align"),
    "wise_hf.model.loading": ("load_model", "load_pipeline", "load_processor"),
    "wise_hf.model.visualization": ("plot_prediction", "save_figure"),
    "wise_hf.model.explanation_picture": ("plot_explanation",),
    "wise_hf.hub.release": ("Release",),
    "wise_hf.hub.staging": ("stage_model",),
    "wise_hf.hub.publishing": ("Destination", "publish"),
}
HEAD = "# API\n\nMade from the docstrings by `make docs`; edit those, not this page.\n"
SECTIONS = ("Args:", "Returns:", "Raises:")


def api_page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *(_module(importlib.import_module(module), names) for module, names in PUBLIC.items())])


def _module(module: ModuleType, names: Sequence[str]) -> str:
    described = [_described(name, getattr(module, name)) for name in names or module.__all__]
    return "\n\n".join([f"## {module.__name__}", _docstring(module), *described]) + "\n"


def _described(name: str, value: object) -> str:
    if not inspect.isclass(value):
        return f"### `{name}`\n\n{_signature(name, value)}\n\n{_docstring(value)}"
    fields = _options(value)
    parts = [f"### class `{name}`", "" if fields else _signature(name, value), _docstring(value), fields]
    for method_name, method in vars(value).items():
        is_own = inspect.isfunction(method) and method.__qualname__ == f"{value.__qualname__}.{method_name}"
        if is_own and method.__doc__ and not method_name.startswith("_"):
            parts.append(f"#### `{name}.{method_name}`\n\n{_signature(method_name, method)}\n\n{_docstring(method)}")
    return "\n\n".join(part for part in parts if part)


def _options(kind: type) -> str:
    """The fields of a dataclass of options, with their help."""
    fields = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    lines = [f"- `{each.name}`: {each.metadata['help'].replace('%%', '%')}" for each in fields if each.metadata]
    return "\n".join(lines)


def _signature(name: str, value: object) -> str:
    if inspect.isclass(value) and "__init__" not in vars(value):
        return ""  # that of a base class of another package
    parameters = [each for each in inspect.signature(value).parameters.values() if each.name != "self"]
    if dataclasses.is_dataclass(value):
        parameters = [each for each in parameters if each.name in value.__annotations__]
    shown = [f"    {_shown(parameter)},\n" for parameter in parameters]
    return f"```python\n{name}({chr(10) * bool(shown)}{''.join(shown)})\n```"


def _shown(parameter: inspect.Parameter) -> str:
    """A parameter as it is written; a default without a name of its own is left to the docstring."""
    return re.sub(r" = .*(<.*>|lambda).*", " = ...", str(parameter).replace("collections.abc.", ""))


def _docstring(value: object) -> str:
    """A docstring with its sections as lists."""
    lines, section = [], ""
    for line in (inspect.getdoc(value) or "").splitlines():
        section = section if line[:1] in ("", " ") else ""
        if line in SECTIONS:
            section = line
            lines.append(f"**{section}**\n")
        elif section in ("Args:", "Raises:") and re.match(r"    \S", line):
            lines.append(re.sub(r"^    ([^:]+):", r"- `\1`:", line))
        elif section:
            lines.append(line.removeprefix("    ") if section == "Returns:" else line.replace("        ", "  ", 1))
        else:
            lines.append(line)
    return "\n".join(lines)


def main() -> None:
    write_text(PAGE, api_page())


if __name__ == "__main__":
    run(main)
