"""A stream cut into utterances: each begins with speech and ends at a pause, or where speech is least likely."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .decoder_wise import SAMPLING_RATE, SILENT_PEAK
from .speech_wise import LEVEL, PART, SPEECH_WINDOWS, WINDOW, WINDOW_S, SpeechListener


NO_PAUSE_PROBABILITY = 0.3  # of a window that is no pause; a word may be found where it is less
PAUSE_S = 0.5  # and longer ends an utterance
LONGEST_S, SHORTEST_CUT_S = 15.0, 3.0  # of an utterance, and of what is cut from one that is longer
SMOOTHED_S = 0.3  # over which speech is least likely
KEPT_SILENCE_S = 0.25  # at the ends of an utterance: enough for the aligner to begin and end
# A stream is as loud as the loud parts (8 ms, louder than 90 % of all) of so many windows.
PARTS = 4
LEVEL_WINDOWS = round(10 / WINDOW_S)

PAUSE, KEPT, LONGEST, SHORTEST_CUT, SMOOTHED = (
    round(its_s / WINDOW_S) for its_s in (PAUSE_S, KEPT_SILENCE_S, LONGEST_S, SHORTEST_CUT_S, SMOOTHED_S)
)  # in windows


@dataclass(frozen=True)
class SpokenUtterance:
    """A part of a stream.

    Attributes:
        samples: (n,) float32, mono, 16 kHz.
        start: its first sample's place in the stream.
    """

    samples: np.ndarray
    start: int

    @property
    def start_s(self) -> float:
        """Second of the stream in which it starts."""
        return self.start / SAMPLING_RATE

    @property
    def end_s(self) -> float:
        """Second of the stream in which it ends."""
        return (self.start + len(self.samples)) / SAMPLING_RATE


class UtteranceCutter:
    """Finds the utterances of a stream; of silence it keeps a quarter of a second, of speech at most 15 s."""

    def __init__(self):
        self._listener, self._powers = SpeechListener(), np.zeros((0, PARTS))
        self._rest = np.zeros(0, np.float32)  # less than a window
        self._kept: list[np.ndarray] = []  # windows of the utterance, or of the silence before one
        self._probabilities: list[float] = []  # of these
        self._start = 0  # the first sample of these
        self._pause: int | None = None  # windows since the last speech; None outside utterances

    def feed(self, samples: np.ndarray) -> list[SpokenUtterance]:
        """Hear the next samples.

        Args:
            samples: (n,) float32, mono, 16 kHz, of any length.

        Returns:
            The utterances that ended.
        """
        heard = np.concatenate([self._rest, samples])
        whole = len(heard) - len(heard) % WINDOW
        self._rest = heard[whole:].copy()
        windows = heard[:whole].reshape(-1, WINDOW)
        parts = (windows[first : first + PART // WINDOW] for first in range(0, len(windows), PART // WINDOW))
        ended = [self._add(*judged) for part in parts for judged in self._judged(part)]
        return [utterance for utterance in ended if utterance is not None]

    def finish(self) -> list[SpokenUtterance]:
        """End the stream: the utterance that has not ended yet."""
        if self._pause is None:
            return []
        self._kept.append(self._rest)
        self._rest, self._pause = self._rest[:0], None
        return [self._taken(len(self._kept))]

    @property
    def current(self) -> SpokenUtterance | None:
        """The utterance so far; `None` between utterances."""
        return None if self._pause is None else SpokenUtterance(np.concatenate(self._kept), self._start)

    def _judged(self, windows: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
        """Each window, and how surely it is speech."""
        levelled = np.concatenate([self._levelled(window) for window in windows])
        return zip(windows, self._listener.hear(levelled).tolist(), strict=True)

    def _levelled(self, window: np.ndarray) -> np.ndarray:
        """A window as loud as speech usually is, by what was heard last; a first one by itself."""
        centred = window - window.mean()
        powers = np.square(centred.reshape(PARTS, -1)).mean(axis=1)
        self._powers = np.concatenate([self._powers[-LEVEL_WINDOWS + 1 :], powers[None]])
        level = max(np.sqrt(np.quantile(self._powers, 0.9)), SILENT_PEAK)
        return np.clip(centred * np.float32(LEVEL / level), -1.0, 1.0)

    def _add(self, window: np.ndarray, probability: float) -> SpokenUtterance | None:
        """The utterance that this window ends, if it does."""
        self._kept.append(window.copy())
        self._probabilities.append(probability)
        if self._pause is None:
            self._wait_for_speech()
            return None
        self._pause = 0 if probability >= NO_PAUSE_PROBABILITY else self._pause + 1
        if self._pause >= PAUSE:
            self._pause = None
            return self._taken(len(self._kept) - KEPT)
        return self._taken(self._least_likely()) if len(self._kept) >= LONGEST else None

    def _wait_for_speech(self) -> None:
        last = self._probabilities[-SPEECH_WINDOWS:]
        if len(last) == SPEECH_WINDOWS and min(last) >= NO_PAUSE_PROBABILITY:
            self._pause = 0
        else:
            self._taken(max(0, len(self._kept) - KEPT - SPEECH_WINDOWS))

    def _least_likely(self) -> int:
        """The window of a long utterance in which it is cut."""
        smoothed = np.convolve(self._probabilities, np.ones(SMOOTHED), "same")
        inside = smoothed[SHORTEST_CUT : len(smoothed) - SHORTEST_CUT]
        return SHORTEST_CUT + int(np.argmin(inside))

    def _taken(self, count: int) -> SpokenUtterance:
        """The first windows, which are kept no longer."""
        taken = SpokenUtterance(np.concatenate([*self._kept[:count], self._rest[:0]]), self._start)
        self._start += len(taken.samples)
        del self._kept[:count], self._probabilities[:count]
        return taken
