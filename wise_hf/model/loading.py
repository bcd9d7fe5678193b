"""Saved WISE models, by the installed code."""

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import safe_open
from transformers.utils import SAFE_WEIGHTS_NAME, cached_file

from .configuration_wise import WISEConfig
from .modeling_wise import WISEForAudioClassification
from .named_files import NOT_NEEDED, check_named_files
from .pipeline_wise import WISEAudioClassificationPipeline
from .processing_wise import WISEProcessor
from .recognised_wise import Recogniser


def load_model(name_or_folder: str | Path, revision: str | None = None) -> WISEForAudioClassification:
    """A saved model.

    Args:
        name_or_folder: a folder, or a name on the Hub.
        revision: commit, branch or tag of a model on the Hub.

    Raises:
        ValueError: where there is no WISE model, or one whose configuration or weights cannot be read, or that names
            what is not its own (`check_named_files`). Weights of another format than safetensors are pickles, and not
            read.
    """
    config = load_config(name_or_folder, revision)
    with _told(name_or_folder, "Weights"):
        _check_count(name_or_folder, revision, config)
        given = {"config": config, "revision": revision, "use_safetensors": True, "trust_remote_code": False}
        return WISEForAudioClassification.from_pretrained(name_or_folder, **given)


def load_processor(name_or_folder: str | Path, revision: str | None = None) -> WISEProcessor:
    """The processor saved beside a model; see `load_model`."""
    _check(name_or_folder, revision)
    with _told(name_or_folder, "The processor"):
        return WISEProcessor.from_pretrained(name_or_folder, revision=revision, trust_remote_code=False)


def load_config(name_or_folder: str | Path, revision: str | None = None) -> WISEConfig:
    """The configuration of a saved model, without its weights; see `load_model`."""
    _check(name_or_folder, revision)
    with _told(name_or_folder, "The configuration"):
        return WISEConfig.from_pretrained(name_or_folder, revision=revision)


def load_pipeline(
    name_or_folder: str | Path,
    recogniser: str | Recogniser | None = None,
    language: str | None = None,
    revision: str | None = None,
) -> WISEAudioClassificationPipeline:
    """The pipeline of a saved model; see `load_model`.

    Args:
        name_or_folder, revision: see `load_model`.
        recogniser, language: what hears the words of recordings without text, see
            `WISEAudioClassificationPipeline.__call__`.
    """
    model, processor = load_model(name_or_folder, revision), load_processor(name_or_folder, revision)
    return WISEAudioClassificationPipeline(model=model, processor=processor, recogniser=recogniser, language=language)


def weights_digest(model_dir: Path) -> str:
    """The SHA-256 of a saved model's weights, by which results know the model that they are of."""
    return hashlib.sha256((model_dir / SAFE_WEIGHTS_NAME).read_bytes()).hexdigest()


def _check(name_or_folder: str | Path, revision: str | None) -> None:
    folder = Path(name_or_folder)
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise ValueError(f"{folder} holds no model (no config.json); give a folder such as OUT/model or OUT/fold_1.")
    if not folder.exists() and str(name_or_folder).count("/") != 1:
        raise ValueError(f"{folder} is not there; give a model's folder, or its name on the Hub (org/name).")
    check_named_files(name_or_folder, revision)


def _check_count(name_or_folder: str | Path, revision: str | None, config: WISEConfig) -> None:
    """Refuse a configuration of more values than there are weights: they would be random, and may fill the memory."""
    path = cached_file(str(name_or_folder), SAFE_WEIGHTS_NAME, revision=revision, **NOT_NEEDED)
    if path is None:
        raise ValueError(f"{name_or_folder} has no {SAFE_WEIGHTS_NAME}; weights of another format are not read.")
    with safe_open(path, "pt") as weights:
        held = sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
    with torch.device("meta"):
        wanted = sum(value.numel() for value in WISEForAudioClassification(config).state_dict().values())
    if wanted > held:
        raise ValueError(f"{name_or_folder} has {held:,} weights, and its configuration {wanted:,}; fetch it anew.")


@contextmanager
def _told(name_or_folder: str | Path, what: str) -> Iterator[None]:
    """Whatever transformers says of files that somebody else wrote, as a ValueError of one sentence."""
    try:
        yield
    except (ValueError, OSError, ImportError):
        raise
    except Exception as error:
        told = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ValueError(f"{what} of {name_or_folder} cannot be read ({told}); save or fetch it anew.") from error
