"""The preparation of a corpus by two processes, against real time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import datasets
import numpy as np
from datasets import Dataset

from wise_hf.benchmark.measurement import Measurement, Run, of_repeats, time_in_turn
from wise_hf.benchmark.setting import Setting
from wise_hf.benchmark.spoken import check_speaker_here
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.prepare import prepare
from wise_hf.data.schema import Utterance
from wise_hf.data.utterance_words import UNHEARD, align_utterance, hear_utterance
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.synthetic.demo_corpus import write_corpus


NUM_PROC = 2
SPEAKERS = 4


def compare_transcribed(setting: Setting, utterances: int = 192) -> list[Measurement]:
    """A corpus with its texts: alignment and MFCC."""
    return [_compare("preparation, transcribed / real time", setting, utterances, align_text)]


def compare_untranscribed(setting: Setting, utterances: int = 48) -> list[Measurement]:
    """The same corpus without its texts, which pocketsphinx hears."""
    return [_compare("preparation, untranscribed / real time", setting, utterances, hear_utterance)]


def _compare(name: str, setting: Setting, utterances: int, align: Callable[..., dict]) -> Measurement:
    corpus = some_recordings(setting, utterances)
    plays_s = float(np.subtract(corpus["end_s"][:], corpus["start_s"][:]).sum())
    (took_s,) = time_in_turn([preparation(corpus, setting.folder, align)], setting.repeats)
    return of_repeats(f"{name}, {NUM_PROC} processes", took_s, [plays_s] * len(took_s))


def some_recordings(setting: Setting, utterances: int) -> Dataset:
    """Utterances from all over the corpus of recordings, or synthetic ones."""
    if setting.data_dir is None:
        return spoken_corpus(setting.folder, utterances)
    corpus = load_folder(setting.data_dir)
    chosen = np.linspace(0, len(corpus) - 1, min(utterances, len(corpus))).round().astype(int)
    return corpus.select(chosen)


def spoken_corpus(folder: Path, utterances: int) -> Dataset:
    """Synthetic utterances with their words."""
    check_speaker_here()
    written = write_corpus(folder / f"corpus_{utterances}", SPEAKERS, -(-utterances // SPEAKERS))
    return load_folder(written).select(range(utterances))


def align_text(utterance: Utterance, **options: object) -> dict:
    """`align_utterance` of an utterance whose words, if it has some, are not looked at, but its text is."""
    return align_utterance(utterance | UNHEARD | {"text": utterance["text"]}, **options)


def preparation(
    corpus: Dataset, folder: Path, align: Callable[..., dict] = align_utterance, num_proc: int | None = NUM_PROC
) -> Run:
    """Words and MFCC of a corpus, as something to run: each time everything is made anew.

    Args:
        corpus: utterances of a corpus reader.
        folder: where the cache goes meanwhile.
        align, num_proc: see `wise_hf.data.prepare.prepare`.
    """
    make = partial(prepare, corpus, WISEFeatureExtractor(level="speech"), num_proc, align=align)

    def run() -> None:
        datasets.disable_progress_bars()
        with _empty_cache(folder):
            make()

    return run


@contextmanager
def _empty_cache(folder: Path) -> Iterator[None]:
    before = datasets.config.HF_DATASETS_CACHE
    with TemporaryDirectory(dir=folder) as empty:
        datasets.config.HF_DATASETS_CACHE = empty
        try:
            yield
        finally:
            datasets.config.HF_DATASETS_CACHE = before
