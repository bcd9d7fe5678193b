"""A recording of any length to the rows of its timeline, in bounded memory."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm.auto import tqdm

from wise_hf.model.alignment_wise import MAX_ALIGNED_S
from wise_hf.model.decoder_wise import SAMPLING_RATE
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.model.word_times_wise import words_from_times
from wise_hf.timeline.decoded import Decoded
from wise_hf.timeline.pieces import Piece, ReadPieces, cut_recording
from wise_hf.timeline.rows import LeftOutRow, Row, SegmentRow, WordRow


def predict_file(
    classify: WISEAudioClassificationPipeline,
    path: Path | str,
    text: str | None = None,
    words: Sequence[Mapping] | None = None,
    language: str = "en",
    speaker: str | None = None,
    channel: int | None = None,
    channels: str | None = None,
    show_progress: bool = False,
) -> Iterator[Row]:
    """The emotion of a recording of any length over its course.

    ```python
    classify = load_pipeline(starter_model())
    for row in predict_file(classify, "call.wav"):
        print(row["start_s"], row.get("emotion"))
    ```

    It is cut at its pauses, into pieces of at most 15 s of speech. Where each channel has a speaker, each is heard
    alone and normalised by this speaker's speech; several speakers in one channel are not told apart.

    Args:
        classify: the pipeline of a saved model.
        path: an audio file.
        text: what is said in it, where it lasts at most 120 s; it is then one piece.
        words: instead of the text, the words with their times, as `words_from_times` takes them; no other is heard.
        language: ISO 639-1 code of these words.
        speaker: who speaks in it, where it is one person.
        channel: the only channel to hear, from 0.
        channels: "speakers" (each channel has one), "mix" (all are heard as one), or `None`: whichever fits.
        show_progress: with a progress bar.

    Yields:
        Rows in the order of time; a segment's words follow it.

    Raises:
        ValueError: for a file that cannot be read, or a text of more than 120 s. What is wrong with a piece is the
            reason in the row of what is left out.
    """
    name = str(path)
    with Decoded(path, channel) as recording:
        pieces = planned_pieces(recording, name, text, words, language, speaker, channels)
        yield from predict_pieces(classify, recording, name, pieces, channel, show_progress)


def planned_pieces(
    recording: Decoded,
    name: str,
    text: str | None = None,
    words: Sequence[Mapping] | None = None,
    language: str = "en",
    speaker: str | None = None,
    channels: str | None = None,
) -> list[Piece]:
    """How `predict_file` cuts a recording.

    Args:
        recording: of any length.
        name: what to call it in the log and in errors.
        text, words, language, speaker, channels: see `predict_file`.

    Returns:
        The pieces in the order of time.

    Raises:
        ValueError: for a text of more than 120 s, or words whose times cannot be used.
    """
    if text is not None:
        return [_whole(recording, name, text, speaker)]
    timed = None if words is None else words_from_times(words, recording.duration_s, language)
    mixed = channels if speaker is None and words is None else "mix"
    cut = cut_recording(recording, name, mixed, speaker, timed)
    return [replace(piece, language=language) for piece in cut]


def predict_pieces(
    classify: WISEAudioClassificationPipeline,
    recording: Decoded,
    name: str,
    pieces: Sequence[Piece],
    channel: int | None = None,
    show_progress: bool = False,
) -> Iterator[Row]:
    """The rows of a recording that has been cut.

    Args:
        classify: the pipeline of a saved model.
        recording: what the pieces are of.
        name: the file, for the rows.
        pieces: in the order of time.
        channel: which channel of the file the recording is, where it is one of several.
        show_progress: with a progress bar.

    Yields:
        See `predict_file`.
    """
    results = _results(classify, recording, [piece for piece in pieces if piece.reason is None], show_progress)
    segments = itertools.count()
    for piece in pieces:
        place = {"file": name, "channel": piece.channel if channel is None else channel}
        result = next(results) if piece.reason is None else {"error": piece.reason}
        if "error" in result:
            yield _left_out(piece, place, result["error"])
        else:
            yield from _segment(piece, place | {"speaker": piece.speaker, "segment": next(segments)}, result)


def _whole(recording: Decoded, name: str, text: str, speaker: str | None) -> Piece:
    """A recording as one piece, of which the text is known."""
    if recording.duration_s > MAX_ALIGNED_S:
        raise ValueError(
            f"{name} lasts {recording.duration_s:.1f} s, and the words of a text are found in {MAX_ALIGNED_S:g} s at "
            "most; leave the text out, or give parts of the recording with their texts."
        )
    return Piece(0, recording.num_samples, speaker=speaker, text=text)


def _results(
    classify: WISEAudioClassificationPipeline, recording: Decoded, pieces: Sequence[Piece], show_progress: bool
) -> Iterator[dict]:
    """What the pipeline makes of each piece; pieces with a speaker are read twice."""
    if not pieces:
        return
    is_twice = pieces[0].speaker is not None and classify.processor.feature_extractor.normalization == "speaker"
    total_s = (1 + is_twice) * sum(piece.stop - piece.start for piece in pieces) / SAMPLING_RATE
    with tqdm(total=math.ceil(total_s), unit="s", unit_scale=True, disable=not show_progress) as shown:
        read = ReadPieces(recording, pieces, shown)
        given = classify.hear_speakers(read, "report") if is_twice else read
        for number, result in enumerate(classify(given, return_words=True, on_error="report"), 1):
            if "error" in result:
                result = {"error": result["error"].removeprefix(f"recording {number}: ")}
            yield result


def _left_out(piece: Piece, place: dict, reason: str) -> LeftOutRow:
    start_s, end_s = piece.start / SAMPLING_RATE, piece.stop / SAMPLING_RATE
    return LeftOutRow(row="left_out", **place, start_s=start_s, end_s=end_s, reason=reason)


def _segment(piece: Piece, place: dict, result: dict) -> Iterator[SegmentRow | WordRow]:
    """The row of a piece, and those of its words."""
    start_s, end_s = piece.start / SAMPLING_RATE, piece.stop / SAMPLING_RATE
    yield SegmentRow(
        row="segment",
        **place,
        start_s=start_s,
        end_s=end_s,
        text=result["text"],
        language=result.get("language"),
        alignment=result["alignment"],
        fit=result["fit"],
        emotion=result["scores"][0]["label"],
        probabilities={entry["label"]: entry["score"] for entry in result["scores"]},
        warnings=result.get("warnings", []),
    )
    for number, word in enumerate(result["words"]):
        so_far = word.get("probabilities")
        yield WordRow(
            row="word",
            **place,
            word=number,
            start_s=_in_file(word["start_s"], start_s, end_s),
            end_s=_in_file(word["end_s"], start_s, end_s),
            text=word["word"],
            attention=word["attention"],
            confidence=word.get("confidence"),
            emotion=max(so_far, key=so_far.get) if so_far else None,
            probabilities=so_far,
        )


def _in_file(time_s: float, start_s: float, end_s: float) -> float:
    """Seconds of a piece as seconds of the file, within the piece whatever is rounded."""
    return min(max(round(start_s + time_s, 6), start_s), end_s)
