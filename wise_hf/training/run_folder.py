"""The folder of a run: whether it can be used, what the run was asked for, and how it is continued."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from wise_hf.data.corpora.reading import CorpusOptions
from wise_hf.data.files import ELSEWHERE, check_writable, read_json_object, write_json
from wise_hf.data.folds import Fold
from wise_hf.data.output_lock import is_unused
from wise_hf.training.options import TrainOptions, recipe_name_of
from wise_hf.training.results import RESULT_FILES


ARGUMENTS = "arguments.json"
FOLDS = "folds.json"
TRACKED = "trackers"  # what trackers write, where they write files
# What may differ between an interrupted run and its continuation.
FREE_OPTIONS = ("resume_from_checkpoint", "overwrite_output_dir", "num_proc", "log_with", "jobs")


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a run; the message says how to continue.

    Args:
        told: the message.
        added: what is to be added to the same command.
    """

    def __init__(self, told: str, added: Sequence[str] = ()):
        super().__init__(told)
        self.added = added


def check_output_dir(options: TrainOptions) -> None:
    """Find out at once whether the output folder can be used; nothing is changed in it yet.

    Raises:
        ValueError: for a folder that cannot be written, or holds another run or something else.
    """
    output_dir, resume = options.output_dir, options.resume_from_checkpoint
    has_run = (output_dir / ARGUMENTS).is_file()
    if resume is not None and resume.resolve() != output_dir.resolve():
        raise ValueError(f"A run is continued where it is: give --output_dir {resume} as well.")
    if resume is not None and has_run:
        check_same_options(output_dir, recorded(options))
    elif not has_run and not is_unused(output_dir):
        raise ValueError(f"{output_dir} holds something else than a run of this script; choose another folder.")
    elif has_run and not options.overwrite_output_dir:
        raise ValueError(
            f"{output_dir} holds an earlier run; continue it with --resume_from_checkpoint {output_dir}, give "
            "--overwrite_output_dir, or choose another folder."
        )
    else:
        check_writable(output_dir)


def start_run(options: TrainOptions) -> None:
    """Clear an earlier run's models away, and record what this one was asked for; a continued run is left as it is."""
    if options.resume_from_checkpoint is not None and (options.output_dir / ARGUMENTS).is_file():
        return
    # Results go before their models: a run that is killed here has no result of a model that is gone.
    for path in sorted(options.output_dir.glob("*"), key=Path.is_dir):
        if path.name.startswith(("fold_", "model", TRACKED)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        elif path.name in (*RESULT_FILES, FOLDS):
            path.unlink()
    write_json(options.output_dir / ARGUMENTS, recorded(options))


def recorded(options: CorpusOptions, free: Sequence[str] = FREE_OPTIONS) -> dict:
    """The options as JSON keeps them, without those that may differ when a run is continued."""
    given = {**vars(options), **(options.corpus_options or {})}
    kept = {name: value for name, value in given.items() if name not in (*free, "corpus_options")}
    kept["recipe"] = recipe_name_of(options)  # as versions did whose recipe was never left to the frames
    return json.loads(json.dumps(kept, default=lambda path: str(path.resolve())))


def check_same_options(output_dir: Path, given: Mapping) -> None:
    """Refuse to continue a run with other options.

    Args:
        output_dir: holds a run that is to be continued.
        given: the options, as `recorded` gives them.

    Raises:
        ValueError: for options that are not those that the run was started with.
    """
    before = read_json_object(output_dir / ARGUMENTS, ELSEWHERE)
    usual = {each.name: each.default for each in fields(TrainOptions)}
    names = given.keys() | before.keys()
    changed = sorted(each for each in names if _value(given, each, usual) != _value(before, each, usual))
    if changed:
        told = ", ".join(f"--{name} was {_value(before, name, usual)}" for name in changed)
        raise ValueError(
            f"The run in {output_dir} was started with other options ({told}); give the same, or another folder."
        )


def _value(recorded: Mapping, name: str, usual: Mapping[str, object]) -> object:
    """An option's value; the usual one where it is not given, or an earlier version knew no such option."""
    value = recorded.get(name)
    return usual.get(name) if value in (None, {}) else value


def fold_dirs(output_dir: Path, folds: Sequence[Fold]) -> list[Path]:
    """`OUT/fold_1`, `OUT/fold_2`, ..., and `OUT/model` for one without a test part."""
    return [output_dir / (f"fold_{number}" if fold.test else "model") for number, fold in enumerate(folds, 1)]
