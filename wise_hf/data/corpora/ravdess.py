"""RAVDESS: acted speech whose file names tell everything (Livingstone & Russo 2018).

A name such as 03-01-06-01-02-01-12.wav has seven numbers: modality (01 video and audio, 02 video, 03 audio), vocal
channel (01 speech, 02 song), emotion, intensity (01 normal, 02 strong), statement, repetition and actor.
"""

import logging
import re
from pathlib import Path

from wise_hf.data.corpora.corpus import Corpus
from wise_hf.data.corpora.recordings import Recording, reader


logger = logging.getLogger(__name__)

NAME = re.compile(r"03-01-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1\d|2[0-4])\.(wav|flac)")
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgusted",
    "08": "surprised",
}
STATEMENTS = {"01": "Kids are talking by the door.", "02": "Dogs are sitting by the door."}
NUM_RECORDINGS = 1440
LABEL_SETS = {
    "four": {"angry": "angry", "happy": "happy", "neutral": "neutral", "calm": "neutral", "sad": "sad"},
    "all": {name: name for name in sorted(EMOTIONS.values())},
}


def list_speech(data_dir: Path) -> list[Recording]:
    """The speech of RAVDESS; its songs and videos are passed over.

    Args:
        data_dir: the folder that holds Actor_01, Actor_02, ..., at any depth.

    Raises:
        ValueError: for a folder without such recordings.
    """
    # By name: a copy that is passed around has every folder twice.
    found = {path.name: path for path in sorted(data_dir.rglob("*"), reverse=True) if NAME.fullmatch(path.name)}
    paths = [found[name] for name in sorted(found)]
    if not paths:
        raise ValueError(
            f"{data_dir} holds no speech of RAVDESS (03-01-*.wav); give the folder with Actor_01, Actor_02, ..."
        )
    if len(paths) != NUM_RECORDINGS:
        logger.warning("%s has %d recordings; RAVDESS has %d of speech.", data_dir, len(paths), NUM_RECORDINGS)
    return [_recording(path) for path in paths]


def _recording(path: Path) -> Recording:
    emotion, _, statement, _, actor, _ = NAME.fullmatch(path.name).groups()
    return Recording(path.stem, path, EMOTIONS[emotion], STATEMENTS[statement], speaker=f"Actor_{actor}")


read_ravdess = reader(list_speech, LABEL_SETS)
CORPUS = Corpus(
    name="ravdess",
    what="RAVDESS, speech (Actor_01, Actor_02, ...)",
    read=read_ravdess,
    title=lambda data_dir: "RAVDESS",
    label_sets=LABEL_SETS,
    protocol="speaker",
    num_folds=5,
    sources={"RAVDESS": "[RAVDESS](https://doi.org/10.1371/journal.pone.0196391) (CC BY-NC-SA 4.0)"},
)
