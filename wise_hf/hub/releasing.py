"""A trained model -> its page on the Hub: staged, tried, and published in one commit."""

import tempfile
from pathlib import Path

from huggingface_hub import HfApi

from wise_hf.hub.publishing import publish
from wise_hf.hub.release import Release
from wise_hf.hub.staging import stage_model


def release_model(release: Release, api: HfApi | None = None) -> str:
    """
    Publish a model. Nobody is contacted before it was laid out whole, loaded from there and tried on the samples.

    Args:
        release: what is published.
        api: the Hub; `None` = the one that huggingface_hub is set to.

    Returns:
        The page's address.

    Raises:
        ValueError: see `stage_model` and `publish`.
        OSError: see `publish`.
    """
    with tempfile.TemporaryDirectory() as folder:
        staged = Path(folder) / "staged"
        stage_model(release, staged)
        return publish(staged, release.destination, api)
