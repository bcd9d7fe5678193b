"""Varied copies of training utterances."""

import numpy as np


def augment_utterance(ragged: dict, rng: np.random.Generator) -> dict:
    """stand-in until the recipe is chosen"""
    return ragged
