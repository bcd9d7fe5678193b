"""The rows of the benchmark's table, by the names that they are asked for with."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from threadpoolctl import threadpool_limits

from wise_hf.benchmark import model_rows, preparation_rows, recording_rows, scaling_rows, start_rows, training_rows
from wise_hf.benchmark.measurement import Measurement, NotHere
from wise_hf.benchmark.setting import Setting


logger = logging.getLogger(__name__)

Row = Callable[[Setting], list[Measurement]]

ROWS: Mapping[str, Row] = {
    "aligner": recording_rows.compare_aligner,
    "scores": recording_rows.compare_scores,
    "heard_scores": recording_rows.compare_heard_scores,
    "whisper": recording_rows.compare_whisper,
    "step": model_rows.compare_step,
    "forward": model_rows.compare_forward,
    "gpu": model_rows.compare_on_gpu,
    "transcribed": preparation_rows.compare_transcribed,
    "untranscribed": preparation_rows.compare_untranscribed,
    "epoch_share": training_rows.compare_epoch_share,
    "first_prediction": start_rows.compare_first_prediction,
    "import": start_rows.compare_imports,
    "mfcc": recording_rows.compare_mfcc,
    "bytes": lambda setting: model_rows.compare_bytes(),
    "memory": recording_rows.compare_memory,
    "aligner_growth": scaling_rows.grow_aligner,
    "mfcc_growth": scaling_rows.grow_mfcc,
    "forward_growth": scaling_rows.grow_forward,
    "pipeline_growth": scaling_rows.grow_pipeline,
    "timeline_growth": scaling_rows.grow_timeline,
    "collation_growth": scaling_rows.grow_collation,
    "preparation_growth": scaling_rows.grow_preparation,
    "aligner_memory": scaling_rows.compare_aligner_memory,
    "preparation_memory": scaling_rows.compare_preparation_memory,
    "timeline_memory": scaling_rows.compare_timeline_memory,
}


def run_rows(
    names: Sequence[str], setting: Setting, rows: Mapping[str, Row] = ROWS
) -> Iterator[tuple[list[Measurement], dict[str, str]]]:
    """Measure rows one after the other.

    Args:
        names: of `rows`.
        setting: what with.
        rows: those that there are.

    Yields:
        After each row what was measured so far; and, by its name, why a row could not be.
    """
    measured, missing = [], {}
    for number, name in enumerate(names, 1):
        logger.info("Row %d of %d: %s", number, len(names), name)
        torch.set_num_threads(setting.threads)  # for each row: a training sets its own
        try:
            with threadpool_limits(setting.threads, "blas"):
                made = rows[name](setting)
        except NotHere as error:
            made, missing[name] = [], str(error)
        measured += made
        for each in made:
            logger.info("  %s: %.2f", each.name, each.ratio)
        yield measured, missing
