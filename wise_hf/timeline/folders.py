"""Many long recordings: a folder for each, and one that fails stops no other."""

import logging
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from wise_hf.data.files import check_writable
from wise_hf.data.output_lock import lock_beside, only_writer
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.timeline.outputs import FORMATS, write_outputs
from wise_hf.timeline.run import predict_file


logger = logging.getLogger(__name__)


def predict_files(
    classify: WISEAudioClassificationPipeline,
    recordings: Sequence[dict],
    output_dir: Path,
    formats: Sequence[str] = tuple(FORMATS),
    overwrite: bool = False,
) -> list[str]:
    """Write the timelines of recordings, each into a folder of `output_dir` that is called like the recording.

    Args:
        classify: the pipeline of a saved model.
        recordings: arguments of `predict_file`, by name.
        output_dir: where the folders go.
        formats: names of `FORMATS`.
        overwrite: replace earlier timelines.

    Returns:
        A sentence for each recording that could not be used, or that another process is writing.

    Raises:
        ValueError: `output_dir` cannot be written, or has one of the folders.
    """
    folders = [output_dir / name for name in unique_names(each["path"] for each in recordings)]
    for folder in folders:
        _check_free(folder, overwrite)
    check_writable(output_dir)
    errors = []
    for recording, folder in zip(recordings, folders, strict=True):
        try:
            with only_writer(folder, partial(_check_free, folder, overwrite), lock_beside(folder)):
                write_outputs(predict_file(classify, **recording, show_progress=True), folder, formats)
        except ValueError as error:
            logger.error("%s", error)
            errors.append(str(error))
    return errors


def unique_names(paths: Iterable[str]) -> list[str]:
    """Names of files without their endings; a number is added to a name that is taken."""
    names: list[str] = []
    for path in paths:
        stem = name = Path(path).stem
        count = 1
        while name.lower() in (each.lower() for each in names):
            count += 1
            name = f"{stem}_{count}"
        names.append(name)
    return names


def _check_free(folder: Path, overwrite: bool) -> None:
    """Refuse to replace what was not asked to be replaced, or is no timeline."""
    if not folder.exists():
        return
    if not (folder / f"{folder.name}.jsonl").is_file():
        raise ValueError(f"{folder} is there and no timeline; give another --output_dir.")
    if not overwrite:
        raise ValueError(f"{folder} holds a timeline; give another --output_dir, or --overwrite_output_dir.")
