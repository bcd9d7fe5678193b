"""CREMA-D: twelve sentences by 91 actors, told by their file names (Cao et al. 2014).

A name such as 1001_DFA_ANG_XX.wav has the actor, the sentence, the emotion and its level (LO, MD, HI, XX: not told).
The label is the emotion that was acted, not what listeners heard.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets import Dataset

from wise_hf.data.corpora.corpus import Corpus
from wise_hf.data.corpora.recordings import Recording, read_recordings
from wise_hf.data.unusable import UnusableUtterances


logger = logging.getLogger(__name__)

EMOTIONS = {
    "ANG": "angry",
    "DIS": "disgusted",
    "FEA": "fearful",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
SENTENCES = {
    "IEO": "It's eleven o'clock.",
    "TIE": "That is exactly what happened.",
    "IOM": "I'm on my way to the meeting.",
    "IWW": "I wonder what this is about.",
    "TAI": "The airplane is almost full.",
    "MTI": "Maybe tomorrow it will be cold.",
    "IWL": "I would like a new alarm clock.",
    "ITH": "I think I have a doctor's appointment.",
    "DFA": "Don't forget a jacket.",
    "ITS": "I think I've seen this before.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
NAME = re.compile(rf"(1\d\d\d)_({'|'.join(SENTENCES)})_({'|'.join(EMOTIONS)})_(LO|MD|HI|XX|X)\.wav")
NUM_RECORDINGS = 7442
LABEL_SETS = {
    "four": {name: name for name in ("angry", "happy", "neutral", "sad")},
    "all": {name: name for name in sorted(EMOTIONS.values())},
}


def read_crema_d(
    data_dir: Path,
    emotions: str | Sequence[str] | None = None,
    label_map: Mapping[str, str] | None = None,
    num_proc: int | None = None,
) -> tuple[Dataset, UnusableUtterances | None]:
    """Read CREMA-D.

    Args:
        data_dir: the folder that holds AudioWAV, or AudioWAV itself.
        emotions, label_map: see `read_recordings`.
        num_proc: not used; reading is quick.

    Returns:
        See `read_recordings`.

    Raises:
        ValueError: for a folder without such recordings.
    """
    folder = Path(data_dir) / "AudioWAV"
    folder = folder if folder.is_dir() else Path(data_dir)
    paths = sorted(path for path in folder.glob("*.wav") if NAME.fullmatch(path.name))
    if not paths:
        raise ValueError(f"{data_dir} holds no AudioWAV with recordings of CREMA-D (1001_DFA_ANG_XX.wav, ...).")
    if len(paths) != NUM_RECORDINGS:
        logger.warning("%s has %d recordings; CREMA-D has %d.", folder, len(paths), NUM_RECORDINGS)
    return read_recordings(folder, [_recording(path) for path in paths], emotions, label_map, LABEL_SETS)


def _recording(path: Path) -> Recording:
    actor, sentence, emotion, _ = NAME.fullmatch(path.name).groups()
    return Recording(path.stem, path, EMOTIONS[emotion], SENTENCES[sentence], speaker=actor)


CORPUS = Corpus(
    name="crema_d",
    what="CREMA-D (AudioWAV)",
    read=read_crema_d,
    title=lambda data_dir: "CREMA-D",
    label_sets=LABEL_SETS,
    protocol="speaker",
    num_folds=5,
    sources={"CREMA-D": "[CREMA-D](https://github.com/CheyneyComputerScience/CREMA-D) (ODbL 1.0)"},
)
