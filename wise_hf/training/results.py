"""What a run was and what it found: results.json, results.md and two pictures."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import numpy as np
from accelerate import Accelerator
from datasets import Dataset
from jinja2 import Environment, StrictUndefined, Template

from wise_hf.data.files import write_json, write_text
from wise_hf.data.folds import MIN_SENTENCE_WORDS, Fold
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.visualization import save_figure
from wise_hf.training.options import TrainOptions, model_choices_of, recipe_name_of, recipe_of, word_vectors_of
from wise_hf.training.pictures import plot_confusion, plot_learning_curves
from wise_hf.training.recipe import RECIPES
from wise_hf.training.scores import scores_of_confusion
from wise_hf.training.system import System


SCORES = ("wa", "ua", "macro_f1")
SYSTEMS = {"test": "WISE", "test_unknown": "WISE, speakers unknown"}  # what is compared with it names itself
# What the numbers depend on beside the options.
VERSIONS_OF = ("wise_hf", "torch", "transformers", "accelerate", "datasets")
RESULT_FILES = ("results.json", "results.md", "confusion.png", "learning_curves.png")

PROTOCOLS = {
    "none": "no cross-validation: one model, scored on the validation part that chose its epoch",
    "session": "leave sessions out: no session is in training and test",
    "speaker": "leave speakers out: no speaker is in training and test",
    "random": "random utterances: the same speakers are in training and test",
}


def describe_training(
    options: TrainOptions, prepared: Dataset, emotions: Sequence[str], accelerator: Accelerator
) -> dict:
    """What was run, for results.json; `describe_folds` tells of the folds."""
    read_with = {"emotions": options.emotions, "label_map": options.label_map, **(options.corpus_options or {})}
    return {
        "corpus": options.corpus_title,
        "corpus_options": {"dataset": options.dataset} | {name: value for name, value in read_with.items() if value},
        "emotions": list(emotions),
        "num_utterances": len(prepared),
        "emotion_counts": dict(Counter(prepared["emotion"])),
        "alignments": dict(Counter(prepared["alignment"])),
        "seed": options.seed,
        "recipe_name": recipe_name_of(options),
        "recipe": asdict(recipe_of(options)),
        "model": model_choices_of(options),
        "word_vectors": word_vectors_of(options),
        "mfcc_backend": options.mfcc_backend,
        "versions": {name: str(import_module(name).__version__) for name in VERSIONS_OF},
        "accelerate": {
            "processes": accelerator.num_processes,
            "device": accelerator.device.type,
            "mixed_precision": accelerator.mixed_precision,
            "gradient_accumulation_steps": accelerator.gradient_accumulation_steps,
        },
    }


def describe_folds(options: TrainOptions, folds: Sequence[Fold], origin: Mapping) -> dict:
    """Who was where and how that was decided, for results.json."""
    return {
        "protocol": origin["protocol"],
        "folds_seed": origin["seed"],
        "folds_file": None if options.folds_file is None else options.folds_file.name,
        "text_disjoint": origin["text_disjoint"],
        "left_out": [len(fold.left_out) for fold in folds],
    }


def describe_final_model(result: Mapping) -> dict:
    """Which weights learnt from all utterances after the folds, for results.json.

    Args:
        result: of `finish_fold` on a fold that has nothing but a training part.
    """
    return {"weights": result["weights"], "num_utterances": result["sizes"]["train"], "epoch": result["epoch"]}


def describe_systems(wise: System, others: Mapping[str, System]) -> dict:
    """What was trained and what it is compared with, for results.json.

    Args:
        wise: what was trained.
        others: by the names of their scores in the folds.
    """
    return {"frames": wise.frames, "compared_with": {part: system.name for part, system in others.items()}}


def summarize_folds(folds: Sequence[Mapping], part: str) -> dict:
    """Mean, deviation and pooled scores of a system over the folds.

    Args:
        folds: results of `finish_fold`.
        part: `test`, or the name of another system's scores; `validation` for WISE where there is no test part.

    Returns:
        `mean` and `std` (over folds, of the population) of WA, UA and macro F1, and `pooled`: the same of all
        utterances together, with their `confusion` counts.
    """
    values = {name: np.array([fold[part][name] for fold in folds]) for name in SCORES}
    confusion = np.sum([fold[part]["confusion"] for fold in folds], axis=0)
    return {
        "mean": {name: float(values[name].mean()) for name in SCORES},
        "std": {name: float(values[name].std()) for name in SCORES},
        "pooled": scores_of_confusion(confusion) | {"confusion": confusion.tolist()},
    }


def summarize_run(folds: Sequence[Mapping], description: Mapping) -> dict:
    """The whole of results.json.

    Args:
        folds: results of `finish_fold`.
        description: what was run: `protocol`, `emotions`, `seed`, `recipe`, `compared_with`, ...
    """
    names = SYSTEMS | description.get("compared_with", {})
    # A run that an earlier version began may lack a system in its first folds.
    parts = [part for part in names if all(part in fold for fold in folds)] or ["validation"]
    systems = {names.get(part, "WISE"): summarize_folds(folds, part) for part in parts}
    results = {**description, "scored_part": parts[0], "systems": systems}
    by_scenario = summarize_scenarios(folds)
    return results | ({"by_scenario": by_scenario} if by_scenario else {}) | {"folds": list(folds)}


def summarize_scenarios(folds: Sequence[Mapping]) -> dict[str, dict]:
    """WISE's scores on the improvised and the scripted utterances apart.

    Args:
        folds: results of `finish_fold`.

    Returns:
        For every scenario that a test part has: `num_utterances`, and what `summarize_folds` gives for its folds.
    """
    scored = [fold.get("by_scenario", {}) for fold in folds]
    summaries = {}
    for name in sorted({name for scores in scored for name in scores}):
        summary = summarize_folds([scores for scores in scored if name in scores], name)
        summaries[name] = {"num_utterances": int(np.sum(summary["pooled"]["confusion"]))} | summary
    return summaries


def write_results(results: Mapping, output_dir: Path) -> None:
    """Write `RESULT_FILES`."""
    write_json(output_dir / "results.json", results)
    write_text(output_dir / "results.md", results_to_markdown(results))
    counts = np.array(results["systems"]["WISE"]["pooled"]["confusion"])
    title = f"WISE, {results['protocol']}"
    save_figure(plot_confusion(counts, results["emotions"], title), output_dir / "confusion.png")
    save_figure(
        plot_learning_curves(results["folds"], "WISE, fold by fold and their mean"), output_dir / "learning_curves.png"
    )


def results_to_markdown(results: Mapping) -> str:
    """The results as a person reads them."""
    return results_part("document", results) + "\n"


def results_part(part: str, *values: object) -> str:
    """A part of the results as Markdown.

    Args:
        part: a macro of results.md.jinja.
        values: what it is called with.
    """
    return getattr(_template().module, part)(*values).strip()


@functools.cache
def _template() -> Template:
    names = {"protocols": PROTOCOLS, "system_names": SYSTEMS, "min_sentence_words": MIN_SENTENCE_WORDS}
    return load_template(Path(__file__).with_name("results.md.jinja"), **names, changes=_changes, as_text=_as_text)


def load_template(path: Path, autoescape: bool = False, **names: object) -> Template:
    """A template in which a name that is not known is an error, and lines of nothing but a tag leave no line.

    Args:
        path: the file.
        autoescape: for HTML.
        names: values and functions that the template, and each of its macros, may use.
    """
    environment = Environment(autoescape=autoescape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(path.read_text(encoding="utf-8"), globals=names)


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{old}={new}" for old, new in value.items())
    return ",".join(value) if isinstance(value, (list, tuple)) else str(value)


def _changes(results: Mapping) -> dict[str, object]:
    """Everything in which recipe and model differ from what the recipe's name says."""
    named = asdict(RECIPES[results["recipe_name"]])
    changed = {name: value for name, value in results["recipe"].items() if _as_json(named[name]) != _as_json(value)}
    usual = WISEConfig().to_dict() | {"freeze_word_embeddings": results["word_vectors"] != "learnt"}
    model = {name: value for name, value in results["model"].items() if name not in named and usual[name] != value}
    return changed | model


def _as_json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
