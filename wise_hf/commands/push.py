"""Put a saved model on the Hugging Face Hub: wise-hf push --model OUT/fold_1 --repo_id org/name."""

import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated

from huggingface_hub import HfApi

from wise_hf.commands.parsing import parse
from wise_hf.data.options import Options, as_path, option
from wise_hf.hub.connection import check_token
from wise_hf.hub.publishing import Destination, check_license, open_repository, publish, staged_names
from wise_hf.hub.release import Release
from wise_hf.hub.space import publish_space, stage_space
from wise_hf.hub.staging import check_release, stage_model
from wise_hf.hub.templates import templates_dir
from wise_hf.hub.trained_model import HubOptions


# What is asked for after a training as well.
ASKED = {each.name.removeprefix("hub_"): each.metadata for each in fields(HubOptions)}


@dataclass(frozen=True, kw_only=True)
class PushOptions(Options):
    """Which model is published, where, and what its page says that no file knows."""

    model: Annotated[Path, as_path] = option(help="folder of a saved model; nothing else of it goes")
    repo_id: str = field(metadata=ASKED["model_id"])
    private: bool = field(default=False, metadata=ASKED["private_repo"])
    revision: str | None = field(default=None, metadata=ASKED["revision"])
    tag: str | None = field(default=None, metadata=ASKED["tag"])
    results: list[Path] = field(
        default_factory=list,
        metadata={"help": "results.json of the model's run, then of other protocols (default: that beside the model)"},
    )
    space: str | None = option(None, help="org/name of a Gradio Space with this model, published as well")
    license: str | None = field(default=None, metadata=ASKED["license"])
    training_data: str | None = field(default=None, metadata=ASKED["training_data"])
    dataset_name: str | None = field(default=None, metadata=ASKED["dataset_name"])
    hub_card: Path = field(default_factory=templates_dir, metadata=ASKED["card"])
    staging_dir: Annotated[Path | None, as_path] = option(None, help="new folder that keeps what goes, to look at")
    dry_run: bool = option(False, help="list the files that would go, and contact nobody")

    @property
    def release(self) -> Release:
        """The model and what its page says."""
        return Release(
            model_dir=self.model,
            destination=Destination(self.repo_id, self.private or None, self.revision, self.tag),
            hub_card_dir=self.hub_card,
            results_files=tuple(self.results),
            license=self.license or "other",
            training_data=self.training_data,
            dataset_name=self.dataset_name,
            space=self.space,
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Publish a model, or tell what would be published.

    Args:
        arguments: as one types them; `None` = those that the process was started with.

    Raises:
        ValueError, OSError: for anything that keeps it from being published.
    """
    options = parse(PushOptions, __doc__, arguments)
    release = options.release
    space = Destination(options.space, options.private or None, repo_type="space") if options.space else None
    check_release(release)
    if space is not None:
        space.check()
    if not options.dry_run:
        check_token(HfApi())
        check_license(options.license, release.destination)
    logging.info("The tokenizer lists words of the training transcripts, one by one; nothing else of a corpus goes.")
    with tempfile.TemporaryDirectory() as temporary:
        model_dir, space_dir = options.staging_dir or Path(temporary) / "model", Path(temporary) / "space"
        staying = stage_model(release, model_dir)
        if space is not None:
            space_dir.mkdir()
            stage_space(options.hub_card, options.repo_id, space_dir)
        if not options.dry_run:
            publish_pages(model_dir, release.destination, space_dir, space)
            return
        list_files(model_dir, options.repo_id, staying)
        if space is not None:
            list_files(space_dir, options.space)


def publish_pages(model_dir: Path, destination: Destination, space_dir: Path, space: Destination | None) -> None:
    """Publish a model, and its Space where there is one, and print the addresses of their pages."""
    for each in filter(None, (space, destination)):  # the Space first: the model's page names it
        open_repository(each)
    published = publish(model_dir, destination)
    sys.stdout.write(published.url + "\n")
    if space is not None:
        sys.stdout.write(publish_space(space_dir, space, destination.repo_id, published) + "\n")


def list_files(folder: Path, repo_id: str, staying: Sequence[str] = ()) -> None:
    """Print what would be published where, and name what would not."""
    logging.info("%s:", repo_id)
    for name in staged_names(folder):
        sys.stdout.write(f"{(folder / name).stat().st_size:>13,}  {name}\n")
    if staying:
        logging.info("Not sent: %s", ", ".join(staying))
