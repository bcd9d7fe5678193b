"""Recordings that nothing can be made of: all told at once, or passed over."""

import logging
from collections.abc import Callable, Mapping, Sequence

from datasets import Dataset


logger = logging.getLogger(__name__)

MOST_LISTED = 5
PASS_OVER = "give --skip_unusable to pass over them"


def reason_of(error: Exception, audio: str) -> str:
    """The sentence of an error without the path of the recording: the same for every recording with that fault."""
    return str(error).removeprefix(f"{audio}: ").replace(audio, "the recording")


def listed(names: Sequence[str], separator: str = ", ") -> str:
    """The first few, and how many more."""
    more = len(names) - MOST_LISTED
    return separator.join(names[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


class UnusableUtterances(ValueError):
    """Some utterances of a corpus cannot be used.

    Args:
        names: what to call each utterance.
        reasons: by the number of the utterance.
        way_out: how to go on with the others, where there are others.
    """

    def __init__(self, names: Sequence[str], reasons: Mapping[int, str], way_out: str):
        self.reasons = dict(sorted(reasons.items()))
        told = f"{len(reasons)} of {len(names)} recordings cannot be used: {_by_reason(names, self.reasons)}."
        others = f", or {way_out}" if len(reasons) < len(names) else ""
        super().__init__(f"{told} Mend or remove them{others}.")


def tell_unusable(
    names: Sequence[str], reasons: Mapping[int, str], way_out: str = PASS_OVER
) -> UnusableUtterances | None:
    """Name every utterance that cannot be used in the log.

    Args:
        names, reasons, way_out: see `UnusableUtterances`.

    Returns:
        The error that tells of them all; `None` where every one can be used.
    """
    for number, reason in sorted(reasons.items()):
        logger.warning("%s cannot be used: %s", names[number], reason)
    return UnusableUtterances(names, reasons, way_out) if reasons else None


def check_usable(names: Sequence[str], reasons: Mapping[int, str]) -> None:
    """Name every utterance that cannot be used in the log, and stop.

    Args:
        names, reasons: see `UnusableUtterances`.

    Raises:
        UnusableUtterances: where there is one.
    """
    error = tell_unusable(names, reasons)
    if error is not None:
        raise error


def without_unusable(dataset: Dataset, prepare: Callable[[Dataset], object]) -> Dataset:
    """The utterances of a corpus that can be prepared.

    Args:
        dataset: the corpus.
        prepare: what is to be done with it, and raises UnusableUtterances where it cannot be.

    Raises:
        UnusableUtterances: where none is left.
    """
    try:
        prepare(dataset)
    except UnusableUtterances as error:
        usable = [number for number in range(len(dataset)) if number not in error.reasons]
        if not usable:
            raise
        logger.info("Passed over: %d of %d recordings.", len(error.reasons), len(dataset))
        return without_unusable(dataset.select(usable), prepare)
    return dataset


def _by_reason(names: Sequence[str], reasons: Mapping[int, str]) -> str:
    """The first recordings of the most frequent reasons."""
    alike: dict[str, list[str]] = {}
    for number, reason in reasons.items():
        alike.setdefault(reason.rstrip("."), []).append(names[number])
    groups = sorted(alike.items(), key=lambda group: -len(group[1]))
    told = "; ".join(f"{listed(its_names)}: {reason}" for reason, its_names in groups[:MOST_LISTED])
    more = len(groups) - MOST_LISTED
    return told + (f"; and for {more} more reasons (see the log)" if more > 0 else "")
