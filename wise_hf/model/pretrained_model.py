"""A pretrained model of transformers as a part of another: its first layers, and what it is known by."""

import copy
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import torch
import yaml
from huggingface_hub import ModelCard
from huggingface_hub.errors import HfHubHTTPError, StrictDataclassError
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoModel, PreTrainedConfig
from transformers.utils import SAFE_WEIGHTS_NAME, cached_file

from .configuration_wise import WISEConfig
from .forks_wise import is_forked, use_own_thread
from .pretrained_part_wise import PretrainedPart


T = TypeVar("T", bound=PretrainedPart)

_TOLD = ("name", "license", "dtype", "transformers_version")  # of an encoder, and no matter to what it makes


@dataclass(frozen=True)
class EncoderSource(ABC):
    """Where a frozen encoder is read from; every process reads it for itself.

    Args:
        name_or_folder: of the pretrained encoder: a folder, or a name on the Hub. Or of a saved WISE model, for the
            encoder that it carries.
        layers: the layers whose states are taken, from 1; empty for a saved WISE model, which has them.
    """

    name_or_folder: str
    layers: tuple[int, ...] = ()

    @abstractmethod
    def load(self) -> PretrainedPart:
        """The encoder, read anew.

        Raises:
            ValueError: where there is no such encoder, or it does not have these layers.
        """

    def read(self) -> PretrainedPart:
        """The encoder, the same one at every call in a process; see `load`."""
        use_own_thread()
        return _read(self)

    @property
    def is_on_gpu(self) -> bool:
        """It runs on a GPU."""
        return torch.cuda.is_available()

    @property
    def cannot_fork(self) -> bool:
        """Forked processes cannot use it."""
        return self.is_on_gpu

    @property
    def known_by(self) -> str:
        """What changes when what the encoder makes does, for caches."""
        return _digest(self)


@lru_cache(maxsize=2)  # one of frames, and one of words
def _read(source: EncoderSource) -> PretrainedPart:
    part = source.load()
    return part.to("cuda") if torch.cuda.is_available() and not is_forked() else part


@lru_cache(maxsize=8)
def _digest(source: EncoderSource) -> str:
    return digest_of(source.read())


def read_config(name_or_folder: str, kind: str, example: str) -> PreTrainedConfig:
    """The configuration of a pretrained model.

    Args:
        name_or_folder: a folder, or a name on the Hub.
        kind: what an error calls it.
        example: a name on the Hub.

    Raises:
        ValueError: where there is none.
    """
    if not Path(name_or_folder).exists() and name_or_folder.count("/") > 1:
        raise ValueError(f"The folder {name_or_folder} is not there; give that of a {kind}, or a name like {example}.")
    try:
        return AutoConfig.from_pretrained(name_or_folder)
    except (OSError, ValueError, StrictDataclassError) as error:
        raise ValueError(
            f"There is no {kind} '{name_or_folder}' ({_first_line(error)}); give a folder of one, or its name on the "
            f"Hub, such as {example}."
        ) from error


def read_weights(name_or_folder: str, wanted: Mapping[str, torch.Tensor], part: str = "") -> dict[str, torch.Tensor]:
    """Weights of a pretrained model, rounded to half precision: a saved model has no other.

    Args:
        name_or_folder: see `read_config`.
        wanted: what they are for, by name.
        part: what the names begin with in the pretrained model.

    Raises:
        ValueError: where they cannot be read, or are not all there.
    """
    with readable(name_or_folder):
        pretrained, report = AutoModel.from_pretrained(name_or_folder, dtype=torch.float32, output_loading_info=True)
    missing = sorted(name for name in wanted if f"{part}{name}" in report["missing_keys"])
    if missing:  # random ones are in their place
        raise ValueError(
            f"The files of '{name_or_folder}' have no weights for {len(missing)} parts of the encoder ({missing[0]}, "
            "...); give an encoder whose files belong together."
        )
    weights = pretrained.state_dict()
    return {name: weights[f"{part}{name}"].half().float() for name in wanted}


def read_saved_part(name_or_folder: str, name: str, make: Callable[[PreTrainedConfig], T]) -> T:
    """A pretrained part of a saved WISE model, without the rest of it, whose code is no matter to what the part makes.

    Args:
        name_or_folder: of the model.
        name: `frame_encoder` or `word_encoder`.
        make: a part with fresh weights of its configuration.

    Raises:
        ValueError: where there is no such model, or it has no such part.
    """
    with readable(name_or_folder):
        config = getattr(WISEConfig.from_pretrained(name_or_folder), name)
        path = cached_file(name_or_folder, SAFE_WEIGHTS_NAME)
    if config is None:
        raise ValueError(f"The model {name_or_folder} has no {name}; give one that was trained with one.")
    part = make(config)
    with readable(name_or_folder), safe_open(path, "pt") as weights:
        kept = {key: weights.get_tensor(f"wise.{name}.{key}").float() for key in part.state_dict()}
    part.load_state_dict(kept)
    return part.eval()


@contextmanager
def readable(name_or_folder: str) -> Iterator[None]:
    """Whatever goes wrong with a pretrained model's files, as a ValueError of one sentence."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ValueError(
            f"The encoder '{name_or_folder}' cannot be read ({_first_line(error)}); fetch or save it anew."
        ) from error


def first_layers(config: PreTrainedConfig, num_layers: int) -> PreTrainedConfig:
    """The configuration of the first layers alone, which says nothing of where it was read."""
    config = copy.deepcopy(config)
    config.num_hidden_layers = num_layers
    if getattr(config, "layer_types", None):  # where layers differ
        config.layer_types = config.layer_types[:num_layers]
    config.dtype = None
    config._name_or_path = ""  # a path of this machine
    return config


def name_of(name_or_folder: str) -> str:
    """A folder's path tells of a machine, not of an encoder."""
    folder = Path(name_or_folder)
    return folder.resolve().name if folder.is_dir() else name_or_folder


def license_of(name_or_folder: str) -> str | None:
    """As the model's card names it, or its licence file begins."""
    folder = Path(name_or_folder)
    try:
        card = folder / "README.md" if folder.is_dir() else name_or_folder
        return ModelCard.load(card).data.to_dict().get("license")
    except (OSError, ValueError, HfHubHTTPError, yaml.YAMLError):
        pass
    licence = folder / "LICENSE"
    return licence.read_text(encoding="utf-8").strip().partition("\n")[0] if licence.is_file() else None


def digest_of(part: PretrainedPart) -> str:
    """What changes when what the part makes does, for caches."""
    settings = {name: value for name, value in part.config.to_dict().items() if name not in _TOLD}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for tensor in part.state_dict().values():
        digest.update(tensor.cpu().half().numpy().tobytes())
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].partition(". ")[0].rstrip(".")
