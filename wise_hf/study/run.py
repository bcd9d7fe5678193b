"""The study: a trained model scored with true transcripts, with each recogniser's, and with simulated errors."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from datasets import Dataset

from wise_hf.data.corpora.reading import CorpusOptions, read_usable
from wise_hf.data.files import check_writable, write_json, write_text
from wise_hf.data.options import Options, as_path, as_seed, different_names, option, positive
from wise_hf.data.output_lock import only_writer
from wise_hf.data.prepare import align_corpus
from wise_hf.data.utterance_words import UNHEARD, align_utterance, hear_utterance
from wise_hf.model.pretrained_model import name_of
from wise_hf.model.recognisers_wise import RecogniserSource
from wise_hf.model.visualization import save_figure
from wise_hf.study.presentation import HEARD, SIMULATED, TRUE, plot_study, study_to_markdown
from wise_hf.study.scoring import ScoredModels
from wise_hf.study.word_errors import compared_words, count_confusions, error_counts, with_errors
from wise_hf.tables.statistics import bootstrap_intervals, compare, pooled_scores


logger = logging.getLogger(__name__)

RESULTS = "study.json"
LANGUAGE = "en"  # of true and simulated texts, which are aligned
# What an utterance without a word is taken for: the pipeline tells no emotion either, and no answer is never right.
NO_ANSWER = "none"

Texts = Mapping[str, str]  # by the ids of the utterances


def as_percentages(value: str | Sequence[float]) -> list[float]:
    """Percentages as an option has them.

    Args:
        value: `0,10,20`, or a list of numbers.

    Returns:
        The numbers, each once, in ascending order.

    Raises:
        ValueError: one is no number from 0 to 100.
    """
    found = [float(each) for each in (value.split(",") if isinstance(value, str) else value)]
    if not all(0 <= each <= 100 for each in found):
        raise ValueError(f"'{value!s:.80}' is not a list of percentages with commas between them")
    return sorted(set(found))


@dataclass(frozen=True, kw_only=True)
class StudyOptions(Options):
    """Which model hears which texts."""

    _argument_group_name = "study"

    model: str = option(
        help="folder of a training run, whose folds are each scored on their own test part; or a saved model, scored "
        "on everything"
    )
    output_dir: Annotated[Path, as_path] = option(help="the results: study.md, study.json, study.png")
    recognisers: Annotated[list[str] | str | None, different_names] = option(
        "pocketsphinx", help="names or folders with commas between them; the first one's errors are simulated"
    )
    error_rates: Annotated[list[float] | str | None, as_percentages] = option(
        "0,10,20,30,40,50", help="simulated word error rates in percent"
    )
    seed: Annotated[int, as_seed] = option(0, help="of the simulated errors")
    batch_size: Annotated[int, positive] = option(32, help="utterances in a batch")
    overwrite_output_dir: bool = option(False, help="throw an earlier study away")


@dataclass(frozen=True, kw_only=True)
class AsrStudyOptions(StudyOptions, CorpusOptions):
    """Everything that scripts/asr_study.py can be told."""


def study_recognition_errors(options: AsrStudyOptions) -> str:
    """Score a model with each kind of text, and write the results.

    Returns:
        The table as a person reads it.

    Raises:
        ValueError: for a model or a corpus that cannot be used, recordings without a text, or a folder that cannot be
            written, or that another process writes to.
    """
    with only_writer(options.output_dir, partial(_check_output_dir, options)):
        return _study(options)


def _check_output_dir(options: AsrStudyOptions) -> None:
    if (options.output_dir / RESULTS).exists() and not options.overwrite_output_dir:
        raise ValueError(f"{options.output_dir} holds a study; give another folder or --overwrite_output_dir.")
    check_writable(options.output_dir)


def _study(options: AsrStudyOptions) -> str:
    corpus, num_skipped = read_usable(options, partial(align_corpus, num_proc=options.num_proc))
    models = ScoredModels(options.model, corpus)
    with_text = [row for row, text in enumerate(corpus["text"]) if compared_words(text or "")]
    if not with_text:
        raise ValueError(f"No recording of {options.data_dir} has a text to compare with; give their texts.")
    num_without_text, corpus = len(corpus) - len(with_text), corpus.select(with_text)
    results = {
        "corpus": options.corpus_title,
        "emotions": models.emotions,
        "num_utterances": len(corpus),
        "num_without_text": num_without_text,
        "num_skipped": num_skipped,
        "errors_of": name_of(options.recognisers[0]),
        "seed": options.seed,
        "conditions": list(_conditions(options, models, corpus)),
    }
    markdown = study_to_markdown(results)
    write_text(options.output_dir / "study.md", markdown)
    save_figure(plot_study(results), options.output_dir / "study.png")
    write_json(options.output_dir / RESULTS, results)  # last: it tells that all is there
    logger.info("Written: %s", options.output_dir / "study.md")
    return markdown


def _conditions(options: AsrStudyOptions, models: ScoredModels, corpus: Dataset) -> Iterator[dict]:
    """The results with each kind of text, the true one first."""
    truth = dict(zip(corpus["id"], corpus["emotion"], strict=True))
    said = dict(zip(corpus["id"], corpus["text"], strict=True))
    predict = partial(models.predict, num_proc=options.num_proc, batch_size=options.batch_size)
    with_truth, texts = predict(corpus, align_utterance)
    describe = partial(_described, truth, said, models.emotions, with_truth=with_truth)
    yield {"kind": TRUE, "name": "true text"} | describe(texts, with_truth)
    heard = {}
    for name in options.recognisers:
        align = partial(hear_utterance, recogniser=RecogniserSource(name, LANGUAGE))
        predicted, heard[name] = predict(corpus, align)
        yield {"kind": HEARD, "name": name_of(name)} | describe(heard[name], predicted)
    true = list(map(compared_words, said.values()))
    confusions = count_confusions(true, _words(heard[options.recognisers[0]], said))
    for rate in options.error_rates:
        erroneous = with_errors(true, rate / 100, confusions, options.seed)
        rows = _with_texts(corpus, true, erroneous)
        predicted, texts = predict(rows, align_utterance)
        wanted = {"kind": SIMULATED, "name": f"simulated, {rate:g} %"}
        yield wanted | describe(dict(zip(said, map(" ".join, erroneous), strict=True)), predicted)


def _words(texts: Texts, said: Texts) -> list[list[str]]:
    """The words of a text of each utterance; none where nothing was heard."""
    return [compared_words(texts.get(each, "")) for each in said]


def _with_texts(corpus: Dataset, true: Sequence[Sequence[str]], erroneous: Sequence[Sequence[str]]) -> Dataset:
    """The utterances with other texts, whose words are still to be found; a text without error stays as it is."""
    rows = [
        row | UNHEARD | {"text": row["text"] if words == said else " ".join(words)}
        for row, said, words in zip(corpus, true, erroneous, strict=True)
    ]
    return Dataset.from_list(rows, features=corpus.features)


def _described(
    truth: Mapping[str, str],
    said: Texts,
    emotions: Sequence[str],
    texts: Texts,
    predicted: Mapping[str, str],
    with_truth: Mapping[str, str],
) -> dict:
    """Errors and scores of a kind of text.

    Args:
        truth: the emotions.
        said: the true texts.
        emotions: the labels.
        texts: those of this kind, where there is one.
        predicted: the emotions with these.
        with_truth: the emotions with the true texts.
    """
    answers = dict.fromkeys(truth, NO_ANSWER) | predicted
    return {
        **error_counts(_words(said, said), _words(texts, said)),
        "num_without_words": len(truth) - len(predicted),
        **pooled_scores(truth, [answers], [*emotions, NO_ANSWER]),
        "intervals": bootstrap_intervals(truth, [answers]),
        "against_true": compare(truth, [answers], [with_truth]),
        "predicted": answers,
    }
