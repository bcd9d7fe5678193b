"""One run of training: a corpus, its folds, a trial on each, and the results."""

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from accelerate import Accelerator
from datasets import Dataset

from wise_hf.data.augmentation import WARPS, check_augmentations
from wise_hf.data.collator import SpeakerStatistics, load_utterances, speaker_statistics
from wise_hf.data.corpora.reading import emotions_in_order, read_usable
from wise_hf.data.embeddings import check_to_the_end, check_word_vectors
from wise_hf.data.files import ELSEWHERE, read_json
from wise_hf.data.fold_file import read_folds, read_origin, write_folds
from wise_hf.data.folds import Fold, check_folds, make_folds, without_tested_text
from wise_hf.data.output_lock import only_writer
from wise_hf.data.schema import PreparedUtterance
from wise_hf.data.wise_frames import Frames
from wise_hf.training.fold_runs import ReadyCorpus, make_systems, run_folds
from wise_hf.training.options import TrainOptions, chosen_frames, recipe_of, word_vectors_of
from wise_hf.training.parallel import num_trainings_at_a_time
from wise_hf.training.processes import make_accelerator
from wise_hf.training.recipe import Recipe
from wise_hf.training.results import (
    describe_final_model,
    describe_folds,
    describe_systems,
    describe_training,
    summarize_run,
    write_results,
)
from wise_hf.training.run_folder import (
    ARGUMENTS,
    FOLDS,
    TRACKED,
    Interrupted,
    check_output_dir,
    fold_dirs,
    recorded,
    start_run,
)
from wise_hf.training.wise_system import load_word_vectors


logger = logging.getLogger(__name__)

DEFAULT_VOCABULARY = 30_000


def train(
    options: TrainOptions,
    before_training: Callable[[], object] = lambda: None,
    after_training: Callable[[Path], object] = lambda model_dir: None,
    usual_jobs: int | None = 1,
) -> dict:
    """Prepare the corpus, train and test on every fold, write the results.

    Args:
        options: what to train, on what, and where the results go.
        before_training: called on the main process when the corpus and the folds are read, before the hours of work.
        after_training: called on the main process, when the results are written, with the folder of the final model
            or, without one, of the first.
        usual_jobs: trainings at a time where the options do not say; `None` = one for each core, which starts
            processes that import the script which calls this: it must call it under `if __name__ == "__main__":`.

    Returns:
        The results, as results.json has them; nothing on all processes but the main one.

    Raises:
        ValueError: for anything that the person who gave the options can mend.
        Interrupted: with how to continue.
    """
    options = with_cross_validation(options)
    check_training_options(options)
    try:
        return _train(replace(options, jobs=options.jobs or usual_jobs), before_training, after_training)
    except KeyboardInterrupt:
        raise _interrupted(options) from None


def _interrupted(options: TrainOptions) -> Interrupted:
    path = options.output_dir / ARGUMENTS
    if not path.is_file() or read_json(path, ELSEWHERE) != recorded(options):
        return Interrupted("The preparation was interrupted; continue it with the same command.")
    added = ("--resume_from_checkpoint", str(options.output_dir))
    told = f"The training was interrupted; continue it with the same command and {' '.join(added)}."
    return Interrupted(told, () if options.resume_from_checkpoint else added)


def _train(
    options: TrainOptions, before_training: Callable[[], object], after_training: Callable[[Path], object]
) -> dict:
    """Do what `train` says, with options that are checked."""
    accelerator = make_accelerator(options.gradient_accumulation_steps, options.log_with, options.output_dir / TRACKED)
    num_workers = num_trainings_at_a_time(options.jobs, accelerator)
    check = partial(check_output_dir, options)
    with only_writer(options.output_dir, check) if accelerator.is_main_process else nullcontext():
        return _train_in_folder(options, accelerator, num_workers, before_training, after_training)


def _train_in_folder(
    options: TrainOptions,
    accelerator: Accelerator,
    num_workers: int,
    before_training: Callable[[], object],
    after_training: Callable[[Path], object],
) -> dict:
    with accelerator.main_process_first():
        ready = prepare_corpus(options, before_training if accelerator.is_main_process else None)
    description = describe_training(options, ready.prepared, ready.emotions, accelerator)
    description |= describe_folds(options, ready.folds, ready.origin) | {"num_skipped": ready.num_skipped}
    description |= describe_systems(*make_systems(options, ready.frames))
    fold_results = _run_folds(options, ready, accelerator, num_workers)
    if not accelerator.is_main_process:
        return {}
    if ready.final:
        description |= {"final_model": describe_final_model(fold_results.pop())}
    results = summarize_run(fold_results, description)
    write_results(results, options.output_dir)
    logger.info("Written: %s", options.output_dir / "results.json")
    # Without a final one the first fold's, whatever it scored: to take the best would be to choose by test scores.
    after_training(fold_dirs(options.output_dir, [*ready.final, *ready.folds])[0])
    return results


def _run_folds(options: TrainOptions, ready: ReadyCorpus, accelerator: Accelerator, num_workers: int) -> list[dict]:
    """Start or continue the run in its folder, and train and test on every fold."""
    accelerator.wait_for_everyone()  # --folds_file may be the earlier run's, which is about to be cleared away
    with accelerator.main_process_first():
        if accelerator.is_main_process:
            start_run(options)
            write_folds(ready.folds, ready.prepared, options.output_dir / FOLDS, **ready.origin)
    accelerator.init_trackers("wise_hf", {name: str(value) for name, value in recorded(options).items()})
    results = run_folds(options, ready, accelerator.log, num_workers)
    for tracker in accelerator.trackers:
        tracker.finish()
    return results


