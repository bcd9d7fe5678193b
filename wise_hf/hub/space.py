"""The Space that lets people try a published model in a browser."""

import shutil
from pathlib import Path

from huggingface_hub import HfApi, SpaceCard

from wise_hf.hub.connection import told_in_a_sentence, try_repeatedly
from wise_hf.hub.publishing import Destination, Published, publish
from wise_hf.hub.samples import copy_samples
from wise_hf.hub.staging import require_files
from wise_hf.model import visualization


SPACE_FILES = (
    *("README.md", "app.py", "live.py", "microphone.js", "recording.py", "rendering.py"),
    *("requirements.txt", "style.css"),
)
SHARED_FILES = ("handler.py",)  # its limits hold here, too
PACKAGE_FILES = (
    *("audio_wise.py", "audio_file_wise.py", "audio_reader_wise.py", "container_file_wise.py", "mp4_boxes_wise.py"),
    *("channels_wise.py", "threads_wise.py", "visualization.py"),
)


def stage_space(hub_card_dir: Path, model_id: str, output_dir: Path) -> None:
    """Lay out all files of the Space.

    Args:
        hub_card_dir: holds `space/`, `samples/` and the handler.
        model_id: org/name of the published model.
        output_dir: an empty folder.

    Raises:
        ValueError: for a `hub_card` without the files of the Space.
    """
    package = Path(visualization.__file__).parent
    files = {hub_card_dir / "space": SPACE_FILES, hub_card_dir: SHARED_FILES, package: PACKAGE_FILES}
    for folder, names in files.items():
        require_files(folder, names)
        for name in names:
            shutil.copyfile(folder / name, output_dir / name)
    copy_samples(hub_card_dir, output_dir)
    card = SpaceCard.load(output_dir / "README.md")
    card.data.models = [model_id]
    card.save(output_dir / "README.md")


def publish_space(folder: Path, space: Destination, model_id: str, model: Published, api: HfApi | None = None) -> str:
    """Publish a Space that runs the very commit of the model that was published, and no later one.

    Args:
        folder: see `stage_space`.
        space: where to, with `repo_type` space; opened (`open_repository`) before the model was published, whose page
            names it.
        model_id: org/name of the model.
        model: what was published.
        api: see `publish`.

    Returns:
        The Space's address.

    Raises:
        ValueError, OSError: see `publish`.
    """
    api = api or HfApi()
    with told_in_a_sentence(space.repo_id):
        # Before the files: the Space starts when they come, and reads these then.
        for name, value in (("MODEL_ID", model_id), ("MODEL_REVISION", model.commit)):
            try_repeatedly(lambda name=name, value=value: api.add_space_variable(space.repo_id, name, value))
    return publish(folder, space, api).url
