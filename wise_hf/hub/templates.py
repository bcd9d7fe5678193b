"""Where the templates lie: the card, the handler, the Space and the samples, from which all on the Hub is made."""

from pathlib import Path

import wise_hf


def templates_dir() -> Path:
    """The folder `hub_card`: within the package where a wheel was installed, beside it in a clone."""
    package = Path(wise_hf.__file__).parent
    packaged = package / "hub_card"
    return packaged if packaged.is_dir() else package.parent / "hub_card"
