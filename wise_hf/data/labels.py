"""Emotions -> class numbers: the map function for labels."""

from collections.abc import Mapping, Sequence

from datasets import ClassLabel, Dataset, Features


def label_utterance(row: Mapping, label2id: Mapping[str, int]) -> dict[str, int]:
    """
    Args:
        row: an utterance with its `emotion`.
        label2id: the number of each emotion.

    Returns:
        The column `label`.
    """
    return {"label": label2id[row["emotion"]]}


def with_labels(dataset: Dataset, emotions: Sequence[str]) -> Dataset:
    """
    The utterances with a `ClassLabel` column `label`, as trainers other than ours look for it.

    Args:
        dataset: utterances.
        emotions: the classes, in the order of their numbers.

    Raises:
        ValueError: for an utterance of another emotion.
    """
    unknown = sorted(set(dataset["emotion"]) - set(emotions))
    if unknown:
        raise ValueError(
            f"The utterances have {', '.join(unknown)} besides {', '.join(emotions)}; choose among these."
        )
    label2id = {emotion: number for number, emotion in enumerate(emotions)}
    features = Features(dataset.features | {"label": ClassLabel(names=list(emotions))})
    return dataset.map(label_utterance, fn_kwargs={"label2id": label2id}, features=features, desc="Labels")