def with_cross_validation(options: TrainOptions) -> TrainOptions:
    """The options with the corpus's usual protocol, and its usual number of folds for that, filled in."""
    if options.folds_file is not None:
        return options
    protocol = options.cross_validation or options.corpus.protocol
    usual = options.corpus.num_folds if protocol == options.corpus.protocol else None
    return replace(options, cross_validation=protocol, folds=options.folds or usual)


def check_training_options(options: TrainOptions) -> None:
    """Say at once what would be found out late, or not at all.

    Args:
        options: of `with_cross_validation`.

    Raises:
        ValueError: for word vectors or a file of folds that cannot be read, or options that do not go together.
    """
    _check_fold_options(options)
    word_vectors_of(options)  # of one kind
    if options.word_encoder is not None and options.modality == "audio":
        raise ValueError("--word_encoder: a model of --modality audio is given no words; leave one of the two out.")
    if options.frame_encoder is not None and options.modality == "text":
        raise ValueError("--frame_encoder: a model of --modality text is given no audio; leave one of the two out.")
    if options.embeddings is not None:
        check_word_vectors(options.embeddings)
    if options.embeddings is None and (options.vocabulary is not None or options.train_embeddings):
        raise ValueError(
            "--vocabulary and --train_embeddings are about the word vectors of --embeddings; give a file."
        )


def _check_fold_options(options: TrainOptions) -> None:
    finer = [f"--{name}" for name in ("folds", "text_disjoint") if getattr(options, name)]
    if options.folds_file is not None and (options.cross_validation or finer):
        given = ", ".join(["--cross_validation"] * (options.cross_validation is not None) + finer)
        raise ValueError(f"--folds_file already defines the folds; give either it or {given}.")
    finer += ["--final_model"] * options.final_model
    if options.cross_validation == "none" and finer:
        raise ValueError(
            f"{', '.join(finer)}: nothing is tested without a cross-validation; give --cross_validation session, "
            "speaker or random as well."
        )
    path = _folds_file(options)
    if path is not None:
        read_origin(path)


def _folds_file(options: TrainOptions) -> Path | None:
    """The file that the folds are read from, if any; a continued run goes on with what it wrote itself."""
    recorded = options.output_dir / FOLDS
    is_continued = options.resume_from_checkpoint is not None and recorded.is_file()
    return recorded if is_continued else options.folds_file


def prepare_corpus(options: TrainOptions, before_preparing: Callable[[], object] | None = None) -> ReadyCorpus:
    """Read the corpus, make its folds and extract its features.

    Args:
        options: of `with_cross_validation`.
        before_preparing: called when all that is quickly told is known to be right; `None` on other processes than the
            main one.

    Raises:
        ValueError: for a corpus or word vectors that cannot be used, or folds that cannot be made.
    """
    recipe = recipe_of(options)
    frames = chosen_frames(options, recipe.level)
    check_augmentations(recipe.augment, frames.feature_extractor())
    if recipe.train_encoder_layers:
        frames.encoder.read().check_has_layers(recipe.train_encoder_layers)
    make = partial(frames.prepare, num_proc=options.num_proc, align=options.align)
    corpus, num_skipped = read_usable(options, make)  # before it is split
    emotions = emotions_in_order(corpus, options)
    folds, origin = choose_folds(options, corpus)
    check_folds(corpus, folds, emotions)
    final = _final_fold(options, folds, corpus)
    if before_preparing is not None:
        if options.embeddings is not None:
            check_to_the_end(options.embeddings)
        before_preparing()
    prepared = make(corpus)
    copies = frames.prepare_copies(prepared, recipe.audio_copies, options.num_proc)
    waveforms = []
    if recipe.train_encoder_layers:
        waveforms = frames.prepare_waveforms(prepared, recipe.audio_copies, options.num_proc)
    utterances = load_utterances(prepared, copies=copies)
    given = {
        "vectors": load_word_vectors(options.embeddings, options.vocabulary or DEFAULT_VOCABULARY, utterances),
        "statistics": _statistics(utterances, recipe, frames) if recipe.normalization == "speaker" else {},
    }
    return ReadyCorpus(frames, prepared, emotions, folds, origin, num_skipped, copies, waveforms, final, **given)


def _statistics(utterances: Sequence[PreparedUtterance], recipe: Recipe, frames: Frames) -> SpeakerStatistics:
    warps = WARPS if "warp" in recipe.augment else (1.0,)
    return speaker_statistics(utterances, frames.feature_extractor().hop_ms, warps)


def _final_fold(options: TrainOptions, folds: Sequence[Fold], corpus: Dataset) -> list[Fold]:
    """What the final model learns from: all that there is."""
    if not options.final_model:
        return []
    if not folds[0].test:
        raise ValueError(f"--final_model: {options.folds_file} tests nothing; give a file of folds with test parts.")
    return [Fold("all", list(range(len(corpus))), [], [])]


def choose_folds(options: TrainOptions, corpus: Dataset) -> tuple[list[Fold], dict]:
    """Who is where, as the options say.

    Args:
        options: of `with_cross_validation`.
        corpus: the utterances.

    Returns:
        The folds and how they were made: `protocol`, `seed` and `text_disjoint`.

    Raises:
        ValueError: for folds that cannot be made, or a file of other utterances.
    """
    path = _folds_file(options)
    if path is not None:
        return read_folds(path, corpus), read_origin(path)
    folds = make_folds(corpus, options.cross_validation, options.folds, options.seed)
    if options.text_disjoint:
        folds = [without_tested_text(corpus, fold) for fold in folds]
    origin = {"protocol": options.cross_validation, "seed": options.seed}
    return folds, origin | {"text_disjoint": options.text_disjoint}
