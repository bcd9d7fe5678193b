"""The engine: a system trained and tested on one fold."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from accelerate.utils import set_seed

from wise_hf.data.files import save_files
from wise_hf.training.loop import TrainingRun
from wise_hf.training.scores import compute_scores
from wise_hf.training.system import Log, System, Trial, log_nothing


SELECTION = "selection"  # the folder of the network that never sees the validation part
MEMBER = "member_"  # the folders of members that are trained apart
MEMBERS_APART = 1_000_033  # seeds of two members never meet
MAX_EXAMPLES = 4  # of a fold


def run_trial(system: System, trial: Trial) -> dict:
    """Train a system and test it once.

    Args:
        system: what is trained.
        trial: on what.

    Returns:
        `test` scores, `predictions` (the emotion that each test utterance is given) and `seconds` of training; of a
        network the whole report of `fit_network` and, where it weighs words, `examples` of that.
    """
    start_s = time.monotonic()
    if system.fit_and_predict is not None:
        predicted = list(system.fit_and_predict(trial))
        result = {"epoch": None, "history": [], "seconds": time.monotonic() - start_s}
    else:
        run, report = fit_network(system, trial)
        predicted = run.score(trial.parts["test"])[1]
        examples = _attention_examples(run, trial, predicted)
        result = report | ({"examples": examples} if examples else {})
    return result | score_test_part(trial, predicted)


def score_test_part(trial: Trial, predicted: Sequence[int]) -> dict:
    """`test` scores and `predictions` of the class numbers that a system gives to the test utterances."""
    test = trial.parts["test"]
    named = {each["id"]: trial.emotions[number] for each, number in zip(test, predicted, strict=True)}
    return {"test": compute_scores(predicted, trial.labels(test), len(trial.emotions)), "predictions": named}


def fit_network(system: System, trial: Trial) -> tuple[TrainingRun, dict]:
    """Train a network, with all its members, as its recipe says, or resume an interrupted trial.

    Without a validation part the last epoch is kept, and there are no validation scores.

    With `refit`, the first network gives the history and the validation scores, and a second one, which learns from
    the training and the validation part for all epochs, is kept. Without a test part nothing is refitted.

    Returns:
        The run, which holds the weights that were kept, and a report: `parameters` (how many are trained), the `epoch`
        that was kept, the `history` of all, `seconds` of training and the `validation` scores; after a refit also its
        `refit_history`. All but the seconds are of the first member.
    """
    first, *others = trainings_of(system, trial)
    run, report = _fit_once(system, first)
    runs = [run, *(train_network(system, each) for each in others)]
    report["seconds"] = sum(each.progress.seconds for each in runs)
    if _is_refitted(system, trial):
        runs = runs[1:]
        report |= {"epoch": runs[0].progress.best_epoch, "refit_history": runs[0].progress.history}
    if len(runs) > 1:
        _join_members(runs, trial.output_dir)
    return runs[0], report


def trainings_of(system: System, trial: Trial) -> list[Trial]:
    """The trainings that a trial of a network is made of, each a trial of its own, none of which needs another.

    Returns:
        With refit the one that chooses the epoch; then that of each member.
    """
    count = system.recipe.members
    members = [trial] if count == 1 else [member_trial(trial, number) for number in range(count)]
    if not _is_refitted(system, trial):
        return members
    selection = replace(members[0], output_dir=members[0].output_dir / SELECTION)
    return [selection, *(_refit_trial(each) for each in members)]


def member_trial(trial: Trial, number: int) -> Trial:
    """The trial of a member, from 0, with a seed and a folder of its own."""
    seed = (trial.seed + MEMBERS_APART * number) % 2**32
    log = trial.log if number == 0 else log_nothing
    name = f"{trial.name}, member {number + 1}"
    return replace(trial, seed=seed, output_dir=trial.output_dir / f"{MEMBER}{number + 1}", name=name, log=log)


def _is_refitted(system: System, trial: Trial) -> bool:
    return system.recipe.refit and bool(trial.parts["test"])


def _refit_trial(trial: Trial) -> Trial:
    """Of the network that is kept, which learns from the training and the validation part."""
    both = trial.parts | {"train": trial.of("train", "validation"), "validation": []}
    name = f"{trial.name}, all but the test part"
    return replace(trial, parts=both, name=name, log=with_prefix("refit", trial.log))


def _join_members(runs: Sequence[TrainingRun], output_dir: Path) -> None:
    """Give the first network the others as members, and save them all."""
    accelerator = runs[0].accelerator
    first, *others = (each.accelerator.unwrap_model(each.model) for each in runs)
    first.add_members(others)
    if accelerator.is_main_process:
        save_files(output_dir, first.save_pretrained)


def _fit_once(system: System, trial: Trial) -> tuple[TrainingRun, dict]:
    run = train_network(system, trial)
    model = run.accelerator.unwrap_model(run.model)
    report = {
        "parameters": sum(each.numel() for each in model.parameters() if each.requires_grad),
        "epoch": run.progress.best_epoch,
        "history": run.progress.history,
    }
    validation = trial.parts["validation"]
    return run, report | ({"validation": run.score(validation)[0]} if validation else {})


def train_network(system: System, trial: Trial) -> TrainingRun:
    """Train to the end, or resume an interrupted training, and take back the weights that were kept."""
    run = start_network(system, trial)
    run.resume()
    run.train(trial.name)
    run.load_kept()
    return run


def start_network(system: System, trial: Trial) -> TrainingRun:
    """A network with fresh weights, ready to be trained."""
    set_seed(trial.seed)
    train, validation = trial.parts["train"], trial.parts["validation"]
    model, collator = system.build(train, trial.emotions, trial.vectors)
    if trial.statistics:
        collator = replace(collator, statistics=trial.statistics)
    accelerator, folder = trial.make_accelerator(), trial.output_dir
    return TrainingRun(
        model, train, validation, collator, system.recipe, accelerator, folder, seed=trial.seed, log=trial.log
    )


def with_prefix(name: str, log: Log) -> Log:
    """The same, with the series called `name/series`."""
    return lambda figures, epoch: log({f"{name}/{series}": value for series, value in figures.items()}, epoch)


def _attention_examples(run: TrainingRun, trial: Trial, predicted: Sequence[int]) -> list[dict]:
    """How the words of some test utterances, of different emotions where there are, were weighed."""
    by_emotion = {each["emotion"]: number for number, each in reversed(list(enumerate(trial.parts["test"])))}
    numbers = sorted(by_emotion.values())[:MAX_EXAMPLES]
    utterances = [trial.parts["test"][number] for number in numbers]
    batch = run.collator.without_augmentation()(utterances)
    batch.pop("labels")
    batch = {name: tensor.to(run.accelerator.device) for name, tensor in batch.items()}
    with torch.inference_mode():
        outputs = run.accelerator.unwrap_model(run.model)(**batch)
    weights = outputs.get("attention_weights")
    if weights is None:
        return []
    return [
        {
            "id": utterance["id"],
            "emotion": utterance["emotion"],
            "predicted": trial.emotions[predicted[number]],
            "words": [
                {"word": word, "attention": weight}
                for word, weight in zip(utterance["words"], its.tolist(), strict=False)
            ],
        }
        for utterance, number, its in zip(utterances, numbers, weights.float(), strict=True)
    ]
