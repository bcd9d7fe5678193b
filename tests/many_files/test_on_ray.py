"""Ray Data on a cluster of two workers on this machine."""

from pathlib import Path

import pyarrow as pa
import pytest
from killing_files import KillingFiles

from wise_hf.many_files.local import tables_of_shards
from wise_hf.many_files.on_ray import tables_on_ray
from wise_hf.many_files.workers import KILLED


ray = pytest.importorskip("ray", reason="needs ray (wise_hf[ray])")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster():
    tests = {"env_vars": {"PYTHONPATH": str(Path(__file__).parents[1])}}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env=tests)
    yield
    ray.shutdown()


def test_a_cluster_makes_the_rows_of_one_machine(cluster, tmp_path):
    shards = {number: [{"path": f"{number}{name}"} for name in "abc"] for number in (1, 4, 5, 7)}
    shards[4][1]["path"] = "kill"
    emotion = KillingFiles(str(tmp_path))
    tables = dict(tables_on_ray(emotion, shards, 2))
    assert tables == dict(tables_of_shards(emotion, shards, 1))
    assert pa.concat_tables(tables.values())["error"].to_pylist().count(KILLED) == 1


def test_what_is_wrong_on_the_cluster_is_told_in_a_sentence(cluster):
    with pytest.raises(ValueError, match="There is no such model"):
        list(tables_on_ray(KillingFiles("absent"), {number: [{"path": "a"}] for number in range(3)}, 1))
