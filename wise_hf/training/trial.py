"""One trial: a system trained and tested on one fold."""

import time

import torch
from accelerate.utils import set_seed

from wise_hf.training.loop import TrainingRun
from wise_hf.training.processes import make_accelerator
from wise_hf.training.scores import compute_scores
from wise_hf.training.system import System, Trial


MAX_EXAMPLES = 4  # of a fold


def run_trial(system: System, trial: Trial) -> dict:
    """
    Train a system and test it once.

    Args:
        system: what is trained.
        trial: on what.

    Returns:
        `test` scores, `predictions` (the emotion that each test utterance is given), `seconds` of training, and of a
        network the
        `epoch` that was kept, the `history` of all, its `validation` scores, its trainable `parameters` and, where it
        weighs words, `examples` of that.
    """
    start_s = time.monotonic()
    if system.fit_and_predict is not None:
        predicted = list(system.fit_and_predict(trial))
        result = {"epoch": None, "history": [], "seconds": time.monotonic() - start_s}
    else:
        result, predicted = _train_network(system, trial)
    test_rows = trial.parts["test"]
    true = [trial.emotions.index(row["emotion"]) for row in test_rows]
    named = {row["id"]: trial.emotions[number] for row, number in zip(test_rows, predicted, strict=True)}
    scores = compute_scores(predicted, true, len(trial.emotions))
    return result | {"test": scores, "predictions": named}


def _train_network(system: System, trial: Trial) -> tuple[dict, list[int]]:
    run = start_network(system, trial)
    run.resume()
    run.train(trial.name)
    run.load_kept()
    validation = run.score(trial.parts["validation"])[0]
    predicted = run.score(trial.parts["test"])[1]
    model = run.accelerator.unwrap_model(run.model)
    result = {
        "parameters": sum(each.numel() for each in model.parameters() if each.requires_grad),
        "epoch": run.progress.best_epoch,
        "history": run.progress.history,
        "seconds": run.progress.seconds,
        "validation": validation,
    }
    examples = _attention_examples(run, trial, predicted)
    return result | ({"examples": examples} if examples else {}), predicted


def start_network(system: System, trial: Trial) -> TrainingRun:
    """A network with fresh weights, ready to be trained."""
    set_seed(trial.seed)
    model, collator = system.build(trial.parts["train"], trial.emotions, trial.vectors)
    train_rows, validation_rows = trial.parts["train"], trial.parts["validation"]
    accelerator = make_accelerator()
    return TrainingRun(
        model, train_rows, validation_rows, collator, system.recipe, accelerator, trial.output_dir, trial.seed
    )


def _attention_examples(run: TrainingRun, trial: Trial, predicted: list[int]) -> list[dict]:
    """How the words of some test utterances, of different emotions where there are, were weighed."""
    by_emotion = {row["emotion"]: number for number, row in reversed(list(enumerate(trial.parts["test"])))}
    numbers = sorted(by_emotion.values())[:MAX_EXAMPLES]
    rows = [trial.parts["test"][number] for number in numbers]
    batch = run.collator.without_augmentation()(rows)
    batch.pop("labels")
    batch = {name: tensor.to(run.accelerator.device) for name, tensor in batch.items()}
    with torch.inference_mode():
        outputs = run.accelerator.unwrap_model(run.model)(**batch)
    weights = outputs.get("attention_weights")
    if weights is None:
        return []
    return [
        {
            "id": row["id"],
            "emotion": row["emotion"],
            "predicted": trial.emotions[predicted[number]],
            "words": [
                {"word": word, "attention": weight} for word, weight in zip(row["words"], its.tolist(), strict=False)
            ],
        }
        for row, number, its in zip(rows, numbers, weights.float(), strict=True)
    ]
