"""What the tests of timelines share: a pipeline that answers at once, and rows."""

from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

from wise_hf.timeline.rows import KINDS, LeftOutRow, Row, SegmentRow, WordRow


LABELS = ("angry", "happy", "sad")
RATE = 16_000


class QuickPipeline:
    """Takes recordings as the pipeline does; its words are evenly long, and every few recordings it fails.

    Args:
        fails: numbers of recordings, from 0, that it cannot use.
        normalization: its feature extractor's.
    """

    def __init__(self, fails: frozenset[int] = frozenset(), normalization: str = "global"):
        self._fails = fails
        self.processor = SimpleNamespace(feature_extractor=SimpleNamespace(normalization=normalization))
        self.heard: list[dict] = []  # the recordings without their samples
        self.speakers: list[str | None] = []  # in the first pass

    def hear_speakers(self, recordings: Any, on_error: str) -> Any:
        assert on_error == "report"
        self.speakers = [recordings[index]["speaker"] for index in range(len(recordings))]
        return recordings

    def __call__(self, recordings: Any, return_words: bool, on_error: str) -> Iterator[dict]:
        assert return_words and on_error == "report"
        for index in range(len(recordings)):
            recording = recordings[index]
            samples = recording.pop("array")
            self.heard.append(recording | {"duration_s": len(samples) / RATE})
            error = {"error": f"recording {index + 1}: No word was heard."}
            yield error if index in self._fails else self._result(index)

    def _result(self, index: int) -> dict:
        given, duration_s = self.heard[index]["words"], self.heard[index]["duration_s"]
        names = [word["word"] for word in given] if given else [f"word{number}" for number in range(1 + index % 5)]
        edges = np.linspace(0, duration_s, len(names) + 1).tolist()
        scores = np.random.default_rng(index).dirichlet(np.ones(len(LABELS))).tolist()
        words = [
            {"word": name, "start_s": edges[number], "end_s": edges[number + 1], "attention": 1 / len(names)}
            for number, name in enumerate(names)
        ]
        best_first = sorted(zip(scores, LABELS, strict=True), reverse=True)
        return {
            "scores": [{"label": label, "score": score} for score, label in best_first],
            "text": " ".join(names),
            "alignment": "asr+aligner",
            "fit": 0.9,
            "words": words,
        }


def segment_row(segment: int, start_s: float, end_s: float, text: str = "well then", **changes: Any) -> SegmentRow:
    probabilities = dict(zip(LABELS, (0.2, 0.5, 0.3), strict=True))
    place = {"file": "calls/a b.wav", "channel": None, "speaker": None, "segment": segment}
    told = {"language": None, "alignment": "aligner", "fit": 0.5, "emotion": "happy", "warnings": []}
    times = {"start_s": start_s, "end_s": end_s, "text": text}
    return SegmentRow(row="segment", **(place | times | told | {"probabilities": probabilities} | changes))


def word_row(segment: int, word: int, start_s: float, end_s: float, text: str, **changes: Any) -> WordRow:
    place = {"file": "calls/a b.wav", "channel": None, "speaker": None, "segment": segment, "word": word}
    told = {"attention": 0.5, "confidence": None, "emotion": "sad"}
    told["probabilities"] = dict(zip(LABELS, (0.1, 0.2, 0.7), strict=True))
    times = {"start_s": start_s, "end_s": end_s, "text": text}
    return WordRow(row="word", **(place | times | told | changes))


def left_out_row(start_s: float, end_s: float, reason: str = "Silence.", channel: int | None = None) -> LeftOutRow:
    place = {"file": "calls/a b.wav", "channel": channel}
    return LeftOutRow(row="left_out", **place, start_s=start_s, end_s=end_s, reason=reason)


def assert_complete(rows: list[Row], duration_s: float) -> None:
    """All keys, times that only grow and lie in the file, no second without a row, words inside their segments."""
    assert all(list(row) == list(KINDS[row["row"]].__annotations__) for row in rows)
    for channel in {row["channel"] for row in rows}:
        spans = [row for row in rows if row["channel"] == channel and row["row"] != "word"]
        assert spans[0]["start_s"] == 0 and spans[-1]["end_s"] == duration_s
        assert all(first["end_s"] == second["start_s"] for first, second in pairwise(spans))
        assert all(row["start_s"] < row["end_s"] for row in spans)
    segments = [row for row in rows if row["row"] == "segment"]
    assert [row["segment"] for row in segments] == list(range(len(segments)))
    assert [row["start_s"] for row in segments] == sorted(row["start_s"] for row in segments)
    for segment in segments:
        words = [row for row in rows if row["row"] == "word" and row["segment"] == segment["segment"]]
        times = [segment["start_s"], *(row[key] for row in words for key in ("start_s", "end_s")), segment["end_s"]]
        assert words and times == sorted(times)
        assert [row["word"] for row in words] == list(range(len(words)))
