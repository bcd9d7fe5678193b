"""A small WISE, made-up utterances whose emotion can be heard, and trials of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from wise_hf.data.augmentation import WARPS
from wise_hf.data.collator import speaker_statistics
from wise_hf.data.folds import PARTS, Fold
from wise_hf.data.schema import PreparedUtterance
from wise_hf.training.recipe import Recipe
from wise_hf.training.system import System, Trial
from wise_hf.training.wise_system import wise_system


SIZES = {"phoneme_hidden_size": 8, "word_hidden_size": 8, "audio_hidden_size": 8, "text_hidden_size": 8}
RECIPE = Recipe(epochs=3, batch_size=4)


def small_wise(**changes: object) -> System:
    return wise_system(replace(RECIPE, **changes), **SIZES, freeze_word_embeddings=False)


def utterances() -> list[PreparedUtterance]:
    made = []
    for number in range(16):
        rng = np.random.default_rng(number)
        lengths = {"phoneme_lengths": rng.integers(20, 30, 6), "word_lengths": np.array([2, 3, 1])}
        features = rng.normal(number % 2, 1, (lengths["phoneme_lengths"].sum(), 39)).astype(np.float32)
        utterance = {"id": str(number), "speaker": f"s{number // 8}", "emotion": ["happy", "sad"][number % 2]}
        made.append(utterance | {"words": ["kids", "are", "here"], "input_features": features} | lengths)
    return made


def small_trial(output_dir: Path, spoken: Sequence[PreparedUtterance], fold: Fold) -> Trial:
    parts = {part: [spoken[number] for number in getattr(fold, part)] for part in PARTS}
    return Trial(parts, ["happy", "sad"], None, 0, output_dir, "test", speaker_statistics(spoken, 15, WARPS))
