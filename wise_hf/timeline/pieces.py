"""The pieces of a recording, and how the pipeline reads them one by one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from wise_hf.model.decoder_wise import SAMPLING_RATE, check_samples
from wise_hf.model.speech_wise import PART, WINDOW, WINDOW_S, hear_speech
from wise_hf.model.word_times_wise import moved
from wise_hf.timeline.channels import channel_powers, chosen_channels, cross_talk
from wise_hf.timeline.decoded import Decoded
from wise_hf.timeline.pauses import Stretch, cut_at_pauses, speech_windows


# The detector is told how loud the loud parts of each 30 s are at least, against the channel's loudest. Clips alone in
# digital silence were else brought up until half of their speech was lost. And shouts that are brought up as far as
# quiet speech beside them are clipped until they sound like noise: so it hears everything at each of these levels.
LOUDEST, LEVELS = 0.999, (1.0, 0.1, 0.01)
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
        words: aligned words, where known, with times from the piece's start on.
        language: ISO 639-1 code of these words.
        reason: why it is left out; `None` where it is not.
    """

    start: int
    stop: int
    channel: int | None = None
    speaker: str | None = None
    text: str | None = None
    words: list[dict] | None = None
    language: str | None = None
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
        known = {name: getattr(piece, name) for name in ("text", "words", "language", "speaker")}
        return {"array": samples, "sampling_rate": SAMPLING_RATE, **known}


def cut_recording(
    recording: Decoded, name: str, channels: str | None, speaker: str | None, words: list[dict] | None
) -> list[Piece]:
    """Cut a recording at its pauses.

    Args:
        recording: of any length.
        name: what to call the recording in the log.
        channels: "speakers", "mix", or `None`, see `chosen_channels`.
        speaker: who speaks, where it is one person.
        words: of `words_from_times`, where they are known: pauses are then where there are none.

    Returns:
        Pieces in the order of time, which cover each channel that is heard.
    """
    powers = channel_powers(recording)
    chosen = chosen_channels(powers, channels, name)
    likely = np.stack([_hear(recording, channel, powers) for channel in chosen], axis=1)
    is_speech = np.apply_along_axis(speech_windows, 0, likely) if words is None else _word_windows(words, likely)
    others = np.zeros_like(is_speech) if len(chosen) == 1 else cross_talk(powers[:, chosen], is_speech)
    pieces = []
    for column, channel in enumerate(chosen):
        who = speaker if len(chosen) == 1 else f"channel {channel}"
        other = others[:, column]
        for stretch in cut_at_pauses(is_speech[:, column] & ~other, likely[:, column], recording.num_samples):
            heard = slice(stretch.start // WINDOW, -(-stretch.stop // WINDOW))
            reason = None if stretch.is_speech else CROSS_TALK if other[heard].any() else NOBODY_SPEAKS
            own = None if words is None else _words_in(words, stretch)
            pieces.append(Piece(stretch.start, stretch.stop, channel, who, words=own, reason=reason))
    return sorted(pieces, key=lambda piece: (piece.start, piece.channel or 0))


def _hear(recording: Decoded, channel: int | None, powers: np.ndarray) -> np.ndarray:
    """(windows,) how surely each 32 ms of a channel are speech."""
    own = powers[:, -1 if channel is None else channel]
    loudest = np.sqrt(np.quantile(own, LOUDEST))
    parts = (check_samples(recording.read(*part, channel), SAMPLING_RATE) for part in recording.parts(PART))
    return np.concatenate([np.max([hear_speech(part, level * loudest) for level in LEVELS], axis=0) for part in parts])


def _word_windows(words: list[dict], likely: np.ndarray) -> np.ndarray:
    """(windows, 1) bool: the windows that words lie in."""
    found = np.zeros_like(likely, dtype=bool)
    for word in words:
        found[int(word["start_s"] / WINDOW_S) : math.ceil(word["end_s"] / WINDOW_S)] = True
    return found


def _words_in(words: list[dict], stretch: Stretch) -> list[dict]:
    """The words whose middles lie in a stretch, with times from its start on."""
    start_s, stop_s = stretch.start / SAMPLING_RATE, stretch.stop / SAMPLING_RATE
    own = [word for word in words if start_s <= (word["start_s"] + word["end_s"]) / 2 < stop_s]
    return [moved(word, -start_s) for word in own]
