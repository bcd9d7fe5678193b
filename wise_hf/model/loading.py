"""Saved WISE models, by the installed code."""

import hashlib
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
from safetensors import safe_open
from transformers.utils import SAFE_WEIGHTS_NAME

from .configuration_wise import WISEConfig
from .modeling_wise import WISEForAudioClassification
from .named_files import FETCHED_FILES, MODEL, PROCESSOR_FILES, check_named_files
from .network_size import check_size
from .pipeline_wise import WISEAudioClassificationPipeline
from .processing_wise import WISEProcessor
from .recognised_wise import Recogniser


HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w.-]+")  # org/name


def load_model(name_or_folder: str | Path, revision: str | None = None) -> WISEForAudioClassification:
    """A saved model.

    Args:
        name_or_folder: a folder, or a name on the Hub, of which all files are read at one commit.
        revision: commit, branch or tag of a model on the Hub.

    Raises:
        ValueError: where there is no WISE model, or one whose configuration or weights cannot be read, that names
            anything outside its folder (`check_named_files`), or whose network is larger than its weights. Weights of
            another format than safetensors are pickles, and not read; nor are weights in parts.
        OSError: where the Hub cannot be reached, and the model was not fetched before.
    """
    return _model_in(_folder_of(name_or_folder, revision), name_or_folder)


def _model_in(folder: Path, name_or_folder: str | Path) -> WISEForAudioClassification:
    """The model of a folder that is checked; errors call it as it was given."""
    with _as_sentence(name_or_folder, "The configuration"):
        config = WISEConfig.from_pretrained(folder)
    with _as_sentence(name_or_folder, "Weights"):
        check_size(config, _num_saved(folder))
        given = {"config": config, "use_safetensors": True, "trust_remote_code": False}
        return WISEForAudioClassification.from_pretrained(folder, **given)


def load_processor(name_or_folder: str | Path, revision: str | None = None) -> WISEProcessor:
    """The processor saved beside a model; see `load_model`."""
    return _processor_in(_folder_of(name_or_folder, revision), name_or_folder)


def _processor_in(folder: Path, name_or_folder: str | Path) -> WISEProcessor:
    """See `_model_in`."""
    for name in PROCESSOR_FILES:
        if not (folder / name).is_file():
            raise ValueError(f"{folder} holds no whole model (no {name}); save or fetch it anew.")
    with _as_sentence(name_or_folder, "The processor"):
        return WISEProcessor.from_pretrained(folder, trust_remote_code=False)


def load_config(name_or_folder: str | Path, revision: str | None = None) -> WISEConfig:
    """The configuration of a saved model, without its weights; see `load_model`."""
    folder = _folder_of(name_or_folder, revision)
    with _as_sentence(name_or_folder, "The configuration"):
        return WISEConfig.from_pretrained(folder)


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
    folder = _folder_of(name_or_folder, revision)
    model, processor = _model_in(folder, folder), _processor_in(folder, folder)
    return WISEAudioClassificationPipeline(model=model, processor=processor, recogniser=recogniser, language=language)


def commit_of(name_or_folder: str | Path) -> str | None:
    """The commit that a model's name on the Hub stands for now, `None` for a folder; see `load_model`."""
    return None if Path(name_or_folder).exists() else _folder_of(name_or_folder, None).name


def weights_digest(model_dir: Path) -> str:
    """The SHA-256 of a saved model's weights, by which results know the model that they are of."""
    return hashlib.sha256((model_dir / SAFE_WEIGHTS_NAME).read_bytes()).hexdigest()


def _folder_of(name_or_folder: str | Path, revision: str | None) -> Path:
    """Where a saved model lies, once its files are checked."""
    folder = Path(name_or_folder)
    if not folder.exists():
        if not HUB_NAME.fullmatch(str(name_or_folder)):
            raise ValueError(f"{folder} is not there; give a model's folder, or its name on the Hub (org/name).")
        folder = _fetched(str(name_or_folder), revision)
    if not (folder / MODEL).is_file():
        raise ValueError(f"{folder} holds no model (no {MODEL}); give a folder such as OUT/model or OUT/fold_1.")
    check_named_files(folder)
    return folder


def _fetched(name: str, revision: str | None) -> Path:
    """The files of a model on the Hub, all of one commit; what the cache has of it is not fetched again."""
    try:
        with _as_sentence(name, "The files"):
            return Path(
                snapshot_download(name, revision=revision, allow_patterns=[*FETCHED_FILES], ignore_patterns="*/*")
            )
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        told = f"{name} at {revision}" if revision else name
        raise ValueError(
            f"The Hub has no model {told}, or none that your token may read; give another name, or a model's folder."
        ) from error
    except LocalEntryNotFoundError as error:
        raise OSError(
            f"The Hub cannot be reached, and {name} was not fetched before; try again, or give a model's folder."
        ) from error


def _num_saved(folder: Path) -> int:
    """How many values the weights of a model have."""
    path = folder / SAFE_WEIGHTS_NAME
    if not path.is_file():
        raise ValueError(f"{folder} has no {SAFE_WEIGHTS_NAME}; weights of another format are not read.")
    with safe_open(path, "pt") as weights:
        return sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118


@contextmanager
def _as_sentence(name_or_folder: str | Path, what: str) -> Iterator[None]:
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
