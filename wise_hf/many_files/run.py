"""The emotion of very many files: every shard that is not there yet, and at the end what could not be used."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from tqdm.auto import tqdm

from wise_hf.many_files.emotion_of_files import EmotionOfFiles
from wise_hf.many_files.shards import Shards
from wise_hf.model.loading import weights_digest
from wise_hf.model.recognisers_wise import FASTER_WHISPER, RecogniserSource


# Shards by their number -> the number of a shard and its rows, as they come.
Runner = Callable[[EmotionOfFiles, Mapping[int, Sequence[dict]]], Iterator[tuple[int, pa.Table]]]


def predict_shards(emotion: EmotionOfFiles, files: Sequence[dict], output: Path, size: int, run: Runner) -> None:
    """Write the emotions of files into a folder of Parquet files, and go on where an earlier run ended.

    Args:
        emotion: what is done.
        files: what is known of each, by the columns of `EmotionOfFiles`.
        output: the folder.
        size: how many files have their rows in one Parquet file, which is written when all are done.
        run: who does it.

    Raises:
        ValueError: the folder cannot be used; the recogniser is a function; or at the end, files could not be used.
    """
    with Shards(output, files, size).opened(_options(emotion)) as shards:
        due = shards.due()
        left = sum(map(len, due.values()))
        with tqdm(total=len(files), initial=len(files) - left, unit="file") as shown:
            for number, rows in run(emotion, due) if due else ():
                shards.write(number, rows)
                shown.update(len(due[number]))
        failed = shards.write_errors()
    if failed:
        raise ValueError(f"{failed} of {len(files)} files could not be used: {shards.errors}")


def _options(emotion: EmotionOfFiles) -> dict[str, str | None]:
    """What the rows depend on."""
    model, recogniser = emotion.model, emotion.recogniser
    if callable(recogniser):
        raise ValueError(f"A later run cannot tell what {recogniser!r:.60} hears; give a recogniser's name or folder.")
    options = {"model": model, "recogniser": recogniser, "language": emotion.language}
    if emotion.revision is not None:
        options["revision"] = emotion.revision
    if Path(model).is_dir():
        options["weights"] = weights_digest(Path(model))
    if recogniser is not None and Path(recogniser.removeprefix(FASTER_WHISPER)).is_dir():
        options["recogniser_files"] = RecogniserSource(recogniser, emotion.language).known_by[1]
    return options
