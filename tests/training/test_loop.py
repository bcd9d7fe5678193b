"""One training run."""

import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import set_seed

from wise_hf import WISEForAudioClassification
from wise_hf.data.augmentation import AUGMENTATIONS
from wise_hf.data.collator import WISECollator
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.training.loop import CHECKPOINT, LOSSES, TrainingRun, learning_rate_factor
from wise_hf.training.recipe import PAPER
from wise_hf.training.wise_system import build_model, build_processor


EMOTIONS = ["happy", "sad"]
DISK_BYTES = 4_000_000
RECIPE = replace(PAPER, epochs=4, batch_size=4, learning_rate=3e-3)


def utterance(number: int) -> dict:
    """Its emotion can be heard: happy frames lie above sad ones."""
    rng = np.random.default_rng(number)
    emotion = EMOTIONS[number % 2]
    lengths = {"phoneme_lengths": rng.integers(1, 5, 6), "word_lengths": np.array([2, 3, 1])}
    level = 0.5 if emotion == "happy" else -0.5
    features = rng.normal(level, 1, (int(lengths["phoneme_lengths"].sum()), 39)).astype(np.float32)
    words = ["kids", "are", "talking"]
    return {
        "id": str(number),
        "speaker": "a",
        "emotion": emotion,
        "words": words,
        "input_features": features,
    } | lengths


ROWS = [utterance(number) for number in range(20)]
TRAIN, VALIDATION = ROWS[:12], ROWS[12:]


def make_run(folder, recipe=RECIPE, mixed_precision="no", validation=VALIDATION, **accelerator) -> TrainingRun:
    AcceleratorState._reset_state(reset_partial_state=False)
    set_seed(0)
    processor = build_processor(TRAIN, None, WISEFeatureExtractor())
    model = small_model(processor)
    collator = WISECollator(processor, model.config.label2id, augment=recipe.augment)
    made = Accelerator(cpu=True, mixed_precision=mixed_precision, **accelerator)
    return TrainingRun(model, TRAIN, validation, collator, recipe, made, folder)


def small_model(processor) -> WISEForAudioClassification:
    sizes = {"phoneme_hidden_size": 8, "word_hidden_size": 8, "audio_hidden_size": 8, "text_hidden_size": 8}
    return build_model(EMOTIONS, processor, None, attention_size=8, linear_sizes=[8, 8], **sizes)


def weights(model: torch.nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def test_it_learns_what_can_be_heard_and_keeps_the_best_epoch(tmp_path):
    run = make_run(tmp_path, replace(RECIPE, epochs=15, learning_rate=1e-2))
    progress = run.train("test")
    assert progress.best_ua >= 0.9
    assert progress.history[progress.best_epoch - 1]["ua"] == progress.best_ua
    assert progress.best_ua == max(row["ua"] for row in progress.history)
    run.load_kept()
    assert run.score(VALIDATION)[0]["ua"] == progress.best_ua


def test_a_resumed_run_ends_exactly_where_an_unbroken_one_does(tmp_path):
    recipe = replace(RECIPE, level="speech", augment=AUGMENTATIONS)
    unbroken = make_run(tmp_path / "unbroken", recipe)
    unbroken.train("unbroken")

    broken = make_run(tmp_path / "broken", recipe)
    broken.recipe = replace(recipe, epochs=2)  # killed after two epochs
    broken.train("broken")
    resumed = make_run(tmp_path / "broken", recipe)
    set_seed(99)  # another process starts from other random states
    resumed.resume()
    assert resumed.progress.epoch == 2
    resumed.train("resumed")

    assert resumed.progress == unbroken.progress
    for one, other in zip(weights(resumed.model), weights(unbroken.model), strict=True):
        assert torch.equal(one, other)


def test_the_same_run_twice_gives_the_same_model(tmp_path):
    first, second = (make_run(tmp_path / name).train(name) for name in "ab")
    assert first == second


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_mixed_precision_trains_to_finite_losses(tmp_path, precision):
    progress = make_run(tmp_path, mixed_precision=precision).train(precision)
    assert all(np.isfinite(row["loss"]) for row in progress.history)


def test_accumulated_gradients_step_once_a_window(tmp_path):
    run = make_run(tmp_path, gradient_accumulation_steps=2)
    run.train("accumulated")
    assert run.scheduler.last_epoch == 4 * 2, "three batches are two windows in each of four epochs"


def test_patience_ends_a_run_that_does_not_get_better(tmp_path):
    run = make_run(tmp_path, replace(RECIPE, epochs=50, learning_rate=1e-12, patience=3))
    assert run.train("patient").epoch == 1 + 3


def test_a_checkpoint_is_whole_or_not_there(tmp_path):
    run = make_run(tmp_path)
    run.train("test")
    assert (tmp_path / CHECKPOINT).is_dir() and not list(tmp_path.glob("*.unfinished"))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own that is soon full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here to be filled")
    yield folder
    subprocess.run(["umount", folder], check=True)


def blocks_bytes(paths: Iterable[Path]) -> int:
    """What files take on a disk."""
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in paths if path.is_file())


