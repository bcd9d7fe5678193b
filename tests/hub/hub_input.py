"""Results of a made-up run, as results.json holds them."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from wise_hf.model.loading import weights_digest
from wise_hf.training.recipe import RECIPES
from wise_hf.training.results import summarize_run
from wise_hf.training.scores import scores_of_confusion


EMOTIONS = ["angry", "happy", "neutral", "sad"]
CONFUSIONS = (
    [[7, 1, 0, 0], [2, 5, 1, 0], [0, 0, 8, 1], [0, 0, 3, 4]],
    [[6, 0, 2, 0], [0, 9, 0, 0], [1, 1, 5, 1], [0, 0, 0, 7]],
)
UNKNOWN_CONFUSIONS = (
    [[6, 2, 0, 0], [3, 4, 1, 0], [0, 0, 7, 2], [0, 0, 3, 4]],
    [[5, 0, 3, 0], [0, 8, 1, 0], [1, 1, 4, 2], [0, 0, 1, 6]],
)


def _scores(confusion: list[list[int]]) -> dict:
    return scores_of_confusion(np.array(confusion)) | {"confusion": confusion}


def _fold(number: int) -> dict:
    known, unknown = _scores(CONFUSIONS[number]), _scores(UNKNOWN_CONFUSIONS[number])
    return {
        "name": f"speakers {2 * number + 1}-{2 * number + 2}",
        "sizes": {"train": 64, "validation": 16, "test": 32},
        "epoch": 40,
        "weights": f"weights of fold {number + 1}",
        "history": [],
        "validation": known,
        "test": known,
        "test_unknown": unknown,
        "svm": known,
    }


def results_of_a_run(**changes: object) -> dict:
    """Two folds of speakers, scored with and without knowing who speaks."""
    description = {
        "corpus": "calls",
        "corpus_options": {"dataset": "folder"},
        "emotions": EMOTIONS,
        "num_utterances": 64,
        "emotion_counts": {"angry": 16, "happy": 17, "neutral": 17, "sad": 14},
        "alignments": {"aligner": 64},
        "protocol": "speaker",
        "seed": 3,
        "recipe_name": "wise_hf",
        "recipe": asdict(RECIPES["wise_hf"]),
        "model": {"hierarchy": "phoneme", "modality": "both", "interaction": True},
        "word_vectors": "glove.840B.300d.txt",
        "compared_with": {"svm": "SVM on MFCC statistics"},
        "versions": {"wise_hf": "0.1.0", "torch": "2.13.0"},
    }
    return summarize_run([_fold(0), _fold(1)], description | changes)


def results_of(model_dir: Path) -> dict:
    """The same, of which the first fold has the weights of a saved model."""
    results = results_of_a_run()
    results["folds"][0]["weights"] = weights_digest(model_dir)
    return results


def results_of_validation() -> dict:
    """A run without cross-validation."""
    kept = ("name", "sizes", "epoch", "history", "validation", "weights")
    fold = {name: _fold(0)[name] for name in kept}
    whole = results_of_a_run(protocol="none")
    description = {name: value for name, value in whole.items() if name not in ("systems", "folds", "scored_part")}
    return summarize_run([fold], description)
