"""The sample recordings of a model's page, and what the model itself says of them."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from wise_hf.data.files import read_json
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline


SAMPLES = "samples"
LISTED = "samples.json"


@dataclass(frozen=True)
class HeardSample:
    """A sample recording and what a model says of it.

    Args:
        file: its path in the repository.
        meant: the emotion that was meant.
        text: what is said.
        heard: what the transcriber heard.
        scores: `[{"label", "score"}]` of the recording alone, best first.
        scores_with_text: the same where the text is given.
    """

    file: str
    meant: str
    text: str
    heard: str
    scores: list[dict]
    scores_with_text: list[dict]


def read_samples(hub_card_dir: Path) -> list[dict]:
    """List the sample recordings.

    Args:
        hub_card_dir: holds `samples/samples.json` and the recordings that it names.

    Returns:
        For each its `file`, the `meant` emotion and the `text`.

    Raises:
        ValueError: for a list that cannot be read, or recordings that are not there.
    """
    folder = hub_card_dir / SAMPLES
    way_out = "scripts/make_samples.py makes one"
    samples = read_json(folder / LISTED, way_out)
    try:
        files = [(sample["file"], sample["meant"], sample["text"])[0] for sample in samples]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder / LISTED} is no list of samples ({error!r:.80}); {way_out}.") from error
    for file in files:
        if not re.fullmatch(r"\w[\w.-]*\.wav", file) or not (folder / file).is_file():
            raise ValueError(f"{folder / LISTED} names '{file}', which is no .wav file beside it.")
    if not samples:
        raise ValueError(f"{folder / LISTED} names no recording; scripts/make_samples.py makes some.")
    return samples


def copy_samples(hub_card_dir: Path, output_dir: Path) -> None:
    """The recordings that the list names, and the list; see `read_samples`."""
    (output_dir / SAMPLES).mkdir()
    for name in (LISTED, *(sample["file"] for sample in read_samples(hub_card_dir))):
        shutil.copyfile(hub_card_dir / SAMPLES / name, output_dir / SAMPLES / name)


def hear_samples(classify: WISEAudioClassificationPipeline, folder: Path) -> list[HeardSample]:
    """Let a model classify the samples.

    Args:
        classify: the pipeline of the model that is published.
        folder: see `read_samples`.

    Raises:
        ValueError: for a sample that the model cannot classify: then nobody else's recording will do, either.
    """
    return [_hear(classify, folder, sample) for sample in read_samples(folder)]


def _hear(classify: WISEAudioClassificationPipeline, folder: Path, sample: dict) -> HeardSample:
    path = folder / SAMPLES / sample["file"]
    try:
        alone = classify(str(path), return_words=True)
        with_text = classify({"audio": str(path), "text": sample["text"]})
    except ValueError as error:
        raise ValueError(f"The model cannot classify the sample {path} ({error}); nothing was published.") from error
    return HeardSample(
        file=f"{SAMPLES}/{sample['file']}",
        meant=sample["meant"],
        text=sample["text"],
        heard=alone["text"],
        scores=_rounded(alone["scores"]),
        scores_with_text=_rounded(with_text),
    )


def _rounded(scores: list[dict]) -> list[dict]:
    """Four digits: the last ones differ from machine to machine."""
    return [{"label": entry["label"], "score": round(entry["score"], 4)} for entry in scores]
