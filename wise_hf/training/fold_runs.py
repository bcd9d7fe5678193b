"""The folds of a run: trained one after the other, or several at a time."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from datasets import Dataset
from tqdm.auto import tqdm

from wise_hf.data.collator import SpeakerStatistics, load_utterances
from wise_hf.data.embeddings import WordVectors
from wise_hf.data.folds import PARTS, Fold
from wise_hf.data.waveform_collator import with_waveforms
from wise_hf.data.wise_frames import Frames
from wise_hf.training.fold_results import finish_fold, is_finished, while_unfinished
from wise_hf.training.options import TrainOptions, model_choices_of, recipe_of
from wise_hf.training.parallel import log_to_parent, training_processes
from wise_hf.training.pooled import pooled_systems
from wise_hf.training.processes import make_accelerator
from wise_hf.training.run_folder import fold_dirs
from wise_hf.training.system import Log, System, Trial
from wise_hf.training.trial import train_network, trainings_of, with_prefix
from wise_hf.training.wise_system import wise_system


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReadyCorpus:
    """A corpus that can be trained on.

    Args:
        frames: what its features are.
        prepared: the utterances with their features.
        emotions: the labels, in the order of their numbers.
        folds: who is where.
        origin: how the folds were made, see `choose_folds`.
        num_skipped: recordings that could not be used and were passed over.
        copies: the same utterances in other recordings, see `prepare_copies`.
        waveforms: of the recordings and of these copies, see `prepare_waveforms`.
        final: beside the folds, one with all utterances in its training part; empty where that is not asked for.
        vectors: word vectors, or `None` to learn them.
        statistics: of every speaker, where features are normalised by speaker.
    """

    frames: Frames
    prepared: Dataset
    emotions: Sequence[str]
    folds: Sequence[Fold]
    origin: Mapping[str, object]
    num_skipped: int
    copies: Sequence[Dataset] = ()
    waveforms: Sequence[Dataset] = ()
    final: Sequence[Fold] = ()
    vectors: WordVectors | None = None
    statistics: SpeakerStatistics = field(default_factory=dict)


def make_systems(options: TrainOptions, frames: Frames) -> tuple[System, dict[str, System]]:
    """WISE, and the pooled systems that it is compared with, by the names of their scores in the results."""
    recipe = recipe_of(options)
    wise = wise_system(recipe, frames=frames, **model_choices_of(options))
    if not options.svm:
        return wise, {}
    learns_from = ("train", "validation")
    normalized_by = learns_from if recipe.refit else ("train",)
    return wise, pooled_systems(frames, recipe.normalization, learns_from, normalized_by)


def make_trials(options: TrainOptions, ready: ReadyCorpus, log: Log) -> list[Trial]:
    """The trial of each fold; its epochs are logged under the name of its folder."""
    utterances = load_utterances(ready.prepared, copies=ready.copies)
    if ready.waveforms:
        utterances = with_waveforms(utterances, ready.waveforms)
    folds = [*ready.folds, *ready.final]
    output_dirs = fold_dirs(options.output_dir, folds)
    return [
        Trial(
            parts={part: [utterances[number] for number in getattr(fold, part)] for part in PARTS},
            emotions=ready.emotions,
            vectors=ready.vectors,
            seed=options.seed,
            output_dir=output_dir,
            name=f"Fold {number}/{len(ready.folds)}" if fold.test else "Training",
            statistics=ready.statistics,
            make_accelerator=partial(make_accelerator, options.gradient_accumulation_steps),
            log=with_prefix(output_dir.name, log),
        )
        for number, (fold, output_dir) in enumerate(zip(folds, output_dirs, strict=True), 1)
    ]


def run_folds(options: TrainOptions, ready: ReadyCorpus, log: Log, num_workers: int = 1) -> list[dict]:
    """Train and test on every fold; a fold that an interrupted run finished is read, not run again.

    Args:
        options: of the run.
        ready: what it is trained on.
        log: called after each epoch, see `make_trials`.
        num_workers: trainings at a time, each in a process of its own; 1 = in this one, where accelerate may share a
            training among processes.

    Returns:
        See `finish_fold`, for each fold and the final one.
    """
    wise, others = make_systems(options, ready.frames)
    trials = make_trials(options, ready, log)
    folds = [*ready.folds, *ready.final]
    for fold, trial in zip(folds, trials, strict=True):
        if is_finished(trial):
            logger.info("Fold '%s' is finished already.", fold.name)
    trainings = unfinished_trainings(wise, trials)
    if min(num_workers, len(trainings)) > 1:
        _run_in_processes(options, ready, trainings, log, num_workers)
    return [finish_fold(wise, others, fold, trial) for fold, trial in zip(folds, trials, strict=True)]


Training = tuple[int, int]  # the numbers, from 0, of a fold and of one of its trainings


def unfinished_trainings(wise: System, trials: Sequence[Trial]) -> list[Training]:
    """All trainings of the folds that are not finished, the longest first, so that processes end together."""
    parts = {
        (number, part): len(training.parts["train"])
        for number, trial in enumerate(trials)
        for part, training in enumerate([] if is_finished(trial) else trainings_of(wise, trial))
    }
    return sorted(parts, key=parts.get, reverse=True)


def _run_in_processes(
    options: TrainOptions, ready: ReadyCorpus, trainings: Sequence[Training], log: Log, num_workers: int
) -> None:
    """Run all trainings, then test on each fold, whose trainings have nothing left to do."""
    folds = sorted({number for number, _ in trainings})
    with (
        tqdm(total=len(trainings) + len(folds), desc="Trainings and tests", unit="done") as bar,
        training_processes(
            min(num_workers, len(trainings)), options, ready, log=partial(_log_and_show, log, bar)
        ) as run_all,
    ):
        for work, jobs in ((_train_one, trainings), (_finish_one, folds)):
            for _ in run_all(work, jobs):
                bar.update()


def _log_and_show(log: Log, bar: tqdm, figures: dict[str, float], epoch: int) -> None:
    """Also show on the bar which epoch has ended, and its loss."""
    log(figures, epoch)
    training = next(iter(figures)).rpartition("/")[0]
    bar.set_postfix_str(f"{training}, epoch {epoch}: loss {figures[f'{training}/loss']:.3f}")


def _train_one(options: TrainOptions, ready: ReadyCorpus, training: Training) -> None:
    wise, _ = make_systems(options, ready.frames)
    number, part = training
    train_network(wise, trainings_of(wise, while_unfinished(make_trials(options, ready, log_to_parent)[number]))[part])


def _finish_one(options: TrainOptions, ready: ReadyCorpus, number: int) -> None:
    trial = make_trials(options, ready, log_to_parent)[number]
    finish_fold(*make_systems(options, ready.frames), [*ready.folds, *ready.final][number], trial)
