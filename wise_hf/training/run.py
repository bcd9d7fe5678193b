"""From the arguments of scripts/train.py to its results."""

import importlib.metadata
import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from accelerate import Accelerator
from datasets import Dataset

from wise_hf.data.augmentation import WARPS
from wise_hf.data.collator import load_utterances, speaker_statistics
from wise_hf.data.corpora.reading import emotions_in_order, read_corpus
from wise_hf.data.embeddings import check_to_the_end, check_word_vectors
from wise_hf.data.files import check_writable, write_json
from wise_hf.data.fold_file import read_folds, read_origin, write_folds
from wise_hf.data.folds import PARTS, Fold, check_folds, make_folds, without_tested_text
from wise_hf.data.prepare import prepare
from wise_hf.data.schema import PreparedUtterance
from wise_hf.data.unusable import without_unusable
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.training.fold_results import run_folds
from wise_hf.training.options import TrainOptions, model_choices_of, recipe_of
from wise_hf.training.processes import make_accelerator
from wise_hf.training.results import RESULT_FILES, results_to_markdown, summarize_run, write_results
from wise_hf.training.svm import make_svm
from wise_hf.training.system import System, Trial
from wise_hf.training.trial import with_prefix
from wise_hf.training.wise_system import load_word_vectors, wise_system


logger = logging.getLogger(__name__)

