"""How well emotions are found over time: the emotion diarisation error rate, and UA by second.

The error rate is that of the Zaion Emotion Dataset (Wang et al. 2023, "Speech Emotion Diarization: Which Emotion
Appears When?"): false alarms, missed emotion, confusion and overlap, in seconds, divided by all seconds. There, time
that has no label is neutral, and a neutral prediction is no emotion: a background of `"neutral"`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wise_hf.timeline.spans import Span
from wise_hf.training.intervals import RESAMPLES, percentile_interval


NO_EMOTION, SEVERAL = "no emotion", "several"


@dataclass(frozen=True)
class Labels:
    """What a second can be taken for.

    Args:
        emotions: the K labels, of the spans and of the model.
        background: what time without a label is; one of `emotions`, such as `"neutral"`, or another name for time in
            which there is no emotion. `None` = it is not known, and not scored.
    """

    emotions: tuple[str, ...]
    background: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The emotions, and last what is no emotion where that is none of them."""
        return tuple(dict.fromkeys([*self.emotions, self.background or NO_EMOTION]))

    @property
    def nothing(self) -> int:
        """The number of what is no emotion."""
        return self.names.index(self.background or NO_EMOTION)


@dataclass(frozen=True)
class Seconds:
    """How long each label of a recording was taken for what.

    Args:
        confusion: (L, L + 1) float64, in seconds: a row for each of `Labels.names`, a column for each, and one more
            for several emotions at once.
        overlap_s: how long of the last column the right emotion was among the several.
        unscored_s: how long there was no label, and no background that says what this means.
    """

    confusion: np.ndarray
    overlap_s: float
    unscored_s: float

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(
            self.confusion + other.confusion, self.overlap_s + other.overlap_s, self.unscored_s + other.unscored_s
        )


def count_seconds(
    spans: Sequence[Span], predicted: Sequence[tuple[float, float, str]], duration_s: float, labels: Labels
) -> Seconds:
    """Hold what was predicted for a recording, or a channel of it, against its labels.

    Args:
        spans: the labels; no two at once.
        predicted: start and end in seconds, and emotion, of each segment; in between no emotion is predicted.
        duration_s: how long the recording is.
        labels: what there is.
    """
    number, nothing = {name: index for index, name in enumerate(labels.names)}, labels.nothing
    marks = [(span.start_s, span.end_s, span.emotion) for span in spans]
    edges = np.unique([0.0, duration_s, *(time for *times, _ in [*marks, *predicted] for time in times)])
    true = np.full(len(edges) - 1, -1 if labels.background is None else nothing)
    for start, end, emotion in marks:
        true[slice(*np.searchsorted(edges, (start, end)))] = number[emotion]
    said = np.zeros((len(true), len(number)), dtype=bool)
    for start, end, emotion in predicted:
        said[slice(*np.searchsorted(edges, (start, end))), number[emotion]] = True
    said[:, nothing] = ~np.delete(said, nothing, axis=1).any(axis=1)
    column = np.where(said.sum(axis=1) == 1, said.argmax(axis=1), len(number))
    lengths, scored = np.diff(edges), true >= 0
    confusion = np.zeros((len(number), len(number) + 1))
    np.add.at(confusion, (true[scored], column[scored]), lengths[scored])
    is_overlap = scored & (column == len(number)) & said[np.arange(len(true)), true]
    return Seconds(confusion, float(lengths[is_overlap].sum()), float(lengths[~scored].sum()))


