"""How much of an epoch's time is the model's."""

import time
from dataclasses import replace

import numpy as np
import torch

from wise_hf.benchmark.measurement import Measurement, of_repeats
from wise_hf.benchmark.setting import Setting
from wise_hf.benchmark.speech_like import prepared_utterances, speech_like_collator
from wise_hf.data.augmentation import WARPS
from wise_hf.data.collator import speaker_statistics
from wise_hf.model.configuration_wise import EMOTIONS, WISEConfig
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.training.loop import TrainingRun
from wise_hf.training.processes import make_accelerator
from wise_hf.training.recipe import Recipe


class TimedRun(TrainingRun):
    """A training that tells how long its steps take, without what makes their batches."""

    steps_s = 0.0

    def _train_step(self, batch: dict) -> object:
        start_s = time.perf_counter()
        loss = super()._train_step(batch)
        loss.item()  # a GPU is waited for
        self.steps_s += time.perf_counter() - start_s
        return loss


def compare_epoch_share(setting: Setting, utterances: int = 1000) -> list[Measurement]:
    """The time of an epoch's steps against all of its time, with the augmentation of our recipe.

    A training on the CPU has one thread, whatever the setting says.

    Args:
        setting: how often.
        utterances: as long as IEMOCAP's.
    """
    run = timed_run(setting, utterances)
    whole, steps = [], []
    for epoch in range(setting.repeats):
        run.steps_s, start_s = 0.0, time.perf_counter()
        run._train_epoch(epoch)
        whole.append(time.perf_counter() - start_s)
        steps.append(run.steps_s)
    name = f"epoch of {utterances} utterances, {torch.get_num_threads()} thread(s): all of it / its steps"
    return [of_repeats(name, whole, steps)]


def timed_run(setting: Setting, utterances: int) -> TimedRun:
    """A training on random utterances."""
    recipe, known = Recipe(), prepared_utterances(np.random.default_rng(0), utterances, EMOTIONS)
    collator = speech_like_collator(known, EMOTIONS, augment=recipe.augment)
    extractor = collator.processor.feature_extractor
    collator = replace(collator, statistics=speaker_statistics(known, extractor.hop_ms, WARPS))
    config = WISEConfig(id2label=dict(enumerate(EMOTIONS)), vocab_size=len(collator.processor.tokenizer))
    model = WISEForAudioClassification(config)
    return TimedRun(model, known, [], collator, recipe, make_accelerator(), setting.folder / "run")
