"""The Space that lets people try a published model in a browser."""

import shutil
import tempfile
from pathlib import Path

from huggingface_hub import HfApi, SpaceCard

import wise_hf
from wise_hf.hub.connection import told_in_a_sentence, try_repeatedly
from wise_hf.hub.publishing import Destination, open_repository, publish
from wise_hf.hub.samples import LISTED, SAMPLES, read_samples


SPACE_FILES = (".css", ".md", ".py", ".txt")
DRAWING = Path(wise_hf.__file__).parent / "visualization.py"


def stage_space(hub_card_dir: Path, model_id: str, output_dir: Path) -> None:
    """
    Lay out all files of the Space.

    Args:
        hub_card_dir: holds `space/` and `samples/`.
        model_id: org/name of the published model.
        output_dir: an empty folder.

    Raises:
        ValueError: for a `hub_card` without the files of the Space.
    """
    source = hub_card_dir / "space"
    for name in ("app.py", "README.md", "requirements.txt"):
        if not (source / name).is_file():
            raise ValueError(f"{source} has no {name}; give the folder hub_card of wise_hf's repository.")
    for path in source.iterdir():
        if path.suffix in SPACE_FILES:
            shutil.copyfile(path, output_dir / path.name)
    shutil.copyfile(DRAWING, output_dir / DRAWING.name)
    (output_dir / SAMPLES).mkdir()
    for name in (LISTED, *(sample["file"] for sample in read_samples(hub_card_dir))):
        shutil.copyfile(hub_card_dir / SAMPLES / name, output_dir / SAMPLES / name)
    _name_model(output_dir / "README.md", model_id)


def _name_model(readme: Path, model_id: str) -> None:
    card = SpaceCard.load(readme)
    card.data.models = [model_id]
    card.save(readme)


def publish_space(hub_card_dir: Path, space: Destination, model: Destination, api: HfApi | None = None) -> str:
    """
    Publish a Space that runs the commit of the model which is published now, and no later one.

    Args:
        hub_card_dir: see `stage_space`.
        space: where to, with `repo_type` space.
        model: where the model is.
        api: see `publish`.

    Returns:
        The Space's address.

    Raises:
        ValueError: see `stage_space` and `publish`.
        OSError: see `publish`.
    """
    api = api or HfApi()
    with tempfile.TemporaryDirectory() as folder:
        stage_space(hub_card_dir, model.repo_id, Path(folder))
        open_repository(space, api)
        with told_in_a_sentence(space.repo_id):
            commit = try_repeatedly(lambda: api.model_info(model.repo_id, revision=model.tag or model.revision).sha)
            # Before the files: the Space starts when they come, and reads these then.
            for name, value in (("MODEL_ID", model.repo_id), ("MODEL_REVISION", commit)):
                try_repeatedly(lambda name=name, value=value: api.add_space_variable(space.repo_id, name, value))
        return publish(Path(folder), space, api)
