"""Recordings that nothing can be made of: all told at once, or passed over."""

import logging
from collections.abc import Callable, Mapping

from datasets import Dataset

from wise_hf.data.iemocap_check import MOST_LISTED, listed


logger = logging.getLogger(__name__)


class UnusableRows(ValueError):
    """
    Some rows of a corpus cannot be used.

    Args:
        dataset: the corpus.
        reasons: by the number of the row.
    """

    def __init__(self, dataset: Dataset, reasons: Mapping[int, str]):
        self.reasons = dict(sorted(reasons.items()))
        super().__init__(
            f"{len(reasons)} of {len(dataset)} recordings cannot be used: {_by_reason(dataset, self.reasons)}. Mend "
            "or remove them, or pass over them by --skip_unusable (without_unusable)."
        )


def check_usable(dataset: Dataset, reasons: Mapping[int, str]) -> None:
    """
    Name every row that cannot be used in the log, and stop.

    Args:
        dataset: the corpus.
        reasons: why a row cannot be used, by its number.

    Raises:
        UnusableRows: where there is one.
    """
    if reasons:
        for row, reason in sorted(reasons.items()):
            logger.warning("%s cannot be used: %s", dataset[row]["audio"], reason)
        raise UnusableRows(dataset, reasons)


def without_unusable(dataset: Dataset, prepare: Callable[[Dataset], object]) -> Dataset:
    """
    The rows of a corpus that can be prepared.

    Args:
        dataset: the corpus.
        prepare: what is to be done with it, and raises UnusableRows where it cannot be.

    Raises:
        UnusableRows: where no row is left.
    """
    try:
        prepare(dataset)
    except UnusableRows as error:
        rows = [row for row in range(len(dataset)) if row not in error.reasons]
        if not rows:
            raise
        logger.info("Passed over: %d of %d recordings.", len(error.reasons), len(dataset))
        return without_unusable(dataset.select(rows), prepare)
    return dataset


def _by_reason(dataset: Dataset, reasons: Mapping[int, str]) -> str:
    """The first recordings of the most frequent reasons."""
    names: dict[str, list[str]] = {}
    for row, reason in reasons.items():
        names.setdefault(reason.rstrip("."), []).append(dataset[row]["audio"])
    groups = sorted(names.items(), key=lambda group: -len(group[1]))
    told = "; ".join(f"{listed(paths)}: {reason}" for reason, paths in groups[:MOST_LISTED])
    more = len(groups) - MOST_LISTED
    return told + (f"; and for {more} more reasons (see the log)" if more > 0 else "")
