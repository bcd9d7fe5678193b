"""The card of a model; every number on it comes from its results."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from jinja2 import TemplateError

from wise_hf.data.corpora import source_of
from wise_hf.hub.release import Release
from wise_hf.hub.samples import HeardSample
from wise_hf.model.configuration_wise import FrameEncoderConfig, WISEConfig, WordEncoderConfig, layers_in_words
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.training.results import PROTOCOLS, SYSTEMS, results_part


TEMPLATE = "README.md"
TAGS = ["speech-emotion-recognition", "audio", "multimodal", "wise", "custom_code"]
KNOWN, UNKNOWN = SYSTEMS["test"], SYSTEMS["test_unknown"]
# In what runs of several protocols are alike.
SAME = ("corpus", "recipe_name", "word_vectors")
# WA is accuracy, UA the recall of the classes, each counting the same.
METRICS = {"wa": ("WA", "accuracy", None), "ua": ("UA", "recall", {"average": "macro"})}


WRONG_SHAPES = (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, RecursionError)


@contextmanager
def _results_told() -> Iterator[None]:
    """What results.json lacks, or has otherwise than a training writes it, as a sentence."""
    try:
        yield
    except (*WRONG_SHAPES, TemplateError) as error:
        if type(error) is ValueError and str(error).endswith("."):  # a sentence already
            raise
        raise ValueError(
            f"The results are not as a training writes them ({type(error).__name__}: {error!s:.80}); give a whole "
            "results.json."
        ) from error


def write_model_card(
    release: Release,
    model: WISEForAudioClassification,
    weights: str,
    results: Sequence[Mapping],
    samples: Sequence[HeardSample],
    path: Path,
) -> None:
    """Write the page of a model.

    Args:
        release: what is published.
        model: the model, loaded.
        weights: which weights these are (`wise_hf.model.loading.weights_digest`), by which its results are known.
        results: the model's own results, then those of other protocols; none where nothing was measured.
        samples: what the model says of the samples.
        path: where the card is written.

    Raises:
        ValueError: for results that are not of this model.
    """
    check_results(model.config, weights, results)
    variables = describe_release(release, model.config, samples) | {
        "parameters": f"{sum(each.numel() for each in model.parameters()):,}",
        "runs": [describe_run(each) for each in results],
        "these_weights": these_weights(weights, results[0]) if results else None,
        "training_data": training_data(release, results),
    }
    data = card_data(release, model.config, results, samples)
    try:
        card = ModelCard.from_template(data, template_path=str(release.hub_card_dir / TEMPLATE), **variables)
    except RecursionError as error:
        raise ValueError("The results are nested too deep; give a whole results.json.") from error
    with _results_told():
        path.write_text(str(card).rstrip() + "\n", encoding="utf-8")


@_results_told()
def check_results(config: WISEConfig, weights: str, results: Sequence[Mapping]) -> None:
    """Check that results are of this model.

    Raises:
        ValueError: for first results that are not of these weights; for others of another corpus, other emotions or
            another variant, or two of the same protocol.
    """
    for each in results:
        differing = [name for name in SAME if each.get(name) != results[0].get(name)]
        if differing:
            raise ValueError(f"The results differ in {', '.join(differing)}; give those of one corpus and recipe.")
        if list(each["emotions"]) != list(config.id2label.values()):
            raise _not_its_results(f"the emotions {', '.join(each['emotions']):.200}")
        differing = [name for name, value in each["model"].items() if getattr(config, name, value) != value]
        if differing:
            raise _not_its_results(f"{differing[0]}={each['model'][differing[0]]}")
    if results and fold_number(weights, results[0]) is None and not is_final(weights, results[0]):
        raise _not_its_results("other weights")
    protocols = [protocol_key(each) for each in results]
    if len(set(protocols)) < len(protocols):
        raise ValueError(f"Of {', '.join(protocols)} give each protocol's results once.")


def fold_number(weights: str, results: Mapping) -> int | None:
    """Which of a run's folds the weights are of, counted from 1; `None` where they are of none."""
    known = [fold.get("weights") for fold in results["folds"]]
    return known.index(weights) + 1 if weights in known else None


