"""What a reading of IEMOCAP could not use: stopped for, or told."""

import logging
from collections import Counter
from collections.abc import Sequence

import numpy as np
from datasets import Dataset

from wise_hf.data.corpora.iemocap.counts import WITHOUT_SEGMENTS
from wise_hf.data.corpora.iemocap.formats import read_segments
from wise_hf.data.corpora.iemocap.words import (
    CONTRADICTING,
    MISSING,
    NO_AUDIO,
    SEGMENT_STATES,
    UNREADABLE,
    duration_of,
    segment_files,
)
from wise_hf.data.unusable import listed


logger = logging.getLogger(__name__)

GO_ON = "go on with what is there by --allow_incomplete (allow_incomplete=True)"
DURATION_TOLERANCE_S = 0.1


def describe_segments(dataset: Dataset) -> str:
    """How many utterances of a reading have their words from where; a line for each case that occurs."""
    states = Counter(dataset["segments"])
    lines = [f"{states[state]} utterances: {told}" for state, told in SEGMENT_STATES.items() if states[state]]
    differing = sum(bool(differs) for differs in dataset["text_differs"])
    if differing:
        lines.append(f"{differing} utterances: the segment files have other words than the transcription")
    return "\n".join(lines)


def check_words(dataset: Dataset, allow_incomplete: bool) -> Dataset:
    """Stop for recordings and segment files that this copy lacks or that are broken; tell all that cannot be used.

    Args:
        dataset: utterances after `read_words`.
        allow_incomplete: tell of what else would stop the reading, and leave out what has no recording.

    Returns:
        The utterances that have a recording.

    Raises:
        ValueError: naming the first file, for one that is missing or broken.
    """
    logger.info("%s", describe_segments(dataset))
    ids: dict[str, list[str]] = {state: [] for state in SEGMENT_STATES}
    for name, audio, state in zip(dataset["id"], dataset["audio"], dataset["segments"], strict=True):
        if not allow_incomplete:
            _read_again(audio, state)
        ids[state].append(name)
    ids[MISSING] = lost = [name for name in ids[MISSING] if name not in WITHOUT_SEGMENTS]
    if lost and not allow_incomplete:
        raise ValueError(
            f"There are no segment files (sentences/ForcedAlignment) of {listed(lost)}; get a whole copy, or {GO_ON}."
        )
    for state in (MISSING, CONTRADICTING, UNREADABLE, NO_AUDIO):
        _warn(SEGMENT_STATES[state], ids[state])
    heard = dataset.select([number for number, state in enumerate(dataset["segments"]) if state != NO_AUDIO])
    _warn("the recording is not as long as its evaluation says", _of_another_length(heard))
    return heard


def _read_again(audio: str, state: str) -> None:
    """Raise for what `read_words` found broken, naming file and line."""
    if state == NO_AUDIO:
        duration_of(audio)
    elif state == UNREADABLE:
        for path in segment_files(audio):
            read_segments(path)


def _warn(told: str, names: Sequence[str]) -> None:
    if names:
        logger.warning("%d utterances: %s (%s).", len(names), told, listed(names))


def _of_another_length(dataset: Dataset) -> list[str]:
    length_s = np.subtract(dataset["dialog_end_s"][:], dataset["dialog_start_s"][:])
    differs = np.abs(length_s - dataset["end_s"][:]) > DURATION_TOLERANCE_S
    return dataset.select(np.flatnonzero(differs))["id"][:]
