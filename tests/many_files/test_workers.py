"""Processes that classify files, and are killed."""

import pytest
from killing_files import KillingFiles

from wise_hf.many_files.local import tables_of_shards
from wise_hf.many_files.workers import KILLED, Workers


pytestmark = pytest.mark.slow


def files(*paths: str) -> list[dict]:
    return [{"path": path} for path in paths]


@pytest.mark.parametrize("num_proc", [1, 2])
def test_a_file_that_kills_has_an_error_and_all_others_their_rows(tmp_path, num_proc):
    paths = ["a", "kill", "b", "once", "c"]
    with Workers(KillingFiles(str(tmp_path)), num_proc) as workers:
        tables = dict(workers.tables(files(*paths)))
        later = dict(workers.tables(files("d")))
    assert [tables[number]["file"].to_pylist() for number in range(5)] == [[path] for path in paths]
    assert [tables[number]["error"].to_pylist() for number in range(5)] == [[None], [KILLED], [None], [None], [None]]
    assert later[0]["file"].to_pylist() == ["d"], "they go on"
    assert not any(worker._process.is_alive() for worker in workers._workers)


def test_a_process_that_is_killed_without_a_file_costs_nothing(tmp_path):
    with Workers(KillingFiles(str(tmp_path)), 2) as workers:
        while not all(worker.is_ready for worker in workers._workers):
            list(workers.tables(files("a")))
        idle = workers._workers[1]._process
        idle.kill()
        idle.join()
        tables = dict(workers.tables(files("b")))
    assert tables[0]["file"].to_pylist() == ["b"]


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("kill", "while it loaded the model"),
        ("absent", "no such model"),
        ("faulty", "The model cannot be loaded .RuntimeError: a fault."),
    ],
)
def test_a_model_that_cannot_be_loaded_ends_it_each_time(model, told):
    with Workers(KillingFiles(model)) as workers:
        for _ in range(2):
            with pytest.raises(ValueError, match=told):
                list(workers.tables(files("a", "b")))


def test_a_full_disk_ends_it_and_makes_no_error_of_a_file(tmp_path):
    with Workers(KillingFiles(str(tmp_path))) as workers, pytest.raises(ValueError, match="^There is no room.$"):
        list(workers.tables(files("a", "no room", "b")))


def test_the_rows_of_a_shard_are_in_the_order_of_its_files(tmp_path):
    shards = {3: files("a", "once", "b"), 5: files("c", "d")}
    tables = dict(tables_of_shards(KillingFiles(str(tmp_path)), shards, 2))
    assert {number: table["file"].to_pylist() for number, table in tables.items()} == {
        3: ["a", "once", "b"],
        5: ["c", "d"],
    }
