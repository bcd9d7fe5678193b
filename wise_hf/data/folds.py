"""Who is in training, in validation and in the test: the folds of a cross-validation."""

import functools
import logging
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from datasets import Dataset, DatasetDict

from wise_hf.model.spoken_text_wise import split_words


logger = logging.getLogger(__name__)

VALIDATION_SHARE = 0.2
# [2]'s folds: each utterance falls at random into one of five, and 30 % of that part becomes validation (80/6/14 %).
RANDOM_VALIDATION_SHARE = 0.3
# Short answers ("Yeah.", "I don't know.") occur in every conversation; only longer sentences are lines of a script.
MIN_SENTENCE_WORDS = 4
PARTS = ("train", "validation", "test")


@dataclass
class Fold:
    """Rows of a dataset by their part; no row is in two parts.

    Args:
        name: what is held out, e.g. `speakers 1-4`.
        train: rows to learn from.
        validation: rows that choose the epoch.
        test: rows that are scored once; empty without cross-validation.
        left_out: rows that are in none of them, because what is said there is tested (`without_tested_text`).
    """

    name: str
    train: list[int]
    validation: list[int]
    test: list[int]
    left_out: list[int] = field(default_factory=list)


def make_folds(dataset: Dataset, protocol: str, num_folds: int | None = None, seed: int = 0) -> list[Fold]:
    """Split a corpus.

    Args:
        dataset: utterances with the columns `speaker` and `session`.
        protocol: `none` (train and validation only), `session` (leave one session out), `speaker` (leave a group of
            speakers out; the groups are consecutive in sorted order) or `random` (utterances of any speaker).
        num_folds: how many folds; `None` = one for each session or speaker, five for `random`.
        seed: of `random`, and of the validation part where it cannot be made of whole speakers.

    Returns:
        The folds, the same for the same arguments. Validation speakers never train, nor are they tested: they are the
        fifth of the speakers that follows the test speakers. Of five sessions with two speakers each that is the next
        session. Where one of these speakers is left out at a time it is the two that follow: the partner of a first
        speaker is heard in validation, that of a second one in training. `random` tests 70 % of a fold's share of the
        utterances; the rest of the share is its validation part.

    Raises:
        ValueError: for fewer speakers or sessions than folds, or unknown ones.
    """
    if protocol == "none":
        train, validation = _split_off_validation(dataset, list(range(len(dataset))), [], seed)
        return [Fold("all", train, validation, [])]
    if protocol == "random":
        return _random_folds(dataset, num_folds or 5, seed)
    if protocol not in ("session", "speaker"):
        raise ValueError(f"There is no protocol '{protocol}'; choose none, session, speaker or random.")
    return _grouped_folds(dataset, protocol, num_folds, seed)


def split_dataset(dataset: Dataset, fold: Fold) -> DatasetDict:
    """The utterances of a fold by their part.

    Args:
        dataset: the utterances that the fold was made of.
        fold: who is where.

    Returns:
        `train`, `validation` and, where the fold has one, `test`; without the rows that are left out.
    """
    rows = {part: getattr(fold, part) for part in PARTS}
    return DatasetDict({part: dataset.select(rows[part]) for part in PARTS if rows[part] or part != "test"})


def check_folds(dataset: Dataset, folds: Sequence[Fold], emotions: Sequence[str]) -> None:
    """Check the folds for problems before training.

    Raises:
        ValueError: for a single emotion, or a training part without one of the emotions.
    """
    if len(emotions) < 2:
        raise ValueError(
            f"The corpus has no emotion but {', '.join(emotions)}, and a model learns to tell one from another; add "
            "recordings of others, or choose two or more with --emotions or --label_map."
        )
    emotion_of = dataset["emotion"][:]
    for fold in folds:
        for part in PARTS:
            missing = sorted(set(emotions) - {emotion_of[row] for row in getattr(fold, part)})
            if missing and part == "train":
                raise ValueError(
                    f"The training part of fold '{fold.name}' has no {', '.join(missing)}; leave out the emotion with "
                    "--emotions, or take another protocol."
                )
            if missing and getattr(fold, part):
                names = ", ".join(missing)
                logger.warning("The %s part of fold '%s' has no %s; its UA leaves it out.", part, fold.name, names)


def without_tested_text(dataset: Dataset, fold: Fold) -> Fold:
    """Leave out of training and validation what is also said in the test part.

    An utterance is left out where its whole text is that of a test utterance, whatever its length, or where the two
    share a sentence of at least MIN_SENTENCE_WORDS words. Compared are the texts and, since a model reads these and
    they may be others, the words. Case, accents, punctuation and the way numbers are written make no difference. An
    utterance of which neither text nor words are known stays.

    Args:
        dataset: utterances with the columns `text` and `words`.
        fold: a fold with a test part.

    Returns:
        The fold with the same test part, and what was taken from the others in `left_out`.

    Raises:
        ValueError: where no text of the test part is known, or nothing is left of a part.
    """
    repeated, unknown = _saying_what_is_tested(dataset, fold)
    kept = {part: [row for row in getattr(fold, part) if row not in repeated] for part in ("train", "validation")}
    for part, rows in kept.items():
        if getattr(fold, part) and not rows:
            raise ValueError(
                f"All that is said in the {part} part of fold '{fold.name}' is said in its test part, too; leave "
                "--text_disjoint out, or choose other folds."
            )
    logger.info("Fold '%s': %d utterances are left out, since what they say is tested.", fold.name, len(repeated))
    if unknown:
        logger.warning("Fold '%s': %d utterances stay of which no word is known.", fold.name, unknown)
    return replace(fold, **kept, left_out=sorted([*fold.left_out, *repeated]))


