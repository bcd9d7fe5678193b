"""What a corpus is: its files read as utterances, and what else is to be known of it."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datasets import Dataset

from wise_hf.data.options import Options
from wise_hf.data.unusable import UnusableUtterances


# Set of emotions -> label read -> emotion.
LabelSets = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Corpus:
    """One entry of the registry; docs/adding_a_corpus.md walks through it.

    Args:
        name: what `--dataset` calls it.
        what: what DATA_DIR holds, in a few words for `--help`.
        read: `(data_dir, emotions, label_map, num_proc, **options)` -> the utterances that can be used
            (`wise_hf.data.schema.UTTERANCE_FEATURES`), and the error that tells of the others, or `None`.
        title: what results call the corpus that is in a folder; the folder's name where it has no name of its own.
        options: a dataclass of its own options; those that are given are passed to `read` by name.
        label_sets: names that `--emotions` takes instead of single emotions.
        protocol: the cross-validation where none is asked for.
        num_folds: its folds where no number is asked for; `None` = one for each session or speaker.
        sources: title -> whose the recordings are and under which licence, as a model's card says it.
    """

    name: str
    what: str
    read: Callable[..., tuple[Dataset, UnusableUtterances | None]]
    title: Callable[[Path], str] = lambda data_dir: data_dir.resolve().name
    options: type[Options] = Options
    label_sets: LabelSets = field(default_factory=dict)
    protocol: str = "none"
    num_folds: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def option_names(self) -> tuple[str, ...]:
        """What its options are called."""
        return tuple(each.name for each in dataclasses.fields(self.options))


def labels_of_set(name: str, label_map: Mapping[str, str] | None, label_sets: LabelSets) -> Mapping[str, str]:
    """The labels of a set of emotions, each with the emotion that it is read as.

    Raises:
        ValueError: for a set that the corpus does not have, or with a label map beside it.
    """
    if name not in label_sets:
        raise ValueError(f"There is no set of emotions '{name}'; choose one of {', '.join(label_sets)}.")
    if label_map:
        raise ValueError(
            f"The set of emotions '{name}' has its own label map; to map labels, give --emotions by name."
        )
    return label_sets[name]
