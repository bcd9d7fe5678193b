"""Run a saved model on this machine as Inference Endpoints do: wise-hf serve [--model DIR] [--workers 2]."""

import sys
from collections.abc import Sequence
from importlib import import_module

from wise_hf.hub.starter_model import model_or_starter
from wise_hf.hub.templates import templates_dir


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `hub_card/serve.py`; see `with_model` and `run_template`."""
    run_template("serve.py", with_model(sys.argv[1:] if arguments is None else arguments))


def with_model(arguments: Sequence[str]) -> list[str]:
    """The arguments, with the starter model where none is named.

    Raises:
        ValueError: where none is named and there is no starter model.
    """
    is_told = any(word.partition("=")[0] in ("--model", "-h", "--help") for word in arguments)
    return [*arguments] if is_told else [*arguments, "--model", model_or_starter(None)]


def run_template(name: str, arguments: Sequence[str]) -> None:
    """Run a file of `hub_card` as it runs where it is published: on its own, with what lies beside it.

    Args:
        name: its path in `hub_card`.
        arguments: as one types them.
    """
    path = templates_dir() / name
    sys.argv[1:] = arguments
    sys.path.insert(0, str(path.parent))
    import_module(path.stem).main()
