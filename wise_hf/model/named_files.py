"""What a saved model's files may name: itself. Its folder may come from somebody who means harm.

transformers opens what the JSON files of a model name: other files, other repositories, backbones and adapters. A
saved WISE needs none of it, so such names are refused before transformers reads them, as are numbers that fill the
memory.
"""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

from transformers.utils import SAFE_WEIGHTS_NAME


MODEL, TOKENIZER = "config.json", "tokenizer_config.json"
READ = (MODEL, "processor_config.json", "preprocessor_config.json", TOKENIZER)
LOADED = ("*.json", "*.txt", "*.model", "*.jinja", "additional_chat_templates", SAFE_WEIGHTS_NAME)  # all that is read
WEIGHTS_ELSEWHERE = "adapter_config.json"  # names a base model
OPENED = re.compile(r"\w*_files?|vocab|merges|init_inputs|transformers_weights|\w*backbone\w*")
FREE = ("name", "license", "_name_or_path", "id2label")  # told, and not opened; labels
LARGEST, MOST_LAYERS = 10**7, 1000


def check_named_files(folder: Path) -> None:
    """Refuse a saved model that names what is not its own.

    Args:
        folder: of the model.

    Raises:
        ValueError: its configuration names another file, address or adapter, a number that no model has, or is no
            JSON; or a file that is read is a link that leads out of the folder.
    """
    _check_links(folder)
    if (folder / WEIGHTS_ELSEWHERE).exists():
        raise ValueError(f"{folder} has an {WEIGHTS_ELSEWHERE}, which names another model; give a whole model.")
    for path in (folder / file for file in READ):
        for keys, value in _leaves(path) if path.exists() else ():
            if reason := _reason(path.name, keys, value):
                told = ".".join(keys)
                raise ValueError(f"{path} has {told:.80} = {value!r:.80}, {reason}; remove it from the file.")


def _check_links(folder: Path) -> None:
    """The Hub's cache has links of its own, from snapshots/COMMIT to blobs."""
    own = folder.resolve()
    cache = [each.parent / "blobs" for each in own.parents if each.name == "snapshots"]
    for path in (path for pattern in LOADED for path in folder.glob(pattern) if path.is_symlink()):
        if not any(path.resolve().is_relative_to(place) for place in (own, *cache)):
            raise ValueError(f"{path} is a link that leads out of the model's folder; put the file itself there.")


def _leaves(path: Path) -> Iterator[tuple[tuple[str, ...], object]]:
    """The numbers and strings of a JSON file, each with the keys that lead to it."""
    try:
        left = [((), json.loads(path.read_text(encoding="utf-8")))]
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is no JSON that can be read ({type(error).__name__}); save or fetch it anew."
        ) from None
    if not isinstance(left[0][1], dict):
        raise ValueError(f"{path} is no JSON object; save or fetch it anew.")
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
            return "which transformers would open"
        if file != TOKENIZER and ("/" in value or "\\" in value) and not any(key in FREE for key in keys):
            return "a path or an address"
    if isinstance(value, float) and not math.isfinite(value):
        return "which is no finite number"
    if file != TOKENIZER and (isinstance(value, int) or (isinstance(value, float) and keys[-1].endswith("_ms"))):
        most = MOST_LAYERS if re.search("layers|members", keys[-1]) else LARGEST
        return f"beyond {most:,}" if abs(value) > most else None
    return None
