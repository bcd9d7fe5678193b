"""Ways in which one model scores the same recordings: each by its name, as a model's folder and recordings to scores.

Recordings are what the pipeline takes: {"audio": path, "text": what is said, or None}. Scores are (recordings, labels)
float64, the labels in the order of the alphabet.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Literal

import numpy as np

from wise_hf.commands.predict import main as predict
from wise_hf.hub.samples import SAMPLES, read_samples
from wise_hf.hub.templates import templates_dir
from wise_hf.many_files.emotion_of_files import EmotionOfFiles
from wise_hf.many_files.local import tables_of_shards
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.decoder_wise import SAMPLING_RATE
from wise_hf.model.loading import load_pipeline
from wise_hf.model.utterances_wise import UtteranceCutter


Way = Callable[[Path, Sequence[dict]], np.ndarray]


class OwnProcessFailed(Exception):
    """A process of its own, such as of another Python, gave no scores."""


def sample_recordings() -> list[dict]:
    """The sample recordings of the model's page, each with its text and without, where its words are recognised."""
    folder = templates_dir() / SAMPLES
    samples = [(str(folder / each["file"]), each["text"]) for each in read_samples(templates_dir())]
    return [{"audio": path, "text": text} for path, said in samples for text in (said, None)]


def by_pipeline(model_dir: Path, recordings: Sequence[dict]) -> np.ndarray:
    """The pipeline, one recording after the other."""
    classify = load_pipeline(model_dir)
    return _as_array(classify(each) for each in recordings)


def by_batches(model_dir: Path, recordings: Sequence[dict], batch_size: int) -> np.ndarray:
    """The pipeline, all recordings at once."""
    return _as_array(load_pipeline(model_dir)(list(recordings), batch_size=batch_size))


def in_float64(model_dir: Path, recordings: Sequence[dict]) -> np.ndarray:
    """The pipeline with a model of twice the precision: how far rounding alone moves the scores."""
    classify = load_pipeline(model_dir)
    classify.model.double()
    return _as_array(classify(each) for each in recordings)


def by_script(model_dir: Path, recordings: Sequence[dict]) -> np.ndarray:
    """`wise-hf predict --json`, once for each recording."""
    return _as_array(_printed(model_dir, **each) for each in recordings)


def by_handler(model_dir: Path, recordings: Sequence[dict]) -> np.ndarray:
    """The endpoint's handler, which is sent the bytes of a file."""
    sys.path.insert(0, str(templates_dir()))
    answer = import_module("handler").EndpointHandler(str(model_dir))
    return _as_array(answer({"inputs": each | {"audio": Path(each["audio"]).read_bytes()}}) for each in recordings)


def by_many_files(model_dir: Path, recordings: Sequence[dict], num_proc: int) -> np.ndarray:
    """`wise-hf predict --input`, in some processes."""
    files = {0: [{"path": each["audio"], "text": each["text"]} for each in recordings]}
    emotion = EmotionOfFiles(str(model_dir))
    ((_, rows),) = tables_of_shards(emotion, files, num_proc)
    labels = sorted(name for name in rows.column_names if name.startswith("probability_"))
    return np.stack([rows[label].to_numpy() for label in labels], axis=1)


def by_own_process(
    model_dir: Path,
    recordings: Sequence[dict],
    python: str = sys.executable,
    way: Literal["by_pipeline", "in_float64"] = "by_pipeline",
    **environment: str,
) -> np.ndarray:
    """The pipeline, one by one, in a process of its own.

    Args:
        python: that runs it, such as that of another virtual environment.
        way: the function that scores there.
        environment: its variables beside those of this process.

    Raises:
        OwnProcessFailed: it gave no scores.
    """
    command = [python, __file__, way, str(model_dir), json.dumps(recordings)]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    if ended.returncode:
        told = (ended.stderr.strip().splitlines() or [f"status {ended.returncode}"])[-1]
        raise OwnProcessFailed(f"It failed in a process of its own: {told}")
    return np.array(json.loads(ended.stdout.splitlines()[-1]))