ARGUMENTS = "arguments.json"
FOLDS = "folds.json"
TRACKED = "trackers"  # what trackers write, where they write files
DEFAULT_VOCABULARY = 30_000
# What may differ between an interrupted run and its continuation.
FREE_ARGUMENTS = ("resume_from_checkpoint", "overwrite_output_dir", "num_proc", "log_with")
# What the numbers depend on beside the arguments.
VERSIONS_OF = ("wise_hf", "torch", "transformers", "accelerate", "datasets")


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while something is trained; the message says how to continue."""


def run_experiment(
    arguments: TrainOptions,
    before_training: Callable[[], object] = lambda: None,
    after_training: Callable[[Path], object] = lambda model_dir: None,
) -> str:
    """
    Prepare the corpus, train and test on every fold, write the results.

    Args:
        arguments: of scripts/train.py, those about the Hub apart.
        before_training: called on the main process when the corpus and the folds are read, before the hours of work.
        after_training: called on the main process with the folder of the first model, when the results are written.

    Returns:
        The results as a person reads them; nothing on all processes but the main one.

    Raises:
        ValueError: for anything that the person who gave the arguments can mend.
        Interrupted: with how to continue.
    """
    arguments = with_cross_validation(arguments)
    check_arguments(arguments)
    accelerator = make_accelerator(
        arguments.gradient_accumulation_steps, arguments.log_with, arguments.output_dir / TRACKED
    )
    with accelerator.main_process_first():
        if accelerator.is_main_process:
            check_output_dir(arguments)
    with accelerator.main_process_first():
        whole, unread = read_corpus(arguments)
        extractor = WISEFeatureExtractor(mfcc_backend=arguments.mfcc_backend, level=recipe_of(arguments).level)
        make = partial(prepare, feature_extractor=extractor, num_proc=arguments.num_proc)
        corpus = without_unusable(whole, make) if arguments.skip_unusable else whole  # before it is split
        emotions = emotions_in_order(corpus, arguments)
        folds, origin = choose_folds(arguments, corpus)
        check_folds(corpus, folds, emotions)
        if accelerator.is_main_process:
            if arguments.embeddings is not None:
                check_to_the_end(arguments.embeddings)
            before_training()
        prepared = make(corpus)
    wise, others = make_systems(arguments)
    trials = make_trials(arguments, emotions, load_utterances(prepared), folds, accelerator)
    accelerator.wait_for_everyone()  # --folds_file may be the earlier run's, which is about to be cleared away
    with accelerator.main_process_first():
        if accelerator.is_main_process:
            start_run(arguments)
            write_folds(folds, corpus, arguments.output_dir / FOLDS, **origin)
    description = describe(arguments, prepared, emotions, accelerator) | describe_folds(arguments, folds, origin)
    description["num_skipped"] = unread + len(whole) - len(corpus)
    accelerator.init_trackers("wise_hf", {name: str(value) for name, value in recorded(arguments).items()})
    try:
        fold_results = run_folds(wise, others, folds, trials)
    except KeyboardInterrupt:
        resume = f"--resume_from_checkpoint {arguments.output_dir}"
        raise Interrupted(f"The training was interrupted; continue it with the same command and {resume}.") from None
    for tracker in accelerator.trackers:
        tracker.finish()
    if not accelerator.is_main_process:
        return ""
    results = summarize_run(fold_results, description)
    write_results(results, arguments.output_dir)
    logger.info("Written: %s", arguments.output_dir / "results.json")
    # The first fold's, whatever it scored: to take the best would be to choose by test scores.
    after_training(trials[0].output_dir)
    return "\n" + results_to_markdown(results)


def with_cross_validation(arguments: TrainOptions) -> TrainOptions:
    """The arguments with the protocol that is meant where neither a protocol nor a file of folds is given."""
    if arguments.cross_validation is not None or arguments.folds_file is not None:
        return arguments
    corpus = arguments.corpus
    return replace(arguments, cross_validation=corpus.protocol, folds=arguments.folds or corpus.num_folds)


def check_arguments(arguments: TrainOptions) -> None:
    """
    Say at once what would be found out late, or not at all.

    Args:
        arguments: of `with_cross_validation`.

    Raises:
        ValueError: for word vectors or a file of folds that cannot be read, or options that do not go together.
    """
    _check_fold_arguments(arguments)
    if arguments.embeddings is not None:
        check_word_vectors(arguments.embeddings)
    if arguments.embeddings is None and (arguments.vocabulary is not None or arguments.train_embeddings):
        raise ValueError(
            "--vocabulary and --train_embeddings are about the word vectors of --embeddings; give a file."
        )


def _check_fold_arguments(arguments: TrainOptions) -> None:
    finer = [f"--{name}" for name in ("folds", "text_disjoint") if getattr(arguments, name)]
    if arguments.folds_file is not None and (arguments.cross_validation or finer):
        given = ", ".join(["--cross_validation"] * (arguments.cross_validation is not None) + finer)
        raise ValueError(f"--folds_file says already who is where; give either it or {given}.")
    if arguments.cross_validation == "none" and finer:
        raise ValueError(
            f"{', '.join(finer)}: nothing is tested without a cross-validation; give --cross_validation session, "
            "speaker or random as well."
        )
    path = _folds_file(arguments)
    if path is not None:
        read_origin(path)


def _folds_file(arguments: TrainOptions) -> Path | None:
    """The file that the folds are read from, if any; a continued run goes on with what it wrote itself."""
    recorded = arguments.output_dir / FOLDS
    is_continued = arguments.resume_from_checkpoint is not None and recorded.is_file()
    return recorded if is_continued else arguments.folds_file


def choose_folds(arguments: TrainOptions, corpus: Dataset) -> tuple[list[Fold], dict]:
    """
    Who is where, as the arguments say.

    Args:
        arguments: of `with_cross_validation`.
        corpus: the utterances.

    Returns:
        The folds and how they were made: `protocol`, `seed` and `text_disjoint`.

    Raises:
        ValueError: for folds that cannot be made, or a file of other utterances.
    """
    path = _folds_file(arguments)
    if path is not None:
        return read_folds(path, corpus), read_origin(path)
    folds = make_folds(corpus, arguments.cross_validation, arguments.folds, arguments.seed)
    if arguments.text_disjoint:
        folds = [without_tested_text(corpus, fold) for fold in folds]
    origin = {"protocol": arguments.cross_validation, "seed": arguments.seed}
    return folds, origin | {"text_disjoint": bool(arguments.text_disjoint)}


def make_systems(arguments: TrainOptions) -> tuple[System, dict[str, System]]:
    """WISE, and the SVMs that it is compared with, by the names of their scores in the results."""
    recipe = recipe_of(arguments)
    wise = wise_system(recipe, mfcc_backend=arguments.mfcc_backend, **model_choices_of(arguments))
    if not arguments.svm:
        return wise, {}
    both = ("train", "validation")
    svm = partial(make_svm, learns_from=both, normalized_by=both if recipe.refit else ("train",))
    unknown = {"svm_unknown": svm("global")} if recipe.normalization == "speaker" else {}
    return wise, {"svm": svm(recipe.normalization)} | unknown


def make_trials(
    arguments: TrainOptions,
    emotions: Sequence[str],
    utterances: Sequence[PreparedUtterance],
    folds: Sequence[Fold],
    accelerator: Accelerator,
) -> list[Trial]:
    """The trial of each fold, with the word vectors read; its epochs go to the trackers of the accelerator."""
    recipe, statistics = recipe_of(arguments), {}
    if recipe.normalization == "speaker":
        statistics = speaker_statistics(utterances, WARPS if "warp" in recipe.augment else (1.0,))
    vectors = load_word_vectors(arguments.embeddings, arguments.vocabulary or DEFAULT_VOCABULARY, utterances)
    return [
        Trial(
            parts={part: [utterances[number] for number in getattr(fold, part)] for part in PARTS},
            emotions=emotions,
            vectors=vectors,
            seed=arguments.seed,
            output_dir=output_dir,
            name=f"Fold {number}/{len(folds)}" if len(folds) > 1 else "Training",
            statistics=statistics,
            make_accelerator=partial(make_accelerator, arguments.gradient_accumulation_steps),
            log=with_prefix(output_dir.name, accelerator.log),
        )
        for number, (fold, output_dir) in enumerate(zip(folds, fold_dirs(arguments.output_dir, folds), strict=True), 1)
    ]


def fold_dirs(output_dir: Path, folds: Sequence[Fold]) -> list[Path]:
    """`OUT/model` without cross-validation, else `OUT/fold_1`, `OUT/fold_2`, ..."""
    if not folds[0].test:
        return [output_dir / "model"]
    return [output_dir / f"fold_{number}" for number in range(1, len(folds) + 1)]


def describe(arguments: TrainOptions, prepared: Dataset, emotions: Sequence[str], accelerator: Accelerator) -> dict:
    """What was run, for results.json; the folds are told by `describe_folds`."""
    return {
        "corpus": arguments.corpus_title,
        "training_data": arguments.corpus.training_data(arguments.data_dir),
        "corpus_options": corpus_options(arguments),
        "emotions": list(emotions),
        "num_utterances": len(prepared),
        "emotion_counts": dict(Counter(prepared["emotion"])),
        "alignments": dict(Counter(prepared["alignment"])),
        "seed": arguments.seed,
        "recipe_name": arguments.recipe,
        "recipe": asdict(recipe_of(arguments)),
        "model": model_choices_of(arguments),
        "word_vectors": "learnt" if arguments.embeddings is None else arguments.embeddings.name,
        "mfcc_backend": arguments.mfcc_backend,
        "versions": versions(),
        "accelerate": {
            "processes": accelerator.num_processes,
            "device": accelerator.device.type,
            "mixed_precision": accelerator.mixed_precision,
            "gradient_accumulation_steps": accelerator.gradient_accumulation_steps,
        },
    }


def versions() -> dict[str, str]:
    """Of the packages that a result depends on; what is on the path without being installed does not say."""
    installed = {}
    for name in VERSIONS_OF:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # noqa: PERF203
            installed[name] = "unknown"
    return installed


def corpus_options(arguments: TrainOptions) -> dict:
    """How the corpus was read, where it was not read as usual."""
    given = {"emotions": arguments.emotions, "label_map": arguments.label_map, **(arguments.corpus_options or {})}
    return {"dataset": arguments.dataset} | {name: value for name, value in given.items() if value}


def describe_folds(arguments: TrainOptions, folds: Sequence[Fold], origin: Mapping) -> dict:
    """Who was where and how that was decided, for results.json."""
    return {
        "protocol": origin["protocol"],
        "folds_seed": origin["seed"],
        "folds_file": None if arguments.folds_file is None else arguments.folds_file.name,
        "text_disjoint": origin["text_disjoint"],
        "left_out": [len(fold.left_out) for fold in folds],
    }


def check_output_dir(arguments: TrainOptions) -> None:
    """
    Find out at once whether the output folder can be used; nothing is changed in it yet.

    Raises:
        ValueError: for a folder that cannot be written, holds another run, or holds none to continue.
    """
    output_dir, resume = arguments.output_dir, arguments.resume_from_checkpoint
    if resume is not None:
        _check_resumable(output_dir, resume, recorded(arguments))
    elif not (output_dir / ARGUMENTS).is_file() and any(output_dir.glob("*")):
        raise ValueError(f"{output_dir} holds something else than a run of this script; choose another folder.")
    elif (output_dir / ARGUMENTS).is_file() and not arguments.overwrite_output_dir:
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
    return {name: _plain(value) for name, value in given.items() if name not in (*free, "corpus_options")}


def _check_resumable(output_dir: Path, resume: Path, given: dict) -> None:
    if resume.resolve() != output_dir.resolve():
        raise ValueError(f"A run is continued where it is: give --output_dir {resume} as well.")
    if not (output_dir / ARGUMENTS).is_file():
        raise ValueError(f"{output_dir} holds no run to continue; start one without --resume_from_checkpoint.")
    check_same_arguments(output_dir, given)


def check_same_arguments(output_dir: Path, given: Mapping) -> None:
    """
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


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)  # as JSON gives it back
    return str(value.resolve()) if isinstance(value, Path) else value
