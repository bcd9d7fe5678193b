"""Scores of a saved model on any corpus, also one that it was not trained on."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from torch.utils.data import DataLoader

from wise_hf.data.collator import WISECollator, load_utterances, speaker_statistics
from wise_hf.data.corpora.reading import CorpusOptions, read_corpus
from wise_hf.data.files import write_json
from wise_hf.data.options import Options, as_path, option, positive
from wise_hf.data.prepare import prepare
from wise_hf.data.unusable import without_unusable
from wise_hf.model.loading import load_model, load_processor
from wise_hf.training.processes import make_accelerator
from wise_hf.training.results import results_part
from wise_hf.training.scores import compute_scores, predict_classes


@dataclass(frozen=True, kw_only=True)
class ScoringOptions(Options):
    """The model, and what becomes of its scores."""

    _argument_group_name = "evaluation"

    model: str = option(help="folder of a saved model, or its name on the Hub")
    batch_size: Annotated[int, positive] = option(32, help="utterances in a batch, on each process")
    output: Annotated[Path | None, as_path] = option(None, help="also write the scores and every prediction as JSON")


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ScoringOptions, CorpusOptions):
    """Everything that scripts/evaluate.py can be told."""


logger = logging.getLogger(__name__)


def evaluate_model(arguments: EvaluateOptions) -> str:
    """Score the model on every utterance of the corpus whose emotion it knows.

    Returns:
        The scores as a person reads them.

    Raises:
        ValueError: for a model or a corpus that cannot be used, or emotions that the model does not know.
    """
    model, processor = load_model(arguments.model), load_processor(arguments.model)
    emotions = list(model.config.label2id)
    corpus, unread = read_corpus(arguments)
    unknown = sorted(set(corpus["emotion"]) - set(emotions))
    if unknown:
        raise ValueError(
            f"The model knows {', '.join(emotions)}, but the corpus has {', '.join(unknown)}; map them with "
            "--label_map or choose with --emotions."
        )
    make = partial(prepare, feature_extractor=processor.feature_extractor, num_proc=arguments.num_proc)
    utterances = load_utterances(make(without_unusable(corpus, make) if arguments.skip_unusable else corpus))
    by_speaker = processor.feature_extractor.normalization == "speaker"
    collator = WISECollator(processor, model.config.label2id, speaker_statistics(utterances) if by_speaker else {})
    accelerator = make_accelerator()
    loader = accelerator.prepare(DataLoader(utterances, arguments.batch_size, collate_fn=collator))
    predicted, true = predict_classes(model.to(accelerator.device), loader, accelerator)
    scores = compute_scores(predicted, true, len(emotions))
    if arguments.output is not None:
        predictions = [
            {"id": each["id"], "emotion": each["emotion"], "predicted": emotions[number]}
            for each, number in zip(utterances, predicted, strict=True)
        ]
        counts = {"num_utterances": len(utterances), "num_skipped": unread + len(corpus) - len(utterances)}
        write_json(arguments.output, {"emotions": emotions, **counts, **scores, "predictions": predictions})
    told = "WA {wa:.3f}  UA {ua:.3f}  macro F1 {macro_f1:.3f}".format(**scores)
    table = results_part("confusion", scores["confusion"], emotions)
    return f"{told}  ({len(utterances)} utterances)\n\n{table}"