def is_text_disjoint(dataset: Dataset, fold: Fold) -> bool:
    """Whether nothing that is tested is said in training or validation; see `without_tested_text`."""
    return not _saying_what_is_tested(dataset, fold)[0]


def _saying_what_is_tested(dataset: Dataset, fold: Fold) -> tuple[set[int], int]:
    """Rows of training and validation that say what the test part says, and of how many rows no word is known."""
    said = [
        _sayings(text or "") | _sayings(" ".join(word["word"] for word in words or []))
        for text, words in zip(dataset["text"], dataset["words"], strict=True)
    ]
    tested = {saying for row in fold.test for saying in said[row]}
    if not tested:
        raise ValueError(
            f"No text of the test part of fold '{fold.name}' is known, so it cannot be kept out of training; give the "
            "recordings texts, or leave --text_disjoint out."
        )
    unknown = sum(not said[row] for part in PARTS for row in getattr(fold, part))
    return {row for row in [*fold.train, *fold.validation] if said[row] & tested}, unknown


@functools.lru_cache(maxsize=100_000)  # every fold asks for the same texts
def _sayings(text: str) -> frozenset[str]:
    """A whole text and each longer sentence of it, as they are compared."""
    sentences = [split_words(sentence) for sentence in re.split(r"[.?!]", text)]
    said = [split_words(text), *(words for words in sentences if len(words) >= MIN_SENTENCE_WORDS)]
    return frozenset(" ".join(words).lower() for words in said if words)


def _grouped_folds(dataset: Dataset, column: str, num_folds: int | None, seed: int) -> list[Fold]:
    values = dataset[column][:]
    unknown = sum(value is None for value in values)
    if unknown:
        raise ValueError(f"{unknown} of {len(values)} recordings have no {column}; fill in the column '{column}'.")
    names = sorted(set(values), key=_natural_order)
    num_folds = num_folds or len(names)
    if num_folds < 2 or len(names) < num_folds:
        raise ValueError(
            f"Speakers or sessions are too few for a cross-validation by {column}: the corpus has {len(names)}, and "
            f"{max(num_folds, 2)} folds need as many; random folds need none, and --folds 2 is the least."
        )
    folds = []
    for group in _consecutive_groups(names, num_folds):
        test = [row for row, value in enumerate(values) if value in group]
        rest = [row for row, value in enumerate(values) if value not in group]
        _tell_shared_speakers(dataset, rest, test)
        train, validation = _split_off_validation(dataset, rest, test, seed)
        folds.append(Fold(f"{column}: {', '.join(group)}", train, validation, test))
    return folds


def _tell_shared_speakers(dataset: Dataset, rest: list[int], test: list[int]) -> None:
    speaker_of = dataset["speaker"][:]
    shared = {speaker_of[row] for row in rest} & {speaker_of[row] for row in test} - {None}
    if shared:
        logger.warning(
            "%d speakers are in training and test, in different sessions: %s.", len(shared), sorted(shared)[:5]
        )


def _natural_order(name: str) -> list[str | tuple[int, str]]:
    """`Actor_2` before `Actor_10`: the longer number is the larger one."""
    parts = enumerate(re.split(r"0*([0-9]+)", name))
    return [(len(part), part) if index % 2 else part for index, part in parts]


def _consecutive_groups(names: list[str], num_groups: int) -> list[list[str]]:
    bounds = [round(index * len(names) / num_groups) for index in range(num_groups + 1)]
    return [names[start:end] for start, end in pairwise(bounds)]


def _split_off_validation(
    dataset: Dataset, rows: list[int], test: list[int], seed: int
) -> tuple[list[int], list[int]]:
    """A fifth of the speakers, those that follow the test speakers; utterances where there are too few speakers."""
    speaker_of = dataset["speaker"][:]
    speakers = sorted({speaker_of[row] for row in rows if speaker_of[row] is not None}, key=_natural_order)
    if len(speakers) < 4 or any(speaker_of[row] is None for row in rows):
        return _split_off_utterances(dataset, rows, VALIDATION_SHARE, seed)
    last_tested = max((_natural_order(speaker_of[row]) for row in test), default=_natural_order(speakers[0]))
    following = [name for name in speakers if _natural_order(name) > last_tested]
    order = following + [name for name in speakers if name not in following]
    chosen = set(order[: max(1, round(VALIDATION_SHARE * len(speakers)))])
    train = [row for row in rows if speaker_of[row] not in chosen]
    return train, [row for row in rows if speaker_of[row] in chosen]


def _split_off_utterances(
    dataset: Dataset, rows: Sequence[int], share: float, seed: int
) -> tuple[list[int], list[int]]:
    """A share of the utterances, of every emotion alike."""
    emotion_of = dataset["emotion"][:]
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    shuffled.sort(key=lambda row: emotion_of[row])
    count = max(1, round(share * len(rows)))
    chosen = {shuffled[(2 * index + 1) * len(rows) // (2 * count)] for index in range(count)}  # evenly spaced
    return [row for row in rows if row not in chosen], [row for row in rows if row in chosen]


def _random_folds(dataset: Dataset, num_folds: int, seed: int) -> list[Fold]:
    num_rows = len(dataset)
    if num_folds < 2 or num_rows < 2 * num_folds:
        raise ValueError(
            f"{num_rows} recordings cannot make {num_folds} random folds; it takes 2 folds, each of 2 recordings."
        )
    shuffled = list(range(num_rows))
    random.Random(seed).shuffle(shuffled)
    folds = []
    for index in range(num_folds):
        held_out = shuffled[index::num_folds]
        test, validation = _split_off_utterances(dataset, sorted(held_out), RANDOM_VALIDATION_SHARE, seed)
        train = sorted(set(shuffled).difference(held_out))
        folds.append(Fold(f"random {index + 1}", train, validation, test))
    return folds
