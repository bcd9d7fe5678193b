"""Recordings cut where a person labelled them: what a model scores where finding the segments costs nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from wise_hf.model.audio_wise import audio_duration_s, read_audio
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.timeline.spans import Span, spans_by_channel


def predict_spans(classify: WISEAudioClassificationPipeline, path: Path, spans: Sequence[Span]) -> Iterator[dict]:
    """Classify each labelled span of a recording; its emotion is not looked at.

    Args:
        classify: the pipeline of a saved model.
        path: the recording.
        spans: no two at once in a channel.

    Returns:
        Rows of a timeline, the segments and what is left out, with the keys that scores need.

    Raises:
        ValueError: for a recording that cannot be read.
    """
    duration_s, rate = audio_duration_s(path), classify.processor.feature_extractor.sampling_rate
    for channel, its in spans_by_channel(spans).items():
        at_s = 0.0
        for span in sorted(its, key=lambda each: each.start_s):
            samples = read_audio(path, rate, span.start_s, span.end_s, channel)
            result = classify({"array": samples, "sampling_rate": rate}, on_error="report")
            if at_s < span.start_s:
                yield _left_out(channel, at_s, span.start_s, "There is no label.")
            if "error" in result:
                yield _left_out(channel, span.start_s, span.end_s, result["error"])
            else:
                probabilities = {each["label"]: each["score"] for each in result}
                told = {"emotion": result[0]["label"], "probabilities": probabilities}
                yield {"row": "segment", "channel": channel, "start_s": span.start_s, "end_s": span.end_s} | told
            at_s = span.end_s
        if at_s < duration_s:
            yield _left_out(channel, at_s, duration_s, "There is no label.")


def _left_out(channel: int | None, start_s: float, end_s: float, reason: str) -> dict:
    return {"row": "left_out", "channel": channel, "start_s": start_s, "end_s": end_s, "reason": reason}
