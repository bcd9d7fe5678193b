"""Scores of a saved model on any corpus, also one that it was not trained on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from datasets import Dataset
from torch.utils.data import DataLoader

from wise_hf.data.collator import WISECollator, load_utterances, speaker_statistics
from wise_hf.data.corpora.reading import CorpusOptions, read_usable
from wise_hf.data.files import check_no_folder, check_writable, write_json
from wise_hf.data.options import Options, as_path, option, positive
from wise_hf.data.prepare import prepare
from wise_hf.data.recogniser_options import RecogniserOptions
from wise_hf.data.schema import PreparedUtterance
from wise_hf.data.unusable import listed
from wise_hf.data.utterance_words import align_utterance
from wise_hf.model.loading import load_model, load_processor
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.model.pipeline_wise import check_frames
from wise_hf.model.pretrained_encoder import FrameEncoderSource
from wise_hf.model.pretrained_word_encoder import WordEncoderSource
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.model.speakers_wise import without_speakers
from wise_hf.training.processes import make_accelerator
from wise_hf.training.results import results_part
from wise_hf.training.scores import compute_scores, predict_classes


NORMALIZED_BY: Mapping[str, str] = {
    "speaker": "Normalised by all utterances of their speaker",
    "training": "Normalised by the training part",
    "none": "Not normalised",
}


@dataclass(frozen=True, kw_only=True)
class ScoringOptions(Options):
    """The model, and what becomes of its scores."""

    _argument_group_name = "evaluation"

    model: str = option(help="folder of a saved model, or its name on the Hub")
    batch_size: Annotated[int, positive] = option(32, help="utterances in a batch, on each process")
    output: Annotated[Path | None, as_path] = option(None, help="also write the scores and every prediction as JSON")


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ScoringOptions, CorpusOptions, RecogniserOptions):
    """Everything that scripts/evaluate.py can be told."""


def evaluate_model(options: EvaluateOptions) -> str:
    """Score the model on every utterance of the corpus whose emotion it knows.

    Returns:
        The scores as a person reads them; nothing on all processes but the main one.

    Raises:
        ValueError: for a model or a corpus that cannot be used, or emotions that the model does not know.
    """
    if options.output is not None:
        check_no_folder(options.output)
        check_writable(options.output.parent)
    results = score_model(options)
    if not results:
        return ""
    if options.output is not None:
        write_json(options.output, results)
    told = "WA {wa:.3f}  UA {ua:.3f}  macro F1 {macro_f1:.3f}  ({num_utterances} utterances)".format(**results)
    table = results_part("confusion", results["confusion"], results["emotions"])
    return f"{told}\n{_told(results['predictions'])}\n\n{table}\n"


def score_model(options: EvaluateOptions) -> dict:
    """The scores of the model on every utterance of the corpus whose emotion it knows.

    Args:
        options: `output` is not looked at.

    Returns:
        The `emotions`, `num_utterances`, `num_skipped`, the scores of `compute_scores`, and of every utterance in
        `predictions` its `id`, `speaker`, `emotion`, what is `predicted`, and what it is `normalized_by`; nothing on
        all processes but the main one.

    Raises:
        ValueError: see `evaluate_model`.
    """
    model, processor = load_model(options.model), load_processor(options.model)
    check_frames(model.config, processor.feature_extractor)
    emotions = list(model.config.label2id)
    accelerator = make_accelerator()
    with accelerator.main_process_first():
        utterances, num_skipped = _read_utterances(options, emotions, processor)
    collator = collator_for(model, processor, utterances)
    loader = accelerator.prepare(DataLoader(utterances, options.batch_size, collate_fn=collator))
    predicted, true = predict_classes(model.to(accelerator.device), loader, accelerator)
    if not accelerator.is_main_process:
        return {}
    predictions = [
        {name: each[name] for name in ("id", "speaker", "emotion")}
        | {"predicted": emotions[number], "normalized_by": source}
        for each, number, source in zip(utterances, predicted, _normalized_by(utterances, collator), strict=True)
    ]
    counts = {"num_utterances": len(utterances), "num_skipped": num_skipped}
    scores = compute_scores(predicted, true, len(emotions))
    return {"emotions": emotions, **counts, **scores, "predictions": predictions}


def collator_for(
    model: WISEForAudioClassification, processor: WISEProcessor, utterances: Sequence[PreparedUtterance]
) -> WISECollator:
    """The collator of a saved model, where its speakers say these utterances."""
    extractor = processor.feature_extractor
    statistics = speaker_statistics(utterances, extractor.hop_ms) if extractor.normalization == "speaker" else {}
    return WISECollator(processor, model.config.label2id, statistics)


def prepare_for(
    model: str,
    processor: WISEProcessor,
    corpus: Dataset,
    num_proc: int | None = None,
    align: Callable[..., dict] = align_utterance,
) -> Dataset:
    """The features of utterances as a saved model takes them; see `prepare`.

    Args:
        model: its folder, or its name on the Hub.
        processor: the model's.
        corpus: the utterances.
        num_proc, align: see `prepare`.

    Raises:
        ValueError: for features that cannot be made.
    """
    encoder = FrameEncoderSource(model) if processor.feature_extractor.is_encoded else None
    word_encoder = WordEncoderSource(model) if processor.cuts_words else None
    return prepare(corpus, processor.feature_extractor, num_proc, encoder, word_encoder, align)


def check_emotions(corpus: Dataset, emotions: Sequence[str]) -> None:
    """Refuse a corpus with emotions that a model does not know.

    Raises:
        ValueError: naming them.
    """
    unknown = sorted(set(corpus["emotion"]) - set(emotions))
    if unknown:
        raise ValueError(
            f"The model knows {', '.join(emotions)}, but the corpus has {', '.join(unknown)}; map them with "
            "--label_map or choose with --emotions."
        )


def _normalized_by(utterances: Sequence[PreparedUtterance], collator: WISECollator) -> list[str]:
    """What each utterance is normalised by, in the words of the pipeline's results."""
    others = without_speakers(collator.processor.feature_extractor.normalization, None).normalized_by
    known = {speaker for speaker, *_ in collator.statistics}
    return ["speaker" if each["speaker"] in known else others for each in utterances]


def _told(predictions: Sequence[Mapping]) -> str:
    """Who is normalised by what, a line for each."""
    lines = []
    for source, told in NORMALIZED_BY.items():
        its = [each for each in predictions if each["normalized_by"] == source]
        names = sorted({each["speaker"] or "no named speaker" for each in its})
        if its:
            lines.append(f"{told}: {len(its)} utterances of {listed(names)}")
    return "\n".join(lines)


def _read_utterances(
    options: EvaluateOptions, emotions: Sequence[str], processor: WISEProcessor
) -> tuple[list[PreparedUtterance], int]:
    """The prepared utterances, and how many recordings were passed over."""

    def make(corpus: Dataset) -> Dataset:
        check_emotions(corpus, emotions)
        return prepare_for(options.model, processor, corpus, options.num_proc, options.align)

    corpus, num_skipped = read_usable(options, make)
    return load_utterances(make(corpus)), num_skipped
