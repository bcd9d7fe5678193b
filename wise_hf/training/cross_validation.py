"""Train and test a model on every fold of a corpus."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from accelerate import PartialState
from accelerate.utils import set_seed
from datasets import Dataset

from wise_hf.data.augmentation import WARPS
from wise_hf.data.collator import Statistics, WISECollator, speaker_statistics
from wise_hf.data.embeddings import WordVectors
from wise_hf.data.files import save_files, write_json
from wise_hf.data.folds import PARTS, Fold
from wise_hf.model.loading import weights_digest
from wise_hf.training.loop import CHECKPOINT, TrainingRun
from wise_hf.training.processes import make_accelerator
from wise_hf.training.recipe import Recipe
from wise_hf.training.scores import compute_scores
from wise_hf.training.svm import fit_svm, predict_with_svm
from wise_hf.training.wise_system import build_wise


logger = logging.getLogger(__name__)

SELECTION = "selection"  # the model that never saw the validation part


@dataclass(frozen=True)
class Experiment:
    """
    What is trained, the same for every fold.

    Args:
        emotions: the labels, in the order of their numbers.
        recipe: how to train.
        vectors: word vectors, or `None` to learn them.
        model_choices: fields of `WISEConfig`.
        mfcc_backend: what made the features.
        seed: of the weights, the batches and the augmentation.
        gradient_accumulation_steps: batches whose gradients make one step.
        with_svm: also train the SVM that WISE has to beat.
    """

    emotions: Sequence[str]
    recipe: Recipe
    vectors: WordVectors | None = None
    model_choices: Mapping[str, object] = field(default_factory=dict)
    mfcc_backend: str = "native"
    seed: int = 0
    gradient_accumulation_steps: int = 1
    with_svm: bool = True


def check_folds(dataset: Dataset, folds: Sequence[Fold], emotions: Sequence[str]) -> None:
    """
    Say before training what would spoil it.

    Raises:
        ValueError: for a single emotion, or a training part without one of the emotions.
    """
    if len(emotions) < 2:
        raise ValueError(
            f"The corpus has no emotion but {', '.join(emotions)}, and a model learns to tell one from another; add "
            "recordings of others, or choose two or more with --emotions or --label_map."
        )
    emotion_of = dataset["emotion"][:]
    for fold in folds:
        missing = sorted(set(emotions) - {emotion_of[row] for row in fold.train})
        if missing:
            raise ValueError(
                f"The training part of fold '{fold.name}' has no {', '.join(missing)}; leave out the emotion with "
                "--emotions, or take another protocol."
            )
        for part in ("validation", "test"):
            missing = sorted(set(emotions) - {emotion_of[row] for row in getattr(fold, part)})
            if missing and getattr(fold, part):
                logger.warning("The %s part of fold '%s' has no %s; its UA leaves it out.", part, fold.name, missing)


def run_folds(
    rows: Sequence[dict], folds: Sequence[Fold], experiment: Experiment, output_dirs: Sequence[Path]
) -> list[dict]:
    """
    Train and test on every fold; a fold that an interrupted run finished is read, not run again.

    Args:
        rows: utterances of `load_utterances`.
        folds: who is where.
        experiment: what to train.
        output_dirs: a folder for each fold's model.

    Returns:
        For each fold what the JSON file beside its folder holds: its name, sizes, the epoch that was kept, validation
        and test scores, the history, the prediction for every test utterance, and which weights these are of.
    """
    statistics = {}
    if experiment.recipe.normalization == "speaker":
        statistics = speaker_statistics(rows, WARPS if "warp" in experiment.recipe.augment else (1.0,))
    results = []
    for number, (fold, output_dir) in enumerate(zip(folds, output_dirs, strict=True), 1):
        result_file = output_dir.with_suffix(".json")
        if result_file.is_file():
            logger.info("Fold '%s' is finished already.", fold.name)
        else:
            name = f"Fold {number}/{len(folds)}" if len(folds) > 1 else "Training"
            unfinished = output_dir.with_name(
                output_dir.name + ".unfinished"
            )  # no model has its name before it is one
            result = run_fold(rows, fold, statistics, experiment, unfinished, name)
            state = PartialState()
            if state.is_main_process:
                shutil.rmtree(unfinished / CHECKPOINT, ignore_errors=True)
                shutil.rmtree(unfinished / SELECTION, ignore_errors=True)
                shutil.rmtree(output_dir, ignore_errors=True)
                unfinished.rename(output_dir)
                write_json(result_file, result | {"weights": weights_digest(output_dir)})
            state.wait_for_everyone()
        results.append(json.loads(result_file.read_text(encoding="utf-8")))
    return results


def run_fold(
    rows: Sequence[dict],
    fold: Fold,
    statistics: Mapping[tuple[str, float], Statistics],
    experiment: Experiment,
    output_dir: Path,
    name: str,
) -> dict:
    """Train on a fold, keep its model in `output_dir`, score it on the test part; see `run_folds`."""
    train_rows, validation_rows, test_rows = (
        [rows[row] for row in part] for part in (fold.train, fold.validation, fold.test)
    )
    refit = experiment.recipe.refit and bool(test_rows)
    first_dir = output_dir / SELECTION if refit else output_dir
    run = fit(train_rows, validation_rows, statistics, experiment, first_dir, name)
    progress, validation = run.progress, run.score(validation_rows)[0]
    if refit:
        name = f"{name}, all but the test part"
        run = fit(train_rows + validation_rows, [], statistics, experiment, output_dir, name)
    result = {
        "name": fold.name,
        "sizes": _sizes(fold),
        "epoch": run.progress.best_epoch,
        "history": progress.history,
        "validation": validation,
    }
    if test_rows:
        result |= score_test_part(run, train_rows + validation_rows, test_rows, experiment)
    return result


def _sizes(fold: Fold) -> dict[str, int]:
    sizes = {part: len(getattr(fold, part)) for part in PARTS}
    return sizes | ({"left_out": len(fold.left_out)} if fold.left_out else {})


def score_test_part(
    run: TrainingRun, train_rows: Sequence[dict], test_rows: Sequence[dict], experiment: Experiment
) -> dict:
    """
    The test scores of a fold's model, and of what it is compared with.

    Returns:
        `test` scores and `predictions`, and the `svm`'s scores, where it was asked for (on the main process only).
        Where scenarios are known also the test scores `by_scenario`. Where the features are normalised by speaker also
        `test_unknown`, the model's scores as if nobody knew who speaks, and `svm_unknown`, those of an SVM that never
        knew.
    """
    scores, predicted = run.score(test_rows)
    named = {row["id"]: experiment.emotions[index] for row, index in zip(test_rows, predicted, strict=True)}
    result = {"test": scores, "predictions": named}
    by_scenario = score_by_scenario(test_rows, predicted, experiment.emotions)
    if by_scenario:
        result["by_scenario"] = by_scenario
    if experiment.recipe.normalization == "speaker":
        result["test_unknown"] = run.score([row | {"speaker": None} for row in test_rows])[0]
    if experiment.with_svm and run.accelerator.is_main_process:
        result["svm"] = score_svm(train_rows, test_rows, run.collator)
        if experiment.recipe.normalization == "speaker":
            result["svm_unknown"] = score_svm(train_rows, test_rows, replace(run.collator, statistics={}))
    return result


def score_by_scenario(rows: Sequence[dict], predicted: Sequence[int], emotions: Sequence[str]) -> dict[str, dict]:
    """
    Scores of the improvised and the scripted utterances apart.

    Args:
        rows: utterances of `load_utterances`; those without a `scenario` are in neither.
        predicted: (rows,) the class number that a model gives to each.
        emotions: the labels, in the order of their numbers.

    Returns:
        For every scenario that occurs the scores of `compute_scores`.
    """
    number_of = {emotion: number for number, emotion in enumerate(emotions)}
    parts: dict[str, list[tuple[int, int]]] = {}
    for row, number in zip(rows, predicted, strict=True):
        if row.get("scenario") is not None:
            parts.setdefault(row["scenario"], []).append((number, number_of[row["emotion"]]))
    return {name: compute_scores(*zip(*parts[name], strict=True), len(emotions)) for name in sorted(parts)}


def fit(
    train_rows: Sequence[dict],
    validation_rows: Sequence[dict],
    statistics: Mapping[tuple[str, float], Statistics],
    experiment: Experiment,
    output_dir: Path,
    name: str,
) -> TrainingRun:
    """
    Build a model and train it, or go on with one that an interrupted run left in `output_dir`.

    Args:
        train_rows: what is learnt from.
        validation_rows: what chooses the epoch; without any, the last epoch is kept.
        statistics: of `speaker_statistics`, where the features are normalised by speaker.
        experiment: what to train.
        output_dir: where the model and its processor are kept.
        name: what the progress bar calls it.

    Returns:
        The finished run, which holds the model that was kept.
    """
    set_seed(experiment.seed)
    recipe, choices = experiment.recipe, experiment.model_choices
    model, collator = build_wise(
        train_rows, experiment.emotions, experiment.vectors, recipe, choices, experiment.mfcc_backend
    )
    collator = replace(collator, statistics=statistics)
    accelerator = make_accelerator(experiment.gradient_accumulation_steps)
    run = TrainingRun(model, train_rows, validation_rows, collator, recipe, accelerator, output_dir, experiment.seed)
    run.resume()
    run.train(name)
    if run.accelerator.is_main_process:
        save_files(output_dir, collator.processor.save_pretrained)
    run.load_kept()
    return run


def score_svm(train_rows: Sequence[dict], test_rows: Sequence[dict], collator: WISECollator) -> dict:
    """The scores of the SVM on the same fold, from the same normalised frames."""
    train_features, test_features = (
        [collator.normalized(row["input_features"], row["speaker"]) for row in rows]
        for rows in (train_rows, test_rows)
    )
    train_labels, test_labels = (
        [collator.label2id[row["emotion"]] for row in rows] for rows in (train_rows, test_rows)
    )
    svm = fit_svm(train_features, train_labels, [row["speaker"] for row in train_rows])
    return compute_scores(predict_with_svm(svm, test_features), test_labels, len(collator.label2id))
