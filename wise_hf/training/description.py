"""What was run, for results.json: the corpus, the options, the folds and the versions."""

import importlib.metadata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from accelerate import Accelerator
from datasets import Dataset

from wise_hf.data.folds import Fold
from wise_hf.training.options import TrainOptions, model_choices_of, recipe_of


# What the numbers depend on beside the arguments.
VERSIONS_OF = ("wise_hf", "torch", "transformers", "accelerate", "datasets")


def describe_training(
    arguments: TrainOptions, prepared: Dataset, emotions: Sequence[str], accelerator: Accelerator
) -> dict:
    """What was run, for results.json; `describe_folds` tells of the folds."""
    return {
        "corpus": arguments.corpus_title,
        "corpus_options": corpus_options(arguments),
        "emotions": list(emotions),
        "num_utterances": len(prepared),
        "emotion_counts": dict(Counter(prepared["emotion"])),
        "alignments": dict(Counter(prepared["alignment"])),
        "seed": arguments.seed,
        "recipe_name": arguments.recipe,
        "recipe": asdict(recipe_of(arguments)),
        "model": model_choices_of(arguments),
        "word_vectors": "learnt" if arguments.embeddings is None else arguments.embeddings.name,
        "mfcc_backend": arguments.mfcc_backend,
        "versions": versions(),
        "accelerate": {
            "processes": accelerator.num_processes,
            "device": accelerator.device.type,
            "mixed_precision": accelerator.mixed_precision,
            "gradient_accumulation_steps": accelerator.gradient_accumulation_steps,
        },
    }


def versions() -> dict[str, str]:
    """Of the packages that a result depends on; what is on the path without being installed does not say."""
    installed = {}
    for name in VERSIONS_OF:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # noqa: PERF203
            installed[name] = "unknown"
    return installed


def corpus_options(arguments: TrainOptions) -> dict:
    """How the corpus was read, where it was not read as usual."""
    given = {"emotions": arguments.emotions, "label_map": arguments.label_map, **(arguments.corpus_options or {})}
    return {"dataset": arguments.dataset} | {name: value for name, value in given.items() if value}


def describe_folds(arguments: TrainOptions, folds: Sequence[Fold], origin: Mapping) -> dict:
    """Who was where and how that was decided, for results.json."""
    return {
        "protocol": origin["protocol"],
        "folds_seed": origin["seed"],
        "folds_file": None if arguments.folds_file is None else arguments.folds_file.name,
        "text_disjoint": origin["text_disjoint"],
        "left_out": [len(fold.left_out) for fold in folds],
    }
