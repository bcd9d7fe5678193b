"""Put a saved model on the Hugging Face Hub: python scripts/push_to_hub.py --model OUT/fold_1 --repo_id org/name."""

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import HfApi

from wise_hf.commands import run as command_line
from wise_hf.hub.connection import check_token
from wise_hf.hub.options import add_card_arguments, card_choices
from wise_hf.hub.publishing import Destination, check_license, open_repository, publish, staged_names
from wise_hf.hub.release import Release
from wise_hf.hub.space import publish_space, stage_space
from wise_hf.hub.staging import check_release, stage_model


HUB_CARD = Path(__file__).resolve().parents[1] / "hub_card"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", type=Path, required=True, help="folder of a saved model; nothing else of it goes")
    parser.add_argument("--repo_id", required=True, help="its name on the Hub: org/name")
    parser.add_argument("--private", action="store_true", default=None, help="for the owner only")
    parser.add_argument("--revision", help="branch; default: main")
    parser.add_argument("--tag", help="name of this version, e.g. v1.0; it never moves")
    parser.add_argument(
        "--results",
        type=Path,
        nargs="+",
        default=[],
        help="results.json of the model's run, then of other protocols; default: the one beside the model's folder",
    )
    parser.add_argument("--space", help="org/name of a Gradio Space with this model, published as well")
    add_card_arguments(parser)
    parser.add_argument("--hub_card", type=Path, default=HUB_CARD, help="card template, handler and samples")
    parser.add_argument("--staging_dir", type=Path, help="new folder that keeps what goes, to look at")
    parser.add_argument("--dry_run", action="store_true", help="list the files that would go, and contact nobody")
    return parser.parse_args()


def release_of(args: argparse.Namespace) -> Release:
    return Release(
        model_dir=args.model,
        destination=Destination(args.repo_id, args.private, args.revision, args.tag),
        hub_card_dir=args.hub_card,
        results_files=tuple(args.results),
        space=args.space,
        **card_choices(args),
    )


def main() -> None:
    args = parse_arguments()
    release = release_of(args)
    space = Destination(args.space, args.private, repo_type="space") if args.space else None
    check(release, space)
    if not args.dry_run:
        check_token(HfApi())
        check_license(args.license, release.destination)
    logging.info("The tokenizer lists words of the training transcripts, one by one; nothing else of a corpus goes.")
    with tempfile.TemporaryDirectory() as temporary:
        model_dir, space_dir = args.staging_dir or Path(temporary) / "model", Path(temporary) / "space"
        staying = stage_model(release, model_dir)
        if space is not None:
            space_dir.mkdir()
            stage_space(args.hub_card, args.repo_id, space_dir)
        if not args.dry_run:
            send(model_dir, release.destination, space_dir, space)
            return
        tell(model_dir, args.repo_id, staying)
        if space is not None:
            tell(space_dir, args.space)


def check(release: Release, space: Destination | None) -> None:
    """Find out what is wrong without contacting anybody."""
    check_release(release)
    if space is not None:
        space.check()


def send(model_dir: Path, destination: Destination, space_dir: Path, space: Destination | None) -> None:
    """Publish, and print the pages' addresses."""
    for each in filter(None, (space, destination)):  # the Space first: the model's page names it
        open_repository(each)
    published = publish(model_dir, destination)
    sys.stdout.write(published.url + "\n")
    if space is not None:
        sys.stdout.write(publish_space(space_dir, space, destination.repo_id, published) + "\n")


def tell(folder: Path, repo_id: str, staying: Sequence[str] = ()) -> None:
    """What would go where, and what would not."""
    logging.info("%s:", repo_id)
    for name in staged_names(folder):
        sys.stdout.write(f"{(folder / name).stat().st_size:>13,}  {name}\n")
    if staying:
        logging.info("Not sent: %s", ", ".join(staying))


if __name__ == "__main__":
    command_line.run(main)
