"""Try a saved model in the browser, on the page of its Space: wise-hf space --model DIR [--port 7860]."""

import importlib.util
from collections.abc import Sequence

from wise_hf.commands.serve import run_template


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `hub_card/space/app.py`; see `run_template`.

    Raises:
        ImportError: where gradio is not installed.
    """
    if importlib.util.find_spec("gradio") is None:
        raise ImportError("gradio is not installed: pip install gradio.")
    run_template("space/app.py", arguments)
