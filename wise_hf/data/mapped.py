"""Arrays of a dataset as they lie in its files: mapped into memory, not read."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from datasets import Array2D, Dataset


def arrays_of(dataset: Dataset, columns: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
    """Columns of a dataset as NumPy arrays, row by row; those of 2-D arrays stay in their files.

    Args:
        dataset: with these columns.
        columns: their names.
    """
    mapped = {name: mapped_arrays(dataset, name) for name in columns if isinstance(dataset.features[name], Array2D)}
    others = [name for name in columns if name not in mapped]
    rows = dataset.select_columns(others).with_format("numpy") if others else itertools.repeat({}, len(dataset))
    for row in rows:
        read = {name: np.asarray(row[name]) for name in others}
        yield read | {name: next(arrays) for name, arrays in mapped.items()}


def mapped_arrays(dataset: Dataset, name: str) -> Iterator[np.ndarray]:
    """The arrays of a column of 2-D arrays, each as a view of the dataset's file, which cannot be written to.

    Args:
        dataset: with a column of `datasets.Array2D`.
        name: of the column.

    Yields:
        (rows, columns) of the column's dtype.
    """
    feature: Array2D = dataset.features[name]
    chunks = dataset.data.column(name).chunks
    ends = np.cumsum([len(chunk) for chunk in chunks])
    indices = dataset._indices  # of a selection; there is no public way to them
    places = np.arange(len(dataset)) if indices is None else indices.column(0).to_numpy()
    for place, number in zip(places, np.searchsorted(ends, places, side="right"), strict=True):
        row = chunks[number].storage[int(place - ends[number] + len(chunks[number]))]
        yield _flat(row.values).to_numpy(zero_copy_only=True).reshape(-1, feature.shape[1])


def _flat(array: pa.Array) -> pa.Array:
    return array.flatten() if pa.types.is_list(array.type) else array
