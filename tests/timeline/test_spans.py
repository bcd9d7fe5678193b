"""Labels over time as a file: what is read and written, and what is refused."""

import pytest

from wise_hf.timeline.spans import Span, read_spans, write_spans


def write(folder, *lines):
    (folder / "spans.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_what_is_written_is_read_to_the_sample(tmp_path):
    spans = {
        "a.wav": [Span(1 / 16_000, 12_345 / 16_000, "angry", 0, "Anna"), Span(1.0, 2.0, "happy", 1)],
        "b/c.wav": [Span(0.0, 3599.9999375, "sad")],
    }
    write_spans(tmp_path, spans)
    assert read_spans(tmp_path) == spans


def test_other_columns_and_blanks_do_not_matter(tmp_path):
    write(tmp_path, "note,file_name,start_s,end_s,emotion", "x, a.wav , 1, 2 ,calm")
    assert read_spans(tmp_path, {"calm": "neutral"}) == {"a.wav": [Span(1.0, 2.0, "neutral")]}


@pytest.mark.parametrize(
    "lines, told",
    [
        (["a.wav,0,1,angry", "a.wav,0.5,2,sad"], "two spans at once"),
        (["a.wav,1,1,angry"], "line 2.*has to end after it starts"),
        (["a.wav,-1,1,angry"], "has to end after it starts"),
        (["a.wav,nan,1,angry"], "has to end after it starts"),
        (["a.wav,0,inf,angry"], "has to end after it starts"),
        (["a.wav,zero,1,angry"], "line 2: a value is no number; give times in seconds"),
        (["a.wav,0,1,"], "must both be filled in"),
        (["a.wav"], "in seconds"),
        ([], "has no spans"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, lines, told):
    with pytest.raises(ValueError, match=told):
        read_spans(write(tmp_path, "file_name,start_s,end_s,emotion", *lines))


def test_channels_have_spans_at_once_but_all_are_named(tmp_path):
    head = "file_name,start_s,end_s,emotion,channel"
    both = read_spans(write(tmp_path, head, "a.wav,0,1,angry,0", "a.wav,0,1,sad,1"))
    assert [span.channel for span in both["a.wav"]] == [0, 1]
    with pytest.raises(ValueError, match="with and without a channel"):
        read_spans(write(tmp_path, head, "a.wav,0,1,angry,0", "a.wav,1,2,sad,"))


def test_a_file_that_is_missing_or_lacks_columns_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"spans.csv is not there"):
        read_spans(tmp_path)
    with pytest.raises(ValueError, match="no column start_s, end_s"):
        read_spans(write(tmp_path, "file_name,start,end,emotion", "a.wav,0,1,angry"))


@pytest.mark.parametrize("line", ["\udcff.wav,0,1,angry", '"' + "a" * 200_000 + '",0,1,angry'])
def test_a_file_that_is_no_csv_in_utf_8_is_told(tmp_path, line):
    content = f"file_name,start_s,end_s,emotion\n{line}\n".encode(errors="surrogateescape")
    (tmp_path / "spans.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"spans.csv cannot be read .*; save it as comma-separated values in UTF-8"):
        read_spans(tmp_path)
