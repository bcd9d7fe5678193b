"""The starter model: one that is there before anybody has labelled anything, under a licence of its own."""

import importlib.util
import logging
from pathlib import Path

from wise_hf.hub.templates import templates_dir


logger = logging.getLogger(__name__)

LICENSE = "CC BY-NC-SA 4.0"
# A distribution of its own, so that its licence is not that of the code; in a clone it is this folder of hub_card.
PACKAGE = "wise_hf_starter_model"
FOLDER = "starter_model"


def starter_model() -> Path:
    """The folder of the starter model, for `load_pipeline`.

    It learnt from acted speech and is licensed under CC BY-NC-SA 4.0; README.md beside it has its scores and limits.

    Raises:
        ValueError: where it is not installed.
    """
    for folder in (templates_dir() / FOLDER, *_installed()):
        if (folder / "config.json").is_file():
            return folder
    raise ValueError(
        f"The starter model is not here, for its licence ({LICENSE}) is not that of wise_hf; in a clone of the "
        "repository run pip install ./hub_card/starter_model, or make starter-model."
    )


def _installed() -> list[Path]:
    """Where the starter model's own distribution lies; nowhere if it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    return [] if found is None else [Path(place) for place in found.submodule_search_locations or ()]


def model_or_starter(model: str | None) -> str:
    """The model that a command was told to use, else the starter model, which is said.

    Args:
        model: a folder, or a name on the Hub; `None` = none was given.

    Raises:
        ValueError: where none was given and there is no starter model.
    """
    if model is not None:
        return model
    folder = starter_model()
    logger.info(
        "No --model was given, so this is the starter model: it learnt from acted speech, and is under %s, not for "
        "commercial use (%s).",
        LICENSE,
        folder / "README.md",
    )
    return str(folder)