def diarization_errors(seconds: Seconds, labels: Labels) -> dict[str, float]:
    """The error rate and what it is made of.

    Args:
        seconds: of one recording or of several together.
        labels: what there is.

    Returns:
        `eder`; `false_alarm_s`, where there is no emotion and one is predicted; `missed_s`, where there is one and
        none is predicted; `confusion_s`, where another one is; `overlap_s`, where others are beside the right one; and
        `scored_s`, by which their sum is divided.
    """
    nothing = labels.nothing
    wrong = seconds.confusion.copy()
    np.fill_diagonal(wrong, 0.0)
    emotional = np.delete(wrong, nothing, axis=0)
    scored_s = float(seconds.confusion.sum())
    return {
        "eder": float(wrong.sum()) / scored_s if scored_s else float("nan"),
        "false_alarm_s": float(wrong[nothing].sum()),
        "missed_s": float(emotional[:, nothing].sum()),
        "confusion_s": float(np.delete(emotional, nothing, axis=1).sum()) - seconds.overlap_s,
        "overlap_s": seconds.overlap_s,
        "scored_s": scored_s,
    }


def recalls_by_second(confusion: np.ndarray, labels: Labels) -> np.ndarray:
    """How much of each emotion's seconds is found.

    Args:
        confusion: (..., L, L + 1) seconds, see `Seconds`.
        labels: the K emotions, which are the first of the L names.

    Returns:
        (..., K) float64 shares in [0, 1]; NaN for an emotion without seconds.
    """
    rows = confusion[..., : len(labels.emotions), :]
    found, all_s = np.diagonal(rows, axis1=-2, axis2=-1), rows.sum(axis=-1)
    return np.divide(found, all_s, out=np.full(found.shape, np.nan), where=all_s > 0)


def time_scores(recordings: Mapping[str, Seconds], labels: Labels, seed: int = 0) -> dict:
    """The scores of all recordings together.

    Args:
        recordings: the seconds of each by its name.
        labels: what there is.
        seed: of the resamples, which draw the recordings anew.

    Returns:
        What `diarization_errors` gives of all seconds; `ua`, the mean recall of the emotions by second, and `recall`
        of each; both scores' 95 % `eder_interval` and `ua_interval`, `None` for a single recording; `mean_eder` of
        the recordings, which SpeechBrain reports; `unscored_s`; the `confusion` in seconds; and `files`, the same
        of each recording.
    """
    whole = sum(recordings.values(), start=Seconds(np.zeros(()), 0.0, 0.0))
    files = {name: _scores(seconds, labels) for name, seconds in recordings.items()}
    known = [scores["eder"] for scores in files.values() if scores["scored_s"]]
    summary = {"emotions": list(labels.emotions), "background": labels.background, "num_recordings": len(files)}
    summary |= _scores(whole, labels) | {"mean_eder": float(np.mean(known))}
    summary |= _intervals(np.array([each.confusion for each in recordings.values()]), labels, seed)
    columns = (*labels.names, SEVERAL)
    confusion = {
        name: dict(zip(columns, row.tolist(), strict=True))
        for name, row in zip(labels.names, whole.confusion, strict=True)
        if row.any()
    }
    return summary | {"confusion": confusion, "files": files}


def _scores(seconds: Seconds, labels: Labels) -> dict:
    recalls = dict(zip(labels.emotions, recalls_by_second(seconds.confusion, labels).tolist(), strict=True))
    recalls = {emotion: recall for emotion, recall in recalls.items() if not np.isnan(recall)}
    return diarization_errors(seconds, labels) | {
        "unscored_s": seconds.unscored_s,
        "ua": float(np.mean(list(recalls.values()))),
        "recall": recalls,
    }


def _intervals(confusions: np.ndarray, labels: Labels, seed: int) -> dict[str, list[float] | None]:
    """Of (N, L, L + 1) seconds of the recordings."""
    count = len(confusions)
    if count == 1:
        return {"eder_interval": None, "ua_interval": None}
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    drawn = np.tensordot(draws, confusions, axes=1)
    eder = 1 - np.trace(drawn, axis1=1, axis2=2) / drawn.sum(axis=(1, 2))
    ua = np.nanmean(recalls_by_second(drawn, labels), axis=1)
    return {"eder_interval": percentile_interval(eder), "ua_interval": percentile_interval(ua)}
