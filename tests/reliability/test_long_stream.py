"""A stream holds no more after a while than it did before."""

from pathlib import Path

import pytest

from reliability.long_stream import STATUS, Held, feed_for_long, held_table
from wise_hf.model.loading import load_pipeline


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells what a process holds")
def test_a_stream_that_goes_on_holds_no_more_memory_and_files(saved_model: Path) -> None:
    streamer = load_pipeline(saved_model).stream(recogniser=lambda samples, rate: "by the door")
    _, before, *_, after = feed_for_long(streamer, 60.0, looks=6)
    assert after.fed_s == pytest.approx(60.0, abs=0.2)
    assert after.updates > 2 * before.updates > 0
    assert after.memory_mb < before.memory_mb + 8
    assert after.files <= before.files


def test_the_table_tells_how_many_times_real_time_it_was_fed() -> None:
    told = held_table([Held(120.0, 10.0, 400.25, 5, 42)]).splitlines()
    assert told[2] == "| 2.0 | 12.0 | 400.2 | 5 | 42 |"
