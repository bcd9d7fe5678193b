"""Training: options and recipes, systems and the engine that trains them, results and scores."""

from importlib import import_module


# Imported when they are asked for: whoever needs a module of this package does not run all the others.
_PLACES = {"TrainOptions": "wise_hf.training.options", "train": "wise_hf.training.run"}

__all__ = ["TrainOptions", "train"]


def __getattr__(name: str) -> object:
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
