"""The folder of a run: whether it can be used, what the run was asked for, and how it is continued."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from wise_hf.data.files import check_writable, write_json
from wise_hf.data.folds import Fold
from wise_hf.training.options import TrainOptions
from wise_hf.training.results import RESULT_FILES


ARGUMENTS = "arguments.json"
FOLDS = "folds.json"
TRACKED = "trackers"  # what trackers write, where they write files
# What may differ between an interrupted run and its continuation.
FREE_ARGUMENTS = ("resume_from_checkpoint", "overwrite_output_dir", "num_proc", "log_with")


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while something is trained; the message says how to continue."""


def check_output_dir(arguments: TrainOptions) -> None:
    """Find out at once whether the output folder can be used; nothing is changed in it yet.

    Raises:
        ValueError: for a folder that cannot be written, holds another run, or holds none to continue.
    """
    output_dir, resume = arguments.output_dir, arguments.resume_from_checkpoint
    has_run = (output_dir / ARGUMENTS).is_file()
    if resume is not None and resume.resolve() != output_dir.resolve():
        raise ValueError(f"A run is continued where it is: give --output_dir {resume} as well.")
    if resume is not None and not has_run:
        raise ValueError(f"{output_dir} holds no run to continue; start one without --resume_from_checkpoint.")
    if resume is not None:
        check_same_arguments(output_dir, recorded(arguments))
    elif not has_run and any(output_dir.glob("*")):
        raise ValueError(f"{output_dir} holds something else than a run of this script; choose another folder.")
    elif has_run and not arguments.overwrite_output_dir:
        raise ValueError(
            f"{output_dir} holds an earlier run; continue it with --resume_from_checkpoint {output_dir}, give "
            "--overwrite_output_dir, or choose another folder."
        )
    else:
        check_writable(output_dir)


def start_run(arguments: TrainOptions) -> None:
    """Clear an earlier run's models away, and record what this one was asked for; a continued run is left as it is."""
    if arguments.resume_from_checkpoint is not None:
        return
    for path in arguments.output_dir.glob("*"):
        if path.name.startswith(("fold_", "model", TRACKED)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        elif path.name in (*RESULT_FILES, FOLDS):
            path.unlink()
    write_json(arguments.output_dir / ARGUMENTS, recorded(arguments))


def recorded(arguments: TrainOptions, free: Sequence[str] = FREE_ARGUMENTS) -> dict:
    """The arguments as JSON keeps them, without those that may differ when a run is continued."""
    given = {**vars(arguments), **(arguments.corpus_options or {})}
    kept = {name: value for name, value in given.items() if name not in (*free, "corpus_options")}
    return json.loads(json.dumps(kept, default=lambda path: str(path.resolve())))


def check_same_arguments(output_dir: Path, given: Mapping) -> None:
    """Refuse to continue a run with other arguments.

    Args:
        output_dir: holds a run that is to be continued.
        given: the arguments, as `recorded` gives them.

    Raises:
        ValueError: for arguments that are not those that the run was started with.
    """
    before = json.loads((output_dir / ARGUMENTS).read_text(encoding="utf-8"))
    names = given.keys() | before.keys()
    changed = sorted(name for name in names if (given.get(name) or None) != (before.get(name) or None))
    if changed:
        told = ", ".join(f"--{name} was {before.get(name)}" for name in changed)
        raise ValueError(
            f"The run in {output_dir} was started otherwise ({told}); give the same arguments, or another folder."
        )


def fold_dirs(output_dir: Path, folds: Sequence[Fold]) -> list[Path]:
    """`OUT/model` without cross-validation, else `OUT/fold_1`, `OUT/fold_2`, ..."""
    if not folds[0].test:
        return [output_dir / "model"]
    return [output_dir / f"fold_{number}" for number in range(1, len(folds) + 1)]
