"""What a run of training finds out on each fold: a model in its folder, and the scores in a JSON file beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from accelerate import PartialState

from wise_hf.data.files import UNFINISHED, put_in_place, read_json_object, remove_whole, save_files, write_json
from wise_hf.data.folds import PARTS, Fold
from wise_hf.data.schema import PreparedUtterance
from wise_hf.model.loading import weights_digest
from wise_hf.training.scores import compute_scores
from wise_hf.training.system import System, Trial
from wise_hf.training.trial import fit_network, run_trial, score_test_part


def finish_fold(wise: System, others: Mapping[str, System], fold: Fold, trial: Trial) -> dict:
    """Train and test on a fold, or read what an earlier run found out on it.

    Args:
        wise: what is trained and kept.
        others: what its test scores are compared with, by the name that the scores have in the result.
        fold: who is where.
        trial: of the fold, with the folder that its model is kept in.

    Returns:
        What the JSON file beside this folder holds: see `run_fold`, and `weights`, which these scores are of.
    """
    if not is_finished(trial):
        _run_and_write(wise, others, fold, trial)
    return read_json_object(_result_file(trial), "remove it, and its fold is trained again")


def _run_and_write(wise: System, others: Mapping[str, System], fold: Fold, trial: Trial) -> None:
    working = while_unfinished(trial)
    result = run_fold(wise, others, fold, working)
    state = PartialState()
    if state.is_main_process:
        for folder in filter(Path.is_dir, list(working.output_dir.iterdir())):  # a model has only files
            remove_whole(folder)
        if wise.complete is not None:
            wise.complete(working.output_dir)
        put_in_place(working.output_dir, trial.output_dir)
        write_json(_result_file(trial), result | {"weights": weights_digest(trial.output_dir)})
    state.wait_for_everyone()


def is_finished(trial: Trial) -> bool:
    """There are results of this fold."""
    return _result_file(trial).is_file()


def _result_file(trial: Trial) -> Path:
    return trial.output_dir.with_suffix(".json")


def while_unfinished(trial: Trial) -> Trial:
    """The trial while it runs: no model has its name before it is one."""
    return replace(trial, output_dir=trial.output_dir.with_name(trial.output_dir.name + UNFINISHED))


def run_fold(wise: System, others: Mapping[str, System], fold: Fold, trial: Trial) -> dict:
    """Train on a fold, keep its model in the trial's folder, and score it on the test part.

    Returns:
        `name`, `sizes`, `epoch`, `history`, `refit_history` and `validation` scores. With a test part also its `test`
        scores and `predictions`, and the test scores of the others, by their names (on the main process only). Where
        scenarios are known also the test scores `by_scenario`. Where the features are normalised by speaker also
        `test_unknown`, the model's scores as if nobody knew who speaks.
    """
    run, report = fit_network(wise, trial)
    is_main_process = run.accelerator.is_main_process
    if is_main_process:
        save_files(trial.output_dir, run.collator.processor.save_pretrained)
    sizes = {part: len(trial.parts[part]) for part in PARTS}
    sizes |= {"left_out": len(fold.left_out)} if fold.left_out else {}
    found = ("epoch", "history", "refit_history", "validation")
    result = {"name": fold.name, "sizes": sizes}
    result |= {name: report[name] for name in found if name in report}
    test = trial.parts["test"]
    if not test:
        return result
    predicted = run.score(test)[1]
    result |= score_test_part(trial, predicted)
    by_scenario = score_by_scenario(test, predicted, trial.emotions)
    result |= {"by_scenario": by_scenario} if by_scenario else {}
    if wise.recipe.normalization == "speaker":
        result["test_unknown"] = run.score([each | {"speaker": None} for each in test])[0]
    if is_main_process:
        result |= {name: run_trial(other, trial)["test"] for name, other in others.items()}
    return result


def score_by_scenario(
    utterances: Sequence[PreparedUtterance], predicted: Sequence[int], emotions: Sequence[str]
) -> dict[str, dict]:
    """Scores of the improvised and the scripted utterances apart.

    Args:
        utterances: those without a `scenario` are in neither.
        predicted: (utterances,) the class number that a model gives to each.
        emotions: the labels, in the order of their numbers.

    Returns:
        For every scenario that occurs the scores of `compute_scores`.
    """
    parts: dict[str, list[tuple[int, int]]] = {}
    for utterance, number in zip(utterances, predicted, strict=True):
        if utterance.get("scenario") is not None:
            true = emotions.index(utterance["emotion"])
            parts.setdefault(utterance["scenario"], []).append((number, true))
    return {name: compute_scores(*zip(*parts[name], strict=True), len(emotions)) for name in sorted(parts)}
