"""Recordings cut where a person labelled them: what a model scores where its segments need not be found."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from wise_hf.model.decoder_wise import SAMPLING_RATE
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.timeline.decoded import Decoded
from wise_hf.timeline.pieces import Piece
from wise_hf.timeline.rows import Row
from wise_hf.timeline.run import predict_pieces
from wise_hf.timeline.spans import Span, spans_by_channel


NO_LABEL = "It has no label."


def predict_spans(classify: WISEAudioClassificationPipeline, path: Path, spans: Sequence[Span]) -> Iterator[Row]:
    """Classify each labelled span of a recording; its emotion is not looked at.

    Args:
        classify: the pipeline of a saved model.
        path: the recording.
        spans: no two at once in a channel.

    Yields:
        Rows as `predict_file` gives them, of the channels that have labels.

    Raises:
        ValueError: for a recording that cannot be read, or ends before a span of it begins.
    """
    with Decoded(path) as recording:
        pieces = [
            piece
            for channel, its in spans_by_channel(spans).items()
            for piece in _pieces(channel, its, recording.num_samples, path)
        ]
        pieces.sort(key=lambda piece: (piece.start, piece.channel or 0))
        yield from predict_pieces(classify, recording, str(path), pieces)


def _pieces(channel: int | None, spans: Sequence[Span], num_samples: int, path: Path) -> Iterator[Piece]:
    """The spans of a channel, and what is between them."""
    speaker = None if channel is None else f"channel {channel}"  # as where the recording is cut at its pauses
    at = 0
    for span in sorted(spans, key=lambda each: each.start_s):
        start, stop = (min(round(time_s * SAMPLING_RATE), num_samples) for time_s in (span.start_s, span.end_s))
        if start == stop:
            raise ValueError(f"{path} ends before its span at {span.start_s} s; give the labels of this recording.")
        if at < start:
            yield Piece(at, start, channel, speaker, reason=NO_LABEL)
        yield Piece(start, stop, channel, speaker)
        at = stop
    if at < num_samples:
        yield Piece(at, num_samples, channel, speaker, reason=NO_LABEL)
