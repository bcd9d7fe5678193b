"""Arrays that stay in their files."""

from pathlib import Path

import numpy as np
import pytest
from datasets import Array2D, Dataset, Features, Value, concatenate_datasets, load_from_disk

from wise_hf.data.mapped import arrays_of, mapped_arrays


SIZE = 3


def frames(number: int, count: int, size: int = SIZE) -> np.ndarray:
    return (number + np.arange(count * size).reshape(count, size) / 64).astype(np.float16)


def saved(folder: Path, counts: list[int], size: int = SIZE) -> Dataset:
    features = Features({"frames": Array2D((None, size), "float16"), "number": Value("int64")})

    def rows():
        for number, count in enumerate(counts):
            yield {"frames": frames(number, count, size), "number": number}

    made = Dataset.from_generator(rows, features=features, cache_dir=str(folder / "cache"), writer_batch_size=4)
    made.save_to_disk(folder / "saved")
    return load_from_disk(folder / "saved")


@pytest.fixture(scope="module")
def counts() -> list[int]:
    return [1, 5, 2, 7, 3, 1, 1, 4, 6, 2, 3]


@pytest.fixture(scope="module")
def dataset(counts, tmp_path_factory) -> Dataset:
    return saved(tmp_path_factory.mktemp("mapped"), counts)


@pytest.mark.parametrize(
    "chosen",
    [
        lambda rows: rows,
        lambda rows: rows.select([7, 0, 10, 3, 3]),
        lambda rows: rows.select(range(2, 9)),
        lambda rows: rows.select(range(2, 9)).select([5, 1]),
        lambda rows: rows.shuffle(seed=1),
        lambda rows: rows.filter(lambda row: row["number"] % 2),
        lambda rows: concatenate_datasets([rows.select(range(3)), rows.select([9, 4]), rows]),
        lambda rows: rows.select([]),
    ],
)
def test_arrays_are_those_of_the_rows_in_their_order(dataset, counts, chosen):
    rows = chosen(dataset)
    arrays = list(mapped_arrays(rows, "frames"))
    assert len(arrays) == len(rows)
    for number, array in zip(rows["number"], arrays, strict=True):
        assert array.dtype == np.float16
        np.testing.assert_array_equal(array, frames(number, counts[number]))


def test_arrays_are_views_that_nobody_can_write_to(dataset):
    for array in mapped_arrays(dataset.select([3, 1]), "frames"):
        assert not array.flags.owndata and not array.flags.writeable


def test_other_columns_are_read_and_arrays_stay(dataset, counts):
    rows = list(arrays_of(dataset.select([4, 2]), ["frames", "number"]))
    assert [int(row["number"]) for row in rows] == [4, 2]
    assert [row["frames"].shape for row in rows] == [(counts[4], SIZE), (counts[2], SIZE)]
    assert [list(row) for row in arrays_of(dataset.select([4]), ["frames"])] == [["frames"]]


def own_memory_mb() -> float:
    """What this process holds that is no file's."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux to tell a process's own memory")
def test_a_corpus_is_not_read_into_memory(tmp_path):
    dataset = saved(tmp_path, [400] * 200, size=512)  # 82 MB
    before = own_memory_mb()
    arrays = list(mapped_arrays(dataset, "frames"))
    total = sum(int(array[-1, 0]) for array in arrays)
    assert total == sum(int(frames(number, 400, 512)[-1, 0]) for number in range(200))
    assert own_memory_mb() - before < 15
