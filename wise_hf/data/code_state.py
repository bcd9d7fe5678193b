"""The state of all code that a function may run, found by its imports: there is no list that could be forgotten."""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path


_PACKAGE = __name__.partition(".")[0]
_PLACES_OF_INSTALLED = {"site-packages", "dist-packages"}
# Module -> how it was loaded, and the digest of its file when it was first looked at.
_running: dict[str, tuple[ModuleSpec | None, str]] = {}


def code_state(function: object, *arguments: object) -> dict[str, str]:
    """What changes when the code does that a function may run.

    Files are followed from import to import, those inside functions included: files of this package, of the function's
    own and of whatever is not installed. An installed package counts with its version, also where it is only named
    (`importlib.import_module("soxr")`) and may be missing.

    Args:
        function: of a module, or a partial of such a function.
        arguments: what it is called with; the code of their classes counts, too, and of what they say that they run
            beside it (`also_runs`).

    Returns:
        For each module the digest of its file, for each installed package its version.
    """
    run = [function, *arguments, *(each for argument in arguments for each in getattr(argument, "also_runs", ()))]
    waiting = {_module_of(each) for each in run}
    own = {_PACKAGE, _top(_module_of(function))}
    state: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        package = _top(name)
        if name in state or package in sys.stdlib_module_names:
            continue
        path = _file_of(name)
        if package not in own and _is_installed(package):
            state[package] = _version(package)
        elif path is not None:
            state[name] = _digest(name, path)
            waiting |= _mentioned(name, path, own)
    return dict(sorted(state.items()))


def _module_of(thing: object) -> str:
    thing = getattr(thing, "func", thing)  # of a partial
    return getattr(thing, "__module__", None) or type(thing).__module__


def _top(name: str) -> str:
    return name.partition(".")[0]


# --- where modules are: nothing is imported to find out ---


def _file_of(name: str) -> Path | None:
    """The file of a module; `None` for what is no module, or has none."""
    path = getattr(sys.modules.get(name), "__file__", None) or getattr(_spec_of(name), "origin", None)
    return Path(path) if path is not None and Path(path).is_file() else None


def _spec_of(name: str) -> ModuleSpec | None:
    if name in sys.modules:
        return getattr(sys.modules[name], "__spec__", None)
    parent = name.rpartition(".")[0]
    if not parent:
        return importlib.util.find_spec(name)
    places = getattr(_spec_of(parent), "submodule_search_locations", None)
    return PathFinder.find_spec(name, places) if places else None


def _is_installed(package: str) -> bool:
    """Another's, which does not change unless its version does; what is installed to be edited is not."""
    path = _file_of(package)
    return package in _distributions() if path is None else not _PLACES_OF_INSTALLED.isdisjoint(path.parts)


@functools.cache
def _distributions() -> dict[str, list[str]]:
    """The names of distributions by the packages that they install, and by themselves: not all tell their packages."""
    names = [each.name for each in importlib.metadata.distributions() if each.name]
    return {name.lower().replace("-", "_"): [name] for name in names} | dict(
        importlib.metadata.packages_distributions()
    )


def _version(package: str) -> str:
    names = sorted(set(_distributions().get(package, ())))
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names) or "unknown"


# --- what is in a module ---


def _digest(name: str, path: Path) -> str:
    """Of the file; where it was changed since it was loaded, of what is running, too: it is not what the file says."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    loaded = getattr(sys.modules.get(name), "__spec__", None)
    if name not in _running or _running[name][0] is not loaded:
        _running[name] = loaded, digest
    running = _running[name][1]
    return digest if digest == running else f"{running}, then {digest}"


def _mentioned(name: str, path: Path, own: set[str]) -> set[str]:
    """The modules that a file imports, and the packages that it names as importlib takes them."""
    if path.suffix != ".py":
        return set()
    imports, strings = _parse(path.read_bytes(), name if path.name == "__init__.py" else name.rpartition(".")[0])
    named = {each for each in strings if ("." in each if _top(each) in own else each in _distributions())}
    return named.union(*(_modules_of_import(*names) for names in imports))


def _modules_of_import(base: str, *names: str) -> set[str]:
    """Of `from a import b, c`: the modules a.b and a.c, and a itself where it holds one of the two."""
    parts = {f"{base}.{name}" for name in names}
    modules = {part for part in parts if _file_of(part) is not None}
    return modules if parts and modules == parts else modules | {base}


@functools.cache
def _parse(source: bytes, package: str) -> tuple[set[tuple[str, ...]], set[str]]:
    """The imports, each as (module, what is taken of it, ...), and all strings."""
    imports: set[tuple[str, ...]] = set()
    strings: set[str] = set()
    try:
        tree = ast.parse(source)
    except SyntaxError:  # imported by nobody, then
        return imports, strings
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            imports |= {(".".join(parts[:end]),) for parts in names for end in range(1, len(parts) + 1)}
        elif isinstance(node, ast.ImportFrom) and (package or not node.level):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            imports.add((base, *(alias.name for alias in node.names)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    return imports, strings
