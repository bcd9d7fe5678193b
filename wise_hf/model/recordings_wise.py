"""What the pipeline is given: one recording or several of them, and all that is known of each."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, TypeVar

import numpy as np
import torch
from torch.utils.data import Dataset

from .audio_wise import DICT_AUDIO, told_names
from .speakers_wise import Heard, check_speaker


KNOWN = ("audio", *DICT_AUDIO, "sampling_rate", "channel", "text", "words", "language", "speaker")

T = TypeVar("T")


@dataclass(frozen=True)
class Numbered:
    """One of several recordings, not read yet.

    Attributes:
        number: its place among them, from 1.
        recordings: what it is read from.
        key: where it lies there.
        heard: what a first pass found, where there was one.
    """

    number: int
    recordings: Any
    key: int
    heard: Heard | None = None

    def read(self) -> Any:
        """The recording.

        Raises:
            ValueError: the data set cannot decode it.
        """
        try:
            return self.recordings[self.key]
        except Exception as error:  # data sets decode here, and raise whatever their decoders do
            raise ValueError(f"it cannot be read from its data set ({error})") from error


class NumberedDataset(Dataset):
    """A list or data set of recordings, each of them `Numbered`."""

    def __init__(self, recordings: Any, heard: Mapping[int, Heard] | None = None):
        self.recordings = recordings
        self.heard = heard or {}

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, index: int) -> Numbered:
        return Numbered(index + 1, self.recordings, index, self.heard.get(index))

    def in_order(self) -> Iterator[Numbered]:
        """All of them, one after the other."""
        return (self[index] for index in range(len(self)))


def numbered(recordings: Iterable) -> NumberedDataset | Iterator[Numbered]:
    """Several recordings with their numbers: a data set where their count is known, else a generator."""
    if isinstance(recordings, NumberedDataset):
        return recordings
    if hasattr(recordings, "__len__") and hasattr(recordings, "__getitem__"):
        return NumberedDataset(recordings)
    return (Numbered(number, [recording], 0) for number, recording in enumerate(recordings, 1))


def are_several(inputs: Any) -> bool:
    """Whether it is a list, a data set or a generator of recordings, and not one recording."""
    if isinstance(inputs, (str, bytes, bytearray, memoryview, tuple, np.ndarray, torch.Tensor, Mapping)):
        return False
    if hasattr(inputs, "read") or hasattr(inputs, "get_all_samples"):  # an open file, a decoder of torchcodec
        return False
    return hasattr(inputs, "__iter__") or (hasattr(inputs, "__len__") and hasattr(inputs, "__getitem__"))


def recording_fields(recording: Any) -> dict:
    """What is given with a recording, by name.

    Args:
        recording: audio, or a dict of it and of what is known of it.

    Returns:
        `audio` (a dict where the recording has none of this name) and, where given, `sampling_rate`, `channel`,
        `text`, `words`, `language` and `speaker`.

    Raises:
        ValueError: for a dict without audio, with two, with what a recording does not have, or two values of a field.
    """
    fields = _flat(recording)
    unknown = [name for name in fields if name not in KNOWN]
    if unknown:
        raise ValueError(
            f"A recording does not have {told_names(unknown)}; it has audio (or array and sampling_rate, bytes, "
            "path), channel, text, words (with their language) and speaker."
        )
    audio = {name: fields.pop(name) for name in DICT_AUDIO if name in fields}
    if "audio" not in fields and not audio:
        raise ValueError('A recording given as a dict has "audio", or "array" and "sampling_rate", "bytes" or "path".')
    if "audio" in fields and audio.keys() - {"path"}:
        raise ValueError(f"The recording has an audio and a second one, {', '.join(audio)}; give one.")
    if not isinstance(fields.get("text"), (str, type(None))):
        kind = type(fields["text"]).__name__
        raise ValueError(f"The text of a recording is a string, what is said in it, and no {kind}.")
    if not isinstance(fields.get("words"), (list, tuple, type(None))):
        raise ValueError("The words of a recording are a list of words with their times.")
    channel = fields.get("channel", 0)
    if not isinstance(channel, Integral) or isinstance(channel, bool):
        raise ValueError(f"The channel of a recording is {channel!r:.40}; give its number, from 0.")
    check_speaker(fields.get("speaker"))
    return {"audio": audio} | fields


def has_speaker(recording: Any) -> bool:
    """Whether it is told who speaks in a recording."""
    if not isinstance(recording, Mapping):
        return False
    return recording.get("speaker") is not None or has_speaker(recording.get("audio"))


def _flat(recording: Any) -> dict:
    """The fields of a recording that have a value, those of a dict in its "audio" beside the others."""
    if not isinstance(recording, Mapping):
        return {"audio": recording}
    fields = {name: value for name, value in recording.items() if value is not None}
    if not isinstance(fields.get("audio"), Mapping):
        return fields
    inner = _flat(fields.pop("audio"))
    for name in inner.keys() & fields.keys():
        if not np.array_equal(inner[name], fields[name]):
            raise ValueError(f"The recording has two different values of {told_names([name])}; give one.")
    return inner | fields


def use_recording(given: Any, use: Callable[[Any], T]) -> T:
    """What a function makes of a recording; an error names the recording, by its path or its number.

    Args:
        given: a recording, or a `Numbered` one.
        use: the function.

    Raises:
        ValueError: what was raised, or in place of an OSError.
    """
    recording, name = given, None
    try:
        if isinstance(given, Numbered):
            name = f"recording {given.number}"
            recording = given.read()
        name = recording_name(recording) or name
        return use(recording)
    except (ValueError, OSError) as error:
        sentence = str(error) if name is None or name in str(error) else f"{name}: {error}"
        if isinstance(error, OSError):
            raise ValueError(sentence) from error
        error.args = (sentence,)  # it stays of its kind
        raise


def recording_name(recording: Any) -> str | None:
    """The path of a recording, where it has one."""
    if isinstance(recording, Mapping):
        names = (recording_name(recording.get(name)) for name in ("audio", "path"))
        return next((name for name in names if name), None)
    path = recording if isinstance(recording, (str, os.PathLike)) else getattr(recording, "name", None)
    return f"{path!s:.300}" if isinstance(path, (str, os.PathLike)) else None
