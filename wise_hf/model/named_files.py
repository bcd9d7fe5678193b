"""What a saved model's files may name: itself. Its folder may come from somebody who means harm.

transformers opens what the JSON files of a model name: other files, other repositories, backbones and adapters. A
saved WISE needs none of it, so such names are refused before transformers reads them, as are numbers that fill the
memory.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, cached_file


MODEL, PROCESSOR, TOKENIZER = "config.json", "processor_config.json", "tokenizer_config.json"
READ = (MODEL, PROCESSOR, "preprocessor_config.json", TOKENIZER, SAFE_WEIGHTS_INDEX_NAME)
WEIGHTS_ELSEWHERE = "adapter_config.json"  # names a base model
OPENED = re.compile(r"\w*_files?|vocab|merges|init_inputs|transformers_weights|\w*backbone\w*")
CODE = ("auto_map", "custom_pipelines")
ELSEWHERE = "--"  # in a name of code: of another repository
FREE = ("name", "license", "_name_or_path", "id2label")  # told, and not opened; labels
NOT_NEEDED = {"_raise_exceptions_for_missing_entries": False, "_raise_exceptions_for_connection_errors": False}
LARGEST, MOST_LAYERS = 10**7, 1000


def check_named_files(name_or_folder: str | Path, revision: str | None = None) -> None:
    """Refuse a saved model that names what is not its own.

    Args:
        name_or_folder: a folder, or a name on the Hub.
        revision: commit, branch or tag of a model on the Hub.

    Raises:
        ValueError: its configuration names another file, address, adapter or repository, a number that no model has,
            or is no JSON; or a file of a folder is a link that leads out of it.
    """
    name = str(name_or_folder)
    _check_links(Path(name))
    find = partial(cached_file, name, revision=revision, **NOT_NEEDED)
    if find(WEIGHTS_ELSEWHERE) is not None:
        raise ValueError(f"{name} has an {WEIGHTS_ELSEWHERE}, which names another model; give a whole model.")
    for file in READ:
        path = find(file)
        for keys, value in () if path is None else _leaves(Path(path), f"{file} of {name}"):
            if reason := _reason(file, keys, value):
                told = ".".join(keys)
                raise ValueError(f"{file} of {name} has {told:.80} = {value!r:.80}, {reason}; save or fetch it anew.")


def _check_links(folder: Path) -> None:
    """The Hub's cache has links of its own, from snapshots/COMMIT to blobs."""
    if not folder.is_dir():
        return
    places = [folder.resolve()]
    if places[0].parent.name == "snapshots":
        places.append(places[0].parents[1] / "blobs")
    for path in folder.iterdir():
        if path.is_symlink() and not any(path.resolve().is_relative_to(place) for place in places):
            raise ValueError(f"{path} is a link that leads out of the model's folder; put the file itself there.")


def _leaves(path: Path, told: str) -> Iterator[tuple[tuple[str, ...], object]]:
    """The numbers and strings of a JSON file, each with the keys that lead to it."""
    try:
        left = [((), json.loads(path.read_text(encoding="utf-8")))]
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{told} is no JSON that can be read ({type(error).__name__}); save or fetch it anew."
        ) from None
    if not isinstance(left[0][1], dict):
        raise ValueError(f"{told} is no JSON object; save or fetch it anew.")
    while left:
        keys, value = left.pop()
        if isinstance(value, dict):
            left += [((*keys, key), its) for key, its in value.items()]
        elif isinstance(value, list):
            left += [(keys, its) for its in value]
        else:
            yield keys, value


def _reason(file: str, keys: tuple[str, ...], value: object) -> str | None:
    """What is wrong with a value, where something is."""
    if isinstance(value, str):
        if any(OPENED.fullmatch(key) for key in keys):
            return "which would be opened"
        if ELSEWHERE in value and any(key in CODE for key in keys):
            return "the code of another repository"
        if file != TOKENIZER and ("/" in value or "\\" in value) and not any(key in FREE for key in keys):
            return "a path or an address"
    if isinstance(value, int | float) and file != TOKENIZER:
        most = MOST_LAYERS if re.search("layers|members", keys[-1]) else LARGEST
        if not abs(value) <= most:
            return f"beyond {most:,}"
    return None
