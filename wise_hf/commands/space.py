"""Try a saved model in the browser, on the page of its Space: wise-hf space [--model DIR] [--port 7860]."""

import importlib.util
import os
import sys
from collections.abc import Sequence

from wise_hf.commands.serve import run_template, with_model


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `hub_card/space/app.py`; the model may also be named by MODEL_ID, as in a Space.

    Raises:
        ImportError: where gradio is not installed.
        ValueError: see `with_model`.
    """
    if importlib.util.find_spec("gradio") is None:
        raise ImportError("gradio is not installed: pip install gradio.")
    words = sys.argv[1:] if arguments is None else arguments
    run_template("space/app.py", words if "MODEL_ID" in os.environ else with_model(words))