def is_final(weights: str, results: Mapping) -> bool:
    """Whether the weights are those that learnt from all utterances after a run's folds."""
    return results.get("final_model", {}).get("weights") == weights


def protocol_key(results: Mapping) -> str:
    """The key of a protocol with its variations, e.g. `session-text-disjoint`."""
    scenario = results["corpus_options"].get("scenario")
    text_disjoint = ["text-disjoint"] if results.get("text_disjoint") else []
    return "-".join([results["protocol"], *([scenario] if scenario else []), *text_disjoint])


def _not_its_results(found: str) -> ValueError:
    return ValueError(
        f"The results are of another model, with {found}; give the results.json of the run that trained this one."
    )


def card_data(
    release: Release, config: WISEConfig, results: Sequence[Mapping], samples: Sequence[HeardSample]
) -> ModelCardData:
    """What the Hub reads of a card."""
    evaluated = [entry for each in results for entry in eval_results(each, release.dataset_name)]
    name = release.destination.repo_id.partition("/")[2]
    return ModelCardData(
        language="en",
        **_license(release),
        library_name="transformers",
        pipeline_tag="audio-classification",
        base_model=_on_the_hub(config.frame_encoder, config.word_encoder),
        tags=TAGS,
        metrics=sorted({entry.metric_type for entry in evaluated}) or None,
        model_name=name if evaluated else None,
        eval_results=evaluated or None,
        widget=[_widget(sample) for sample in samples],
    )


def _on_the_hub(*encoders: FrameEncoderConfig | WordEncoderConfig | None) -> list[str] | None:
    """The encoders' names on the Hub; one that was read from a folder has none."""
    return [each.name for each in encoders if each is not None and "/" in (each.name or "")] or None


def _license(release: Release) -> dict[str, str]:
    if release.license != "other":
        return {"license": release.license}
    link = f"https://huggingface.co/{release.destination.repo_id}#training-data-and-licence"
    return {"license": "other", "license_name": "as-the-training-data", "license_link": link}


def _widget(sample: HeardSample) -> dict:
    title = f"Synthetic speech, meant {sample.meant}: {sample.text}"
    return {"src": sample.file, "example_title": title, "output": sample.scores}


@_results_told()
def eval_results(results: Mapping, dataset_name: str | None = None) -> list[EvalResult]:
    """WA and UA of a run for the card's `model-index`, as means over the folds.

    Scores of a validation part are left out: they chose the epoch, and a list of figures, which pages and search read
    without the text around it, is no place for a number that needs an apology.

    Args:
        results: what results.json holds.
        dataset_name: see `Release`.
    """
    if results["scored_part"] != "test":
        return []
    systems = [name for name in (UNKNOWN, KNOWN) if name in results["systems"]]  # what a user gets comes first
    return [_eval_result(results, dataset_name, name, score) for name in systems for score in METRICS]


def _eval_result(results: Mapping, dataset_name: str | None, system: str, score: str) -> EvalResult:
    name, metric, metric_args = METRICS[score]
    corpus = dataset_name or results["corpus"]
    further = {"scenario": results["corpus_options"].get("scenario"), "folds_file": results.get("folds_file")}
    further = {name: value for name, value in further.items() if value}
    told = {UNKNOWN: ", speakers unknown"}.get(system, ", speakers known" if UNKNOWN in results["systems"] else "")
    return EvalResult(
        task_type="audio-classification",
        task_name="Speech emotion recognition",
        dataset_type=re.sub(r"\W+", "-", corpus.lower()).strip("-") or "recordings",
        dataset_name=corpus,
        dataset_config=protocol_key(results),
        dataset_split="test",
        dataset_args={"protocol": PROTOCOLS.get(results["protocol"], results["protocol"])} | further,
        metric_type=metric,
        metric_name=f"{name}{told}, mean of {len(results['folds'])} folds",
        metric_args=metric_args,
        metric_value=results["systems"][system]["mean"][score],
    )


