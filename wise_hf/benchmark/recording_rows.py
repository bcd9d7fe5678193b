"""A recording to scores by WISE, and its parts, beside what else one could run."""

import importlib.util
from collections.abc import Sequence
from functools import partial
from itertools import product

import numpy as np
import torch
from transformers import pipeline

from wise_hf.benchmark.measurement import BYTES, Measurement, NotHere, of_repeats
from wise_hf.benchmark.own_process import peak_bytes
from wise_hf.benchmark.setting import Setting
from wise_hf.benchmark.systems import (
    FRAME_LAYERS,
    THEIR_SYSTEMS,
    Systems,
    our_systems,
    wav2vec2_scores,
    wise_pipeline,
    wise_scores,
)
from wise_hf.model.alignment_wise import align
from wise_hf.model.mfcc_wise import SAMPLING_RATE, mfcc_native
from wise_hf.model.opensmile_wise import mfcc_opensmile
from wise_hf.model.pretrained_encoder import read_frame_encoder
from wise_hf.model.recognisers_wise import load_recogniser


def compare_aligner(setting: Setting, theirs: Systems | None = None) -> list[Measurement]:
    """The aligner against a classifier on the same audio, and against real time.

    Args:
        setting: the sentence, and how often.
        theirs: the classifier, by its name; `None` = wav2vec2-base.
    """
    ((name, make),) = (theirs or {"wav2vec2-base": wav2vec2_scores}).items()
    said = setting.spoken
    runs = [partial(align, said.samples, said.text), partial(make(), said.samples)]
    ours, other = setting.times_s(runs)
    told = f"aligner on {said.duration_s:.1f} s"
    real_time = [said.duration_s] * len(ours)
    compared = {name: other, "real time": real_time}
    return [of_repeats(f"{told} / {beside}", ours, took, setting.unit) for beside, took in compared.items()]


def compare_mfcc(setting: Setting, audio_s: float = 5.0, seconds: float = 2.0) -> list[Measurement]:
    """The native MFCC against openSMILE's, on noise.

    Args:
        setting: how often.
        audio_s: length of the audio, in seconds.
        seconds: at least so long is spent.

    Raises:
        NotHere: openSMILE is not installed.
    """
    if importlib.util.find_spec("opensmile") is None:
        raise NotHere("openSMILE is not installed (pip install opensmile)")
    samples = 0.1 * np.random.default_rng(0).standard_normal(round(audio_s * SAMPLING_RATE)).astype(np.float32)
    name = f"MFCC of {audio_s:g} s / openSMILE"
    return [setting.compare(name, partial(mfcc_native, samples), partial(mfcc_opensmile, samples), seconds)]


def compare_scores(
    setting: Setting, ours: Systems | None = None, theirs: Systems = THEIR_SYSTEMS, besides: str = "and text"
) -> list[Measurement]:
    """The time from a recording and its text to scores, all systems in turn.

    Args:
        setting: the sentence, and how often.
        ours, theirs: by name, what makes a system; `None` = `our_systems`.
        besides: what ours are given with the samples, for the name.

    Returns:
        Each of ours against each of theirs.
    """
    ours = ours or our_systems(setting.spoken.text)
    runs = [partial(make(), setting.spoken.samples) for make in (*ours.values(), *theirs.values())]
    took = setting.times_s(runs)
    return _pairs(f"{setting.spoken.duration_s:.1f} s {besides} to scores", ours, theirs, took, setting.unit)


def compare_heard_scores(setting: Setting, theirs: Systems | None = None) -> list[Measurement]:
    """The same without the text, which pocketsphinx hears; see `compare_scores`."""
    theirs = theirs or {"wav2vec2-base": wav2vec2_scores}
    return compare_scores(setting, {"MFCC": partial(wise_scores, None)}, theirs, "alone")


def compare_memory(
    setting: Setting, ours: Systems | None = None, theirs: Systems = THEIR_SYSTEMS
) -> list[Measurement]:
    """The peak memory of a process that scores a recording; see `compare_scores` and `peak_bytes`."""
    ours = ours or our_systems(setting.spoken.text)
    took = [[peak_bytes(_score, make, setting.spoken.samples)] for make in (*ours.values(), *theirs.values())]
    return _pairs("memory", ours, theirs, took, BYTES)


def _score(make: partial, samples: np.ndarray) -> None:
    make()(samples)


def _pairs(told: str, ours: Systems, theirs: Systems, took: list[list[float]], unit: str) -> list[Measurement]:
    by_name = dict(zip([*ours, *theirs], took, strict=True))
    pairs = product(ours, theirs)
    return [of_repeats(f"{told}, {own} / {other}", by_name[own], by_name[other], unit) for own, other in pairs]


def compare_whisper(
    setting: Setting, layers: Sequence[int] = FRAME_LAYERS, language: str | None = "en"
) -> list[Measurement]:
    """A recording alone to scores by Whisper's words and frames, of one run of its encoder, against Whisper alone.

    Whisper alone is transformers' pipeline, as ours in float32 (the half precision of its file is several times slower
    on a CPU), without beams and told the language (else it runs the encoder once more).

    Args:
        setting: the sentence, and the folder of a Whisper: one with random weights would go on speaking for ever.
        layers: of its encoder, which the frames are.
        language: what both are told; `None` for a Whisper that knows only one.

    Raises:
        NotHere: no Whisper was given.
    """
    if setting.whisper is None:
        raise NotHere("no Whisper here: give its folder by --whisper")
    folder, samples = str(setting.whisper), setting.spoken.samples
    encoder = read_frame_encoder(folder, layers, padding="window")
    classify = wise_pipeline(frame_encoder=encoder.config, recogniser=load_recogniser(folder, language))
    classify.model.wise.add_frame_encoder(encoder)
    recognise = pipeline("automatic-speech-recognition", folder, dtype=torch.float32)
    told = {"num_beams": 1} | ({} if language is None else {"language": language, "task": "transcribe"})
    ours = partial(classify, {"array": samples, "sampling_rate": SAMPLING_RATE})
    name = f"{setting.spoken.duration_s:.1f} s alone to scores, Whisper's words and frames / its words"
    return [setting.compare(name, ours, lambda: recognise(samples.copy(), generate_kwargs=dict(told)))]
