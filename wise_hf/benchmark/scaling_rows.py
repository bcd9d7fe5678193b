"""How time and memory grow with the length of a recording and with the number of utterances: linear is 1.0."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from datasets import Dataset

from wise_hf.benchmark.measurement import BYTES, Measurement, Run, of_repeats
from wise_hf.benchmark.model_rows import forward_pass
from wise_hf.benchmark.own_process import peak_bytes
from wise_hf.benchmark.preparation_rows import preparation, spoken_corpus
from wise_hf.benchmark.setting import Setting
from wise_hf.benchmark.speech_like import (
    of_words,
    padded,
    prepared_utterances,
    speech_like_batch,
    speech_like_collator,
)
from wise_hf.benchmark.spoken import Spoken, spoken_for
from wise_hf.benchmark.systems import wise_pipeline
from wise_hf.model.alignment_wise import align
from wise_hf.model.configuration_wise import EMOTIONS, WISEConfig
from wise_hf.model.mfcc_wise import SAMPLING_RATE, mfcc_native
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.timeline.outputs import write_outputs
from wise_hf.timeline.run import predict_file


ALIGNED_S = (5, 10, 20, 40, 80, 119)
TIMELINE_S = (5, 60, 600, 3600)
WORDS = (16, 64, 256, 1024)
UTTERANCES = (8, 32, 128, 512)


def grow_aligner(setting: Setting, lengths_s: Sequence[float] = ALIGNED_S) -> list[Measurement]:
    """The aligner's time against length."""
    return _by_length("aligner", setting, lengths_s, lambda said: partial(align, said.samples, said.text))


def grow_mfcc(setting: Setting, lengths_s: Sequence[float] = TIMELINE_S[:3]) -> list[Measurement]:
    """The time of the MFCC against length."""
    return _by_length("MFCC", setting, lengths_s, lambda said: partial(mfcc_native, said.samples))


def grow_pipeline(setting: Setting, lengths_s: Sequence[float] = ALIGNED_S) -> list[Measurement]:
    """The pipeline's time against length, words given."""
    classify = wise_pipeline()

    def heard(said: Spoken) -> Run:
        return partial(classify, {"array": said.samples, "sampling_rate": SAMPLING_RATE, "words": said.words})

    return _by_length("pipeline, words given", setting, lengths_s, heard)


def grow_timeline(setting: Setting, lengths_s: Sequence[float] = TIMELINE_S) -> list[Measurement]:
    """The time of `predict --output_dir --words` against length."""
    classify = wise_pipeline()

    def predicted(said: Spoken) -> Run:
        wav = said.write(setting.folder / f"{said.duration_s:.0f}.wav")
        return lambda: write_outputs(predict_file(classify, wav, words=said.words), wav.with_suffix(""))

    return _by_length("timeline, words given", setting, lengths_s, predicted)


def _by_length(
    name: str, setting: Setting, lengths_s: Sequence[float], run_of: Callable[[Spoken], Run]
) -> list[Measurement]:
    said = [spoken_for(length_s) for length_s in lengths_s]
    return setting.growth(name, "s", [each.duration_s for each in said], [run_of(each) for each in said])


def grow_forward(setting: Setting, words: Sequence[int] = WORDS) -> list[Measurement]:
    """The time of a forward pass against the words of an utterance, and against the utterances of a batch."""
    config, rng = WISEConfig(), np.random.default_rng(0)
    model = WISEForAudioClassification(config)
    long = [padded([of_words(rng, number, config.feature_size)], config, rng) for number in words]
    many = [speech_like_batch(config, number) for number in UTTERANCES]
    measured = []
    for what, sizes, batches in (("words", words, long), ("utterances", UTTERANCES, many)):
        runs = [forward_pass(model, batch) for batch in batches]
        measured += setting.growth("forward pass", what, sizes, runs)
    return measured


def grow_collation(setting: Setting, utterances: Sequence[int] = UTTERANCES) -> list[Measurement]:
    """The time of making a batch against the utterances in it."""
    known = prepared_utterances(np.random.default_rng(0), utterances[-1], EMOTIONS)
    collate = speech_like_collator(known, EMOTIONS)
    runs = [partial(collate, known[:number]) for number in utterances]
    return setting.growth("collation", "utterances", utterances, runs)


def grow_preparation(setting: Setting, utterances: Sequence[int] = (64, 128, 256, 512)) -> list[Measurement]:
    """The time of preparing a corpus whose words are known, in one process, against its utterances."""
    corpus = spoken_corpus(setting.folder, utterances[-1])
    runs = [preparation(corpus.select(range(number)), setting.folder, num_proc=None) for number in utterances]
    return setting.growth("preparation", "utterances", utterances, runs)


def compare_preparation_memory(setting: Setting, utterances: Sequence[int] = (64, 512)) -> list[Measurement]:
    """The peak memory of the same preparation for many utterances against few."""
    corpus = spoken_corpus(setting.folder, utterances[-1])
    few, many = ([peak_bytes(_prepare, corpus.select(range(number)), setting.folder)] for number in utterances)
    name = f"memory of a preparation, {utterances[-1]} / {utterances[0]} utterances"
    return [of_repeats(name, many, few, BYTES)]


def _prepare(corpus: Dataset, folder: Path) -> None:
    preparation(corpus, folder, num_proc=None)()


def compare_timeline_memory(setting: Setting, lengths_s: Sequence[float] = TIMELINE_S[1:]) -> list[Measurement]:
    """The peak memory of `predict --output_dir --words` for a long recording against a short one."""
    said = [spoken_for(length_s) for length_s in (lengths_s[0], lengths_s[-1])]
    written = [(each.write(setting.folder / f"memory_{each.duration_s:.0f}.wav"), each.words) for each in said]
    return [_memory_of("a timeline", said, [peak_bytes(_predict, *each) for each in written])]


def _predict(wav: Path, words: list[dict]) -> None:
    write_outputs(predict_file(wise_pipeline(), wav, words=words), wav.with_suffix(""))


def compare_aligner_memory(setting: Setting, lengths_s: Sequence[float] = ALIGNED_S) -> list[Measurement]:
    """The peak memory of the aligner for a long recording against a short one."""
    said = [spoken_for(length_s) for length_s in (lengths_s[0], lengths_s[-1])]
    return [_memory_of("the aligner", said, [peak_bytes(align, each.samples, each.text) for each in said])]


def _memory_of(what: str, said: Sequence[Spoken], peaks: Sequence[int]) -> Measurement:
    short, long = said
    name = f"memory of {what}, {long.duration_s:.0f} s / {short.duration_s:.0f} s"
    return of_repeats(name, peaks[1:], peaks[:1], BYTES)