def describe_release(release: Release, config: WISEConfig, samples: Sequence[HeardSample]) -> dict[str, object]:
    """What the template says of every model."""
    destination = release.destination
    pin = destination.tag or destination.revision
    return {
        "repo_id": destination.repo_id,
        "name": destination.repo_id.partition("/")[2],
        "pin": pin,
        "pinned": f', revision="{pin}"' if pin else "",
        "emotions": list(config.id2label.values()),
        "modality": config.modality,
        "encoders": [
            f"{kind} {describe_encoder(each)}"
            for kind, each in (("frames", config.frame_encoder), ("word vectors", config.word_encoder))
            if each is not None
        ],
        "samples": [vars(sample) for sample in samples],
        "recording": samples[0].file,
        "text": json.dumps(samples[0].text),
        "weights_license": release.license,
        "space": release.space,
    }


def describe_encoder(encoder: FrameEncoderConfig | WordEncoderConfig) -> str:
    """What a card says of a pretrained encoder that a model carries: its name and its licence."""
    name = encoder.name or "unnamed"
    named = f"[{name}](https://huggingface.co/{name})" if "/" in name else name
    layers = layers_in_words(encoder.layers)
    licence = encoder.license or "see there"
    return f"{named} ({encoder.encoder.model_type}; {layers}; licence: {licence})"


@_results_told()
def describe_run(results: Mapping) -> dict[str, object]:
    """What the template says of a run, its tables as Markdown."""
    has_unknown = UNKNOWN in results["systems"]
    pooled = results["systems"][UNKNOWN if has_unknown else KNOWN]["pooled"]
    parts = {part: results_part(part, results) for part in ("corpus", "protocol", "systems", "recalls", "setup")}
    return parts | {
        "title": PROTOCOLS.get(results["protocol"], results["protocol"]),
        "is_tested": results["scored_part"] == "test",
        "folds": results_part("folds", results | {"folds": numbered_folds(results)}),
        "confusion": results_part("confusion", pooled["confusion"], results["emotions"]),
        "has_unknown": has_unknown,
        "knows_speakers": results["recipe"]["normalization"] == "speaker",
        "versions": ", ".join(f"{name} {version}" for name, version in results.get("versions", {}).items()),
    }


def numbered_folds(results: Mapping) -> list[dict]:
    """The folds by their numbers: their names say who is in them, and speakers may be called by their names."""
    return [fold | {"name": str(number)} for number, fold in enumerate(results["folds"], 1)]


@_results_told()
def these_weights(weights: str, results: Mapping) -> str:
    """Which of the models these weights are, and what they never heard."""
    if is_final(weights, results):
        count = results["final_model"]["num_utterances"]
        return (
            f"These weights learnt from all {count} utterances by the same recipe, so no score above is of them: each "
            "is of a fold's model, which learnt from fewer utterances and was scored on what it never heard."
        )
    if results["scored_part"] != "test":
        fold = results["folds"][0]
        return (
            f"These weights learnt from {fold['sizes']['train']} utterances and were kept at epoch {fold['epoch']}, "
            f"which did best on {fold['sizes']['validation']} others. Nothing was kept apart for a test."
        )
    number = fold_number(weights, results)
    fold = results["folds"][number - 1]
    sizes = fold["sizes"]
    learnt = sizes["train"] + (sizes["validation"] if results["recipe"]["refit"] else 0)
    chosen = "the first, whatever it scored" if number == 1 else "chosen by whoever published it"
    return (
        f"These weights are those of fold {number} of {len(results['folds'])}, "
        f"{chosen}. They learnt from {learnt} utterances and never heard the {sizes['test']} of that fold's test "
        "part. The scores above are the mean of all folds, each scored on what its own model never heard."
    )


@_results_told()
def training_data(release: Release, results: Sequence[Mapping]) -> str:
    """What the model learnt from and under which licence, as far as it is known."""
    if release.training_data:
        return release.training_data
    corpus = results[0]["corpus"] if results else None
    named = f"A folder of recordings that the publisher calls `{release.dataset_name or corpus}`" if corpus else None
    unknown = f"{named or 'Recordings'}, of which it is not said here whose they are and under which licence."
    told = results[0].get("training_data") if results else None  # of the starter model
    return told or source_of(corpus) or unknown
