"""The pieces of a recording, and how the pipeline reads them one by one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from wise_hf.model.decoder_wise import SAMPLING_RATE, check_samples
from wise_hf.model.speech_wise import PART, WINDOW, hear_speech
from wise_hf.timeline.channels import channel_powers, chosen_channels, cross_talk
from wise_hf.timeline.decoded import Decoded
from wise_hf.timeline.pauses import cut_at_pauses, speech_windows


NOBODY_SPEAKS = "Nobody speaks: it is silent, noise or music."
CROSS_TALK = "It is the voice of another channel's speaker."


@dataclass(frozen=True)
class Piece:
    """A part of a recording, to be classified or left out.

    Attributes:
        start: its first sample, at 16 kHz.
        stop: the one after its last.
        channel: whose samples, from 0; `None` = all channels as one.
        speaker: who speaks.
        text: what is said, where known.
        reason: why it is left out; `None` where it is not.
    """

    start: int
    stop: int
    channel: int | None = None
    speaker: str | None = None
    text: str | None = None
    reason: str | None = None


class ReadPieces(Sequence):
    """Pieces as the pipeline takes them, each read when it is asked for."""

    def __init__(self, recording: Decoded, pieces: Sequence[Piece], shown: tqdm):
        self._recording, self._pieces, self._shown = recording, pieces, shown

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, index: int) -> dict:
        piece = self._pieces[index]
        samples = self._recording.read(piece.start, piece.stop, piece.channel)
        self._shown.update(len(samples) / SAMPLING_RATE)
        return {"array": samples, "sampling_rate": SAMPLING_RATE, "text": piece.text, "speaker": piece.speaker}


def cut_recording(recording: Decoded, channels: str | None, speaker: str | None, name: str) -> list[Piece]:
    """Cut a recording at its pauses.

    Args:
        recording: of any length.
        channels: "speakers", "mix", or `None`, see `chosen_channels`.
        speaker: who speaks, where it is one person.
        name: what to call the recording in the log.

    Returns:
        Pieces in the order of time, which cover each channel that is heard.
    """
    powers = channel_powers(recording)
    chosen = chosen_channels(powers, channels, name)
    likely = np.stack([_hear(recording, channel) for channel in chosen], axis=1)
    is_speech = np.apply_along_axis(speech_windows, 0, likely)
    others = np.zeros_like(is_speech) if len(chosen) == 1 else cross_talk(powers[:, chosen], is_speech)
    pieces = []
    for column, channel in enumerate(chosen):
        speech, other = is_speech[:, column], others[:, column]
        who = speaker if len(chosen) == 1 else f"channel {channel}"
        for stretch in cut_at_pauses(speech & ~other, likely[:, column], recording.num_samples):
            heard = slice(stretch.start // WINDOW, -(-stretch.stop // WINDOW))
            reason = None if stretch.is_speech else CROSS_TALK if other[heard].any() else NOBODY_SPEAKS
            pieces.append(Piece(stretch.start, stretch.stop, channel, who, reason=reason))
    return sorted(pieces, key=lambda piece: (piece.start, piece.channel or 0))


def _hear(recording: Decoded, channel: int | None) -> np.ndarray:
    """(windows,) how surely each 32 ms of a channel are speech."""
    starts = range(0, recording.num_samples, PART)
    parts = (recording.read(start, min(start + PART, recording.num_samples), channel) for start in starts)
    return np.concatenate([hear_speech(check_samples(part, SAMPLING_RATE)) for part in parts])