def by_streaming(model_dir: Path, recordings: Sequence[dict], part_s: float) -> np.ndarray:
    """The end of every utterance of a stream that comes in parts, without texts; see `of_utterances`."""
    streamer = load_pipeline(model_dir).stream(provisional_s=None)
    step, updates = round(part_s * SAMPLING_RATE), []
    for samples in _without_texts(recordings):
        for start in range(0, len(samples), step):
            updates += streamer.feed(samples[start : start + step])
        updates += streamer.finish()
    last = {each["utterance"]: each["probabilities"] for each in updates}
    return np.array([[its[label] for label in sorted(its)] for its in last.values()])


def of_utterances(model_dir: Path, recordings: Sequence[dict]) -> np.ndarray:
    """The pipeline on the very samples that the stream makes an utterance of."""
    classify, utterances = load_pipeline(model_dir), []
    for samples in _without_texts(recordings):
        cutter = UtteranceCutter()
        utterances += cutter.feed(samples) + cutter.finish()
    given = ({"array": each.samples, "sampling_rate": SAMPLING_RATE} for each in utterances)
    return _as_array(classify(each) for each in given)


def _without_texts(recordings: Sequence[dict]) -> list[np.ndarray]:
    return [read_audio(each["audio"], SAMPLING_RATE) for each in recordings if each["text"] is None]


def _printed(model_dir: Path, audio: str, text: str | None) -> list[dict]:
    told = ["--text", text] if text is not None else []
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        predict([audio, "--model", str(model_dir), "--json", *told])
    return json.loads(printed.getvalue())[0]["scores"]


def _as_array(answers: Iterable[list[dict]]) -> np.ndarray:
    by_label = [{entry["label"]: entry["score"] for entry in scores} for scores in answers]
    return np.array([[its[label] for label in sorted(its)] for its in by_label])


# Instructions of PyTorch alone, and of all libraries that multiply matrices here.
OTHER_CPUS = {
    **{f"ATEN_CPU_CAPABILITY={name}": {"ATEN_CPU_CAPABILITY": name} for name in ("default", "avx2", "avx512")},
    "no AVX-512 in any library": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
    },
}


def all_ways(pythons: Mapping[str, str]) -> dict[Way, dict[str, Way]]:
    """All ways by their names, under the one that they should agree with.

    Args:
        pythons: others that have wise_hf, by what to call them.
    """
    return {
        by_pipeline: {
            "pipeline, once more": by_pipeline,
            "pipeline, in float64": in_float64,
            "pipeline, batches of 3": partial(by_batches, batch_size=3),
            "pipeline, one batch of 8": partial(by_batches, batch_size=8),
            "wise-hf predict": by_script,
            "handler of the endpoint": by_handler,
            "wise-hf predict --input, 1 process": partial(by_many_files, num_proc=1),
            "wise-hf predict --input, 2 processes": partial(by_many_files, num_proc=2),
            "a process of 1 thread": partial(by_own_process, OMP_NUM_THREADS="1"),
            "a process of 2 threads": partial(by_own_process, OMP_NUM_THREADS="2"),
            **{name: partial(by_own_process, **variables) for name, variables in OTHER_CPUS.items()},
            **{name: partial(by_own_process, python=path) for name, path in pythons.items()},
        },
        of_utterances: {
            "stream, in parts of 0.1 s": partial(by_streaming, part_s=0.1),
            "stream, in parts of 10 s": partial(by_streaming, part_s=10.0),
        },
        in_float64: {
            f"float64, {name}": partial(by_own_process, way="in_float64", **variables)
            for name, variables in OTHER_CPUS.items()
        },
    }


if __name__ == "__main__":
    named, given_model, given_recordings = sys.argv[1:]
    score = {"by_pipeline": by_pipeline, "in_float64": in_float64}[named]
    sys.stdout.write(json.dumps(score(Path(given_model), json.loads(given_recordings)).tolist()) + "\n")
