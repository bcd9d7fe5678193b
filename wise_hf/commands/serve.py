"""Run a saved model on this machine as Inference Endpoints do: wise-hf serve --model DIR [--port 8000]."""

import sys
from collections.abc import Sequence
from importlib import import_module

from wise_hf.hub.templates import templates_dir


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `hub_card/serve.py`; see `run_template`."""
    run_template("serve.py", arguments)


def run_template(name: str, arguments: Sequence[str] | None) -> None:
    """Run a file of `hub_card` as it runs where it is published: on its own, with what lies beside it.

    Args:
        name: its path in `hub_card`.
        arguments: as one types them; `None` = those that the process was started with.
    """
    path = templates_dir() / name
    if arguments is not None:
        sys.argv[1:] = arguments
    sys.path.insert(0, str(path.parent))
    import_module(path.stem).main()
