"""The model on ragged batches against the straightforward implementation on dense ones, with the same weights."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from wise_hf.baselines.straightforward import StraightforwardWISE, dense_batch
from wise_hf.benchmark.measurement import BYTES, Measurement, NotHere, Run, of_repeats, time_in_turn
from wise_hf.benchmark.setting import Setting
from wise_hf.benchmark.speech_like import speech_like_batch
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.training.loop import OPTIMIZERS


UTTERANCES, MAX_WORDS = 32, 128
PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}

Batch = dict[str, torch.Tensor]
MakeRun = Callable[[nn.Module, Batch], Run]


def compare_bytes(config: WISEConfig | None = None, utterances: int = UTTERANCES) -> list[Measurement]:
    """The bytes of a batch, ragged and dense.

    Args:
        config: sizes; `None` = the paper's.
        utterances: in the batch.
    """
    ragged = speech_like_batch(config or WISEConfig(), utterances)
    sizes = [sum(values.nbytes for values in batch.values()) for batch in (ragged, dense_batch(ragged, MAX_WORDS))]
    return [of_repeats(f"batch of {utterances}", sizes[:1], sizes[1:], BYTES)]


def compare_forward(setting: Setting, **sizes: object) -> list[Measurement]:
    """A forward pass on the CPU; `sizes` are those of `both_ways`."""
    return [setting.compare("forward pass", *both_ways(forward_pass, **sizes))]


def compare_step(setting: Setting, **sizes: object) -> list[Measurement]:
    """A training step on the CPU; `sizes` are those of `both_ways`."""
    return [setting.compare("training step", *both_ways(training_step, **sizes))]


def compare_on_gpu(setting: Setting, device: str = "cuda", seconds: float = 1.0, **sizes: object) -> list[Measurement]:
    """Both on a GPU, in both precisions, and how much of our time its largest kernel takes.

    Args:
        setting: how often.
        device: another one than a GPU is for tests.
        seconds: at least so long is spent on each.
        sizes: of `both_ways`.

    Raises:
        NotHere: there is no GPU.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise NotHere("no GPU here")
    measured = []
    for what, make in {"forward pass": forward_pass, "training step": training_step}.items():
        for name, precision in PRECISIONS.items():
            autocast = torch.autocast(device, precision, enabled=precision is not torch.float32)
            runs = [_waited_for(run, autocast) for run in both_ways(make, device=device, **sizes)]
            for run in runs:
                run()
            ours, theirs = time_in_turn(runs, setting.repeats, seconds)
            told = f"{what}, GPU, {name}"
            measured.append(of_repeats(told, ours, theirs))
            kernels = kernel_times_s(runs[0])
            measured.append(of_repeats(f"{told}: all of it / largest kernel", ours, [max(kernels)] * len(ours)))
            measured.append(of_repeats(f"{told}: all kernels / largest", [sum(kernels)], [max(kernels)]))
    return measured


def both_ways(
    make_run: MakeRun,
    config: WISEConfig | None = None,
    utterances: int = UTTERANCES,
    max_words: int = MAX_WORDS,
    device: str = "cpu",
) -> tuple[Run, Run]:
    """The same of both implementations.

    Args:
        make_run: `forward_pass` or `training_step`.
        config: sizes; `None` = the paper's.
        utterances: in the batch.
        max_words: words that the dense batch is padded to.
        device: where.
    """
    config = config or WISEConfig()
    torch.manual_seed(0)
    ours, theirs = WISEForAudioClassification(config), StraightforwardWISE(config)
    theirs.load_state_dict(ours.state_dict())
    ragged = speech_like_batch(config, utterances)
    pairs = (ours, ragged), (theirs, dense_batch(ragged, max_words))
    ours, theirs = (make_run(model.to(device), _moved(batch, device)) for model, batch in pairs)
    return ours, theirs


def _moved(batch: Batch, device: str) -> Batch:
    return {name: values.to(device) for name, values in batch.items()}


def forward_pass(model: nn.Module, batch: Batch) -> Run:
    """A forward pass without gradients, as something to run."""
    return torch.inference_mode()(partial(model.eval(), **batch))


def training_step(model: nn.Module, batch: Batch) -> Run:
    """Forward, backward and a step of Adam, as something to run; the loss comes first in what the model gives."""
    optimizer = OPTIMIZERS["adam"]([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=1e-4)
    model.train()

    def step() -> None:
        optimizer.zero_grad()
        model(**batch)[0].backward()
        optimizer.step()

    return step


def _waited_for(run: Run, autocast: AbstractContextManager) -> Run:
    """A run that ends when the GPU has done it."""

    def waited_for() -> None:
        with autocast:
            run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    return waited_for


def kernel_times_s(run: Run) -> list[float]:
    """How long a run spends in each kernel, in seconds; without a GPU in each operation."""
    on_gpu = torch.cuda.is_available()
    with profile(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as profiled:
        run()
    spent_in = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    own = [each for each in profiled.key_averages() if not each.is_user_annotation]  # not "Optimizer.step"
    return [getattr(each, spent_in) / 1e6 for each in own]
