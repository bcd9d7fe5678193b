"""What a saved model's files may name: nothing outside of its folder, which may come from somebody who means harm.

transformers opens what the JSON files of a model name: other files, other repositories, backbones and adapters. A
saved WISE needs none of it, so such names are refused before transformers reads them, as are numbers that fill the
memory.
"""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from transformers.utils import SAFE_WEIGHTS_NAME


MODEL, TOKENIZER = "config.json", "tokenizer_config.json"
# JSON files that transformers reads, but for the tokenizer's own data (tokenizer.json).
CHECKED_FILES = (
    *(MODEL, "processor_config.json", "preprocessor_config.json", TOKENIZER),
    *("special_tokens_map.json", "added_tokens.json", "chat_template.json", "generation_config.json"),
)
MOST_BYTES = 5_000_000  # of each of them
FETCHED_FILES = ("*.json", "*.txt", "*.model", "*.jinja", "additional_chat_templates", SAFE_WEIGHTS_NAME)
# They name a base model, and a model for audio of which a saved WISE has none.
OTHER_MODELS = ("adapter_config.json", "audio_tokenizer_config.json")
# Names of values that transformers opens; those of values that it only tells, and labels.
OPENED = re.compile(r"\w*_files?|vocab|merges|init_inputs|transformers_weights|audio_tokenizer\w*")
HARMLESS = ("name", "license", "_name_or_path", "id2label")
LARGEST, MOST_LAYERS = 10**7, 1000


class Leaf(NamedTuple):
    """A value of a JSON file.

    Args:
        path: the end of the names that lead to it, with points between them.
        name: the last of them.
        is_opened: one of them is that of something that transformers opens.
        is_harmless: one of them is in `HARMLESS`.
        value: a number, a string, or a list or mapping on the way to one.
    """

    path: str
    name: str
    is_opened: bool
    is_harmless: bool
    value: object

    def child(self, name: str, value: object) -> "Leaf":
        """A value of this mapping."""
        is_opened = self.is_opened or "backbone" in name or OPENED.fullmatch(name) is not None
        path = f"{self.path}.{name}".lstrip(".")[-80:]
        return Leaf(path, name[-80:], is_opened, self.is_harmless or name in HARMLESS, value)


def check_named_files(folder: Path) -> None:
    """Refuse a saved model that names what is not its own.

    Args:
        folder: of the model.

    Raises:
        ValueError: its configuration names another file, address or model, a number that no model has, or is no JSON
            object; or a file that is read is a link that leads out of the folder.
    """
    _check_links(folder)
    for name in OTHER_MODELS:
        if (folder / name).exists():
            raise ValueError(f"{folder} has an {name}, which names another model; give a whole model.")
    for path in (folder / file for file in CHECKED_FILES):
        for leaf in _leaves(path) if path.exists() else ():
            if reason := _reason(path.name, leaf):
                raise ValueError(f"{path} has {leaf.path} = {leaf.value!r:.80}, {reason}; remove it from the file.")


def _check_links(folder: Path) -> None:
    """The Hub's cache has links of its own, from snapshots/COMMIT to blobs."""
    own = folder.resolve()
    cache = [each.parent / "blobs" for each in own.parents if each.name == "snapshots"]
    patterns = [*FETCHED_FILES, "additional_chat_templates/*"]
    for path in (path for pattern in patterns for path in folder.glob(pattern) if path.is_symlink()):
        if not any(path.resolve().is_relative_to(place) for place in (own, *cache)):
            raise ValueError(f"{path} is a link that leads out of the model's folder; put the file itself there.")


def _leaves(path: Path) -> Iterator[Leaf]:
    """The numbers and strings of a JSON file."""
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} has more than {MOST_BYTES:,} bytes, which no model's has; save or fetch it anew.")
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is no JSON that can be read ({type(error).__name__}); save or fetch it anew."
        ) from None
    if not isinstance(read, dict):
        raise ValueError(f"{path} is no JSON object; save or fetch it anew.")
    left = [Leaf("", "", False, False, read)]
    while left:
        leaf = left.pop()
        if isinstance(leaf.value, dict):
            left += [leaf.child(name, value) for name, value in leaf.value.items()]
        elif isinstance(leaf.value, list):
            left += [leaf._replace(value=value) for value in leaf.value]
        else:
            yield leaf


def _reason(file: str, leaf: Leaf) -> str | None:
    """What is wrong with a value, where something is."""
    value = leaf.value
    if isinstance(value, str):
        if leaf.is_opened:
            return "which transformers would open"
        if file != TOKENIZER and ("/" in value or "\\" in value) and not leaf.is_harmless:
            return "a path or an address"
    if isinstance(value, float) and not math.isfinite(value):
        return "which is no finite number"
    if file != TOKENIZER and (isinstance(value, int) or (isinstance(value, float) and leaf.name.endswith("_ms"))):
        most = MOST_LAYERS if re.search("layer|member", leaf.name) else LARGEST
        return f"beyond {most:,}" if abs(value) > most else None
    return None