# How much of the kept model and how much of the checkpoint finds room: the disk is full at either, at first or later.
@pytest.mark.parametrize(("of_model", "of_checkpoint"), [(0.3, 0), (0.9, 0), (1, 0.2), (1, 0.9), (1.5, 1)])
def test_a_full_disk_stops_a_run_that_goes_on_when_there_is_room(small_disk, tmp_path, of_model, of_checkpoint):
    whole = tmp_path / "whole"
    unbroken = make_run(whole)
    unbroken.train("unbroken")
    room = of_model * blocks_bytes(whole.glob("*")) + of_checkpoint * blocks_bytes((whole / CHECKPOINT).glob("*"))
    (small_disk / "others").write_bytes(bytes(DISK_BYTES - round(room)))
    with pytest.raises(ValueError, match="out.* cannot be written .*; make room there, and continue the run"):
        make_run(small_disk / "out").train("stopped")
    assert not list(small_disk.rglob("*.unfinished*")), "nothing half-written takes the room that is left"
    for path in (small_disk / "out").glob("*.*"):
        assert path.stat().st_size == (whole / path.name).stat().st_size
    (small_disk / "others").unlink()
    resumed = make_run(small_disk / "out")
    resumed.resume()
    assert resumed.progress.epoch == (1 if of_checkpoint == 1 else 0)
    resumed.train("resumed")
    assert resumed.progress == unbroken.progress


def test_the_papers_learning_rate_decays_with_the_steps():
    factor = learning_rate_factor("inverse", 1000)
    assert factor(0) == 1 and factor(1000) == pytest.approx(0.5) and factor(3000) == pytest.approx(0.25)


def test_the_cosine_warms_up_and_ends_near_zero():
    factor = learning_rate_factor("cosine", 100)
    assert factor(0) == pytest.approx(0.1) and factor(9) > 0.97 and factor(99) < 0.001
    assert factor(50) == pytest.approx(0.5)


def test_without_a_validation_part_the_last_epoch_is_kept(tmp_path):
    run = make_run(tmp_path, validation=())
    progress = run.train("test")
    assert progress.best_epoch == 4 and progress.history[-1]["ua"] is None
    last = weights(run.model)
    run.load_kept()
    assert all(torch.equal(one, other) for one, other in zip(weights(run.model), last, strict=True))


def test_the_sigmoid_loss_is_each_class_against_the_rest():
    logits, labels = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]]), torch.tensor([0, 2])
    p = 1 / (1 + np.exp(-logits.double().numpy()))
    targets = np.array([[1, 0, 0], [0, 0, 1]])
    expected = -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean()
    assert LOSSES["sigmoid"](logits, labels, 0.0).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("changes", [{"optimizer": "adadelta", "learning_rate": 30.0}, {"loss": "sigmoid"}])
def test_other_optimizers_and_losses_learn(tmp_path, changes):
    run = make_run(tmp_path, replace(RECIPE, schedule="constant", epochs=12, **changes))
    history = run.train("x").history
    assert history[-1]["loss"] < history[0]["loss"] - 0.01


def test_gradients_are_cut_to_the_largest_value_allowed(tmp_path, monkeypatch):
    run = make_run(tmp_path, replace(RECIPE, max_grad_value=1e-4, epochs=1))
    largest = []
    step = run.optimizer.step

    def look(*args, **kwargs):
        gradients = [parameter.grad for parameter in run.model.parameters() if parameter.grad is not None]
        largest.append(max(gradient.abs().max().item() for gradient in gradients))
        return step(*args, **kwargs)

    monkeypatch.setattr(run.optimizer, "step", look)
    run.train("x")
    assert largest and max(largest) == pytest.approx(1e-4)


def test_the_time_of_an_epoch_is_told_without_the_first_step(tmp_path):
    assert 0 < make_run(tmp_path).measure_epoch_s(num_steps=3) < 60
