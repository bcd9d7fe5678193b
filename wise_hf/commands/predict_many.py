"""Very many files: wise-hf predict --input FOLDER_OR_LIST --output DIR."""

import argparse
from functools import partial
from pathlib import Path

from wise_hf.commands.recordings import recordings_in
from wise_hf.hub.starter_model import model_or_starter
from wise_hf.many_files.emotion_of_files import EmotionOfFiles
from wise_hf.many_files.file_list import read_file_list
from wise_hf.many_files.local import tables_of_shards
from wise_hf.many_files.on_ray import tables_on_ray
from wise_hf.many_files.run import predict_shards
from wise_hf.model.loading import commit_of


RUNNERS = ("local", "ray")
# Options of `predict` that go with --input, by their names; all others are for recordings named one by one.
OWN = ("input", "output", "num_proc", "shard_size", "runner", "ray_address")
KEPT = (*OWN, "model", "recogniser", "language")


def add_many_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of very many files."""
    options = parser.add_argument_group("very many files; the same command goes on where it was interrupted")
    options.add_argument(
        "--input",
        type=Path,
        help="a folder, or a list: .parquet, .csv or .jsonl with a column path (and text, speaker, channel where "
        "known), or .txt with a path a line",
    )
    options.add_argument("--output", type=Path, help="write emotions/*.parquet and errors.csv into this folder")
    options.add_argument("--num_proc", type=_count, default=1, help="processes (default: 1)")
    options.add_argument("--shard_size", type=_count, default=100, help="files in a part of the output (default: 100)")
    options.add_argument("--runner", choices=RUNNERS, default="local", help="this machine, or a cluster of Ray")
    options.add_argument("--ray_address", help="of the cluster (default: that of the environment, or this machine)")


def check_many_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    given = [name for name, value in vars(args).items() if value != parser.get_default(name)]
    if args.input is None:
        if not args.audio:
            parser.error("no recording is given; name audio files, or give --input")
        if many := [name for name in given if name in OWN]:
            parser.error(f"--{many[0]} needs --input")
        return
    if others := [name for name in given if name not in KEPT and (name != "audio" or args.audio)]:
        parser.error(f"{others[0]} does not go with --input")
    if args.output is None:
        parser.error("--input needs --output")


def predict_many(args: argparse.Namespace) -> None:
    """Write the emotions of all files; see `predict_shards`."""
    model = model_or_starter(args.model)
    emotion = EmotionOfFiles(model, args.recogniser, args.language, commit_of(model))
    is_folder = args.input.is_dir()
    files = [{"path": path} for path in recordings_in(str(args.input))] if is_folder else read_file_list(args.input)
    run = partial(tables_of_shards, num_proc=args.num_proc)
    if args.runner == "ray":
        run = partial(tables_on_ray, num_proc=args.num_proc, address=args.ray_address)
    predict_shards(emotion, files, args.output, args.shard_size, run)


def _count(given: str) -> int:
    number = int(given)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{given} is not 1 or more")
    return number
