"""Saved WISE models, by the installed code."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from transformers.utils import SAFE_WEIGHTS_NAME

from .configuration_wise import WISEConfig
from .modeling_wise import WISEForAudioClassification
from .pipeline_wise import WISEAudioClassificationPipeline
from .processing_wise import WISEProcessor
from .recognised_wise import Recogniser


def load_model(name_or_folder: str | Path) -> WISEForAudioClassification:
    """A saved model.

    Args:
        name_or_folder: a folder, or a name on the Hub.

    Raises:
        ValueError: where there is no WISE model, or one whose configuration or weights cannot be read. Weights of
            another format than safetensors are pickles, and not read.
    """
    config = load_config(name_or_folder)
    with _told(name_or_folder, "Weights"):
        return WISEForAudioClassification.from_pretrained(name_or_folder, config=config, use_safetensors=True)


def load_processor(name_or_folder: str | Path) -> WISEProcessor:
    """The processor saved beside a model; see `load_model`."""
    _check_folder(name_or_folder)
    with _told(name_or_folder, "The processor"):
        return WISEProcessor.from_pretrained(name_or_folder)


def load_config(name_or_folder: str | Path) -> WISEConfig:
    """The configuration of a saved model, without its weights; see `load_model`."""
    _check_folder(name_or_folder)
    with _told(name_or_folder, "The configuration"):
        return WISEConfig.from_pretrained(name_or_folder)


def load_pipeline(
    name_or_folder: str | Path, recogniser: str | Recogniser | None = None, language: str | None = None
) -> WISEAudioClassificationPipeline:
    """The pipeline of a saved model; see `load_model`.

    Args:
        name_or_folder: a folder, or a name on the Hub.
        recogniser, language: what hears the words of recordings without text, see
            `WISEAudioClassificationPipeline.__call__`.
    """
    model, processor = load_model(name_or_folder), load_processor(name_or_folder)
    return WISEAudioClassificationPipeline(model=model, processor=processor, recogniser=recogniser, language=language)


def weights_digest(model_dir: Path) -> str:
    """The SHA-256 of a saved model's weights, by which results know the model that they are of."""
    return hashlib.sha256((model_dir / SAFE_WEIGHTS_NAME).read_bytes()).hexdigest()


@contextmanager
def _told(name_or_folder: str | Path, what: str) -> Iterator[None]:
    """Whatever libraries say of files that somebody else wrote, as a ValueError of one sentence."""
    try:
        yield
    except (OSError, ImportError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if type(error) is ValueError and str(error).endswith("."):  # a sentence already
            raise
        told = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ValueError(f"{what} of {name_or_folder} cannot be read ({told:.300}); save or fetch it anew.") from error


def _check_folder(name_or_folder: str | Path) -> None:
    folder = Path(name_or_folder)
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise ValueError(f"{folder} holds no model (no config.json); give a folder such as OUT/model or OUT/fold_1.")
    if not folder.exists() and str(name_or_folder).count("/") != 1:
        raise ValueError(f"{folder} is not there; give a model's folder, or its name on the Hub (org/name).")
