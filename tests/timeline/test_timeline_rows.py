"""The rows of a timeline in their file."""

import pytest
from timeline_input import left_out_row, segment_row, word_row

from wise_hf.timeline.rows import read_rows, write_rows


def test_rows_come_back_as_they_were_written(tmp_path):
    rows = [segment_row(0, 0.0, 1.0, "naïve “words”"), word_row(0, 0, 0.1, 0.5, "naïve"), left_out_row(1.0, 2.5)]
    write_rows(tmp_path / "call.jsonl", rows)
    assert list(read_rows(tmp_path / "call.jsonl")) == rows


def test_rows_are_written_as_they_come(tmp_path):
    def rows():
        yield left_out_row(0, 1)
        assert len(list(read_rows(tmp_path / "call.jsonl"))) == 1
        yield left_out_row(1, 2)

    write_rows(tmp_path / "call.jsonl", rows())


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"row": "sentence"}', '{"row": "word", "text": "hi"}', "\udcff", "[" * 9_999]
)
def test_a_line_that_is_no_row_is_told(line, tmp_path):
    (tmp_path / "call.jsonl").write_bytes(f"{line}\n".encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match=r"call.jsonl, line 1 (is no row|lacks attention, channel)"):
        list(read_rows(tmp_path / "call.jsonl"))
