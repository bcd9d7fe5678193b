"""Files in, emotions out, as columns: the same class for `datasets`, Ray Data and Spark."""

import logging
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from wise_hf.model.alignment_wise import MAX_ALIGNED_S
from wise_hf.model.audio_wise import told_names
from wise_hf.model.decoder_wise import SAMPLING_RATE
from wise_hf.model.loading import load_config, load_pipeline
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.model.recognised_wise import Recogniser
from wise_hf.timeline.decoded import Decoded, TemporaryFileError
from wise_hf.timeline.flat_tables import COLUMNS, flat_row, probability_columns
from wise_hf.timeline.pieces import Piece
from wise_hf.timeline.rows import Row
from wise_hf.timeline.run import planned_pieces, predict_pieces


logger = logging.getLogger(__name__)

GIVEN = ("path", "text", "speaker", "channel")
OF_ROWS = (
    *("file", "channel", "speaker", "segment", "start_s", "end_s", "text", "language", "alignment", "fit"),
    *("emotion", "warnings", "reason"),
)
OF_WORDS = ("text", "start_s", "end_s", "attention", "confidence", "emotion")
MOST_PLACES = 10  # the last, of a fault of ours


@dataclass(frozen=True)
class EmotionOfFiles:
    """Columns of files to columns of their emotions; it can be pickled, and every process loads the model once.

    ```python
    emotion = EmotionOfFiles("org/wise-iemocap")
    Dataset.from_dict({"path": paths}).map(emotion, batched=True, batch_size=8, remove_columns=["path"])
    ```

    A file of at most 120 s is one segment, all its channels heard as one. A longer one is cut at its pauses and, where
    each channel has a speaker, heard channel by channel (`predict_file`). So a stereo call is mixed up to 120 s and
    split above; where its `channel` or `speaker` is given, its length makes no such difference.

    Args:
        model: folder of a saved model, or its name on the Hub.
        recogniser: hears the words of files without text, see the pipeline; a function must be one that can be
            pickled.
        language: ISO 639-1 code of what is spoken, for the recogniser.
        revision: commit, branch or tag of a model on the Hub; a commit, see `commit_of`, is the same in all processes.
    """

    model: str
    recogniser: str | Recogniser | None = None
    language: str | None = None
    revision: str | None = None

    def __call__(self, columns: Mapping[str, Sequence]) -> dict[str, list]:
        """Classify files.

        Args:
            columns: `path`, and where known `text` (what is said, in at most 120 s), `speaker` (who speaks, by whose
                speech in this file it is normalised) and `channel` (the only one to hear, from 0); others are passed
                over.

        Returns:
            Columns as in `schema`, a row a segment, in the order of the files. A stretch that is left out has a row
            with its `reason` in place of an `emotion`, and a file of which nothing can be used one row with an
            `error`.
        """
        classify = _loaded(self)
        return self.as_columns(row for file in _files(columns) for row in _rows_or_error(classify, file))

    def as_columns(self, rows: Iterable[dict]) -> dict[str, list]:
        """Rows as columns, `None` where they lack one."""
        kept = list(rows)
        return {name: [row.get(name) for row in kept] for name in self.schema.names}

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns and their types: those of a timeline's table, the words as a list, `duration_s` and `error`."""
        probabilities = probability_columns(load_config(self.model, self.revision).id2label.values())
        word = pa.struct({name: COLUMNS[name] for name in OF_WORDS} | probabilities)
        rest = {"words": pa.list_(word), "duration_s": pa.float64(), "error": pa.string()}
        return pa.schema({name: COLUMNS[name] for name in OF_ROWS} | probabilities | rest)


@lru_cache(maxsize=1)
def _loaded(emotion: EmotionOfFiles) -> WISEAudioClassificationPipeline:
    return load_pipeline(emotion.model, emotion.recogniser, emotion.language, emotion.revision)


def _files(columns: Mapping[str, Sequence]) -> Iterator[dict]:
    """What is known of each file."""
    if "path" not in columns:
        raise ValueError(f"There is no column path (but {told_names(columns)}); give one with the paths of the files.")
    names = [name for name in GIVEN if name in columns]
    for values in zip(*(columns[name] for name in names), strict=True):
        yield dict(zip(names, map(_known, values), strict=True))


def _known(value: Any) -> Any:
    """A value of a column, `None` where it is empty, as pandas (NaN) and CSV have it."""
    return None if value is None or value != value or value == "" else value


def _rows_or_error(classify: WISEAudioClassificationPipeline, file: Mapping[str, Any]) -> list[dict]:
    """The rows of a file, or one that tells why there are none: nothing that is wrong with a file stops the others."""
    try:
        rows = list(_file_rows(classify, **file))
    except TemporaryFileError:  # of this machine
        raise
    except ValueError as error:
        return [error_row(file, str(error))]
    except Exception as error:
        where = _where_it_failed(error)
        logger.error("%s: %s", file["path"], where)
        return [error_row(file, where)]
    if all(row["row"] == "left_out" for row in rows):
        return [error_row(file, " ".join(dict.fromkeys(row["reason"] for row in rows)), rows[-1]["end_s"])]
    return _with_words(rows)


def _where_it_failed(error: Exception) -> str:
    """A fault of ours in a line, by its kind and place: its message may quote what somebody said."""
    places = traceback.extract_tb(error.__traceback__, limit=-MOST_PLACES)
    return f"{type(error).__name__} in {', '.join(f'{Path(each.filename).name}:{each.lineno}' for each in places)}"


def error_row(file: Mapping[str, Any], error: str, duration_s: float | None = None) -> dict:
    """The row of a file that cannot be used."""
    given = {name: file.get(name) for name in ("channel", "speaker")}
    return {"file": file.get("path"), **given, "duration_s": duration_s, "error": error}


def _file_rows(
    classify: WISEAudioClassificationPipeline,
    path: str | None,
    text: str | None = None,
    speaker: str | None = None,
    channel: float | None = None,
) -> Iterator[Row]:
    if path is None:
        raise ValueError("The path is empty; give that of an audio file.")
    try:
        number = None if channel is None else int(channel)
    except (TypeError, ValueError, OverflowError):  # which quotes it
        raise ValueError("The channel is no whole number; give its number, from 0.") from None
    with Decoded(path, number) as recording:
        if recording.num_samples <= MAX_ALIGNED_S * SAMPLING_RATE:
            pieces = [Piece(0, recording.num_samples, speaker=speaker, text=text)]
        else:
            pieces = planned_pieces(recording, path, text, speaker=speaker)
        yield from predict_pieces(classify, recording, path, pieces, number)


def _with_words(rows: Sequence[Row]) -> list[dict]:
    """A timeline's rows as those of the table, the words of a segment in its row."""
    duration_s = max(row["end_s"] for row in rows)
    made: list[dict] = []
    for row in rows:
        flat = flat_row(row)
        if row["row"] == "word":
            made[-1]["words"].append({name: flat[name] for name in flat if name in OF_WORDS or name not in COLUMNS})
        else:
            made.append(flat | {"words": [], "duration_s": duration_s})
    return made
