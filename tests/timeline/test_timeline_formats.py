"""What is made of the rows: each format has all that it can hold, as those who read it read it."""

import csv
import html
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import webvtt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from praatio import textgrid
from timeline_input import LABELS, left_out_row, segment_row, word_row

from wise_hf.timeline.outputs import FORMATS
from wise_hf.timeline.picture import plot_timeline
from wise_hf.timeline.rows import Row, write_rows


LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"))
TEXTS = st.lists(st.text(LETTERS, min_size=1, max_size=30), min_size=1, max_size=25)
WARNINGS = st.lists(st.sampled_from(["Some words were left out.", "It is noisy, too."]), unique=True)


@st.composite
def timelines(draw) -> list[Row]:
    """Rows of one or two channels: segments of some words, and what is left out between them."""
    rows, segment = [], 0
    for channel in draw(st.sampled_from([[None], [0, 1]])):
        place, at_s = {"channel": channel, "speaker": None if channel is None else f"<channel> & {channel}"}, 0.0
        for texts in draw(st.lists(TEXTS, max_size=4)):
            rows.append(left_out_row(at_s, at_s + 0.5, channel=channel))
            starts_s = [at_s + 0.5 + 0.3001 * index for index in range(len(texts) + 1)]
            told = place | {"text": " ".join(texts), "warnings": draw(WARNINGS)}
            rows.append(segment_row(segment, starts_s[0], starts_s[-1], **told))
            for index, text in enumerate(texts):
                rows.append(word_row(segment, index, starts_s[index], starts_s[index + 1], text, **place))
            at_s, segment = starts_s[-1], segment + 1
        rows.append(left_out_row(at_s, at_s + 1.0, 'Noise, "or" music.', channel))
    return rows


def written(rows: list[Row], name: str, folder: Path) -> Path:
    master, path = folder / "rows.jsonl", folder / f"call.{name}"
    write_rows(master, rows)
    FORMATS[name](master, path)
    return path


def of_kind(rows: list[Row], kind: str) -> list[Row]:
    return [row for row in rows if row["row"] == kind]


def probabilities(row: Row) -> dict[str, float | None]:
    return {f"probability_{label}": p for label, p in row.get("probabilities", {}).items()}


many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)


@many
@given(rows=timelines())
def test_csv_has_a_line_a_row(tmp_path, rows):
    with written(rows, "csv", tmp_path).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    for line, row in zip(lines, rows, strict=True):
        expected = row | probabilities(row) | {"warnings": " ".join(row.get("warnings", []))}
        expected.pop("probabilities", None)
        assert line == dict.fromkeys(line, "") | {
            n: "" if value is None else str(value) for n, value in expected.items()
        }


@many
@given(rows=timelines())
def test_parquet_has_a_line_a_row(tmp_path, rows):
    lines = pq.read_table(written(rows, "parquet", tmp_path)).to_pylist()
    for line, row in zip(lines, rows, strict=True):
        expected = row | probabilities(row)
        expected.pop("probabilities", None)
        assert line == dict.fromkeys(line) | expected


def spoken(rows: list[Row]) -> list[str]:
    return sorted(word for row in of_kind(rows, "segment") for word in row["text"].split())


def assert_times_in_file(cues: list[webvtt.Caption], rows: list[Row]) -> None:
    assert [cue.start for cue in cues] == sorted(cue.start for cue in cues)
    assert all(cue.start < cue.end for cue in cues)
    assert all(seconds(cue.end) <= max(row["end_s"] for row in rows) for cue in cues)


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


@many
@given(rows=timelines())
def test_webvtt_has_emotions_as_classes_and_speakers_as_voices(tmp_path, rows):
    path = written(rows, "vtt", tmp_path)
    cues, segments = list(webvtt.read(path)), of_kind(rows, "segment")
    assert sorted(word for cue in cues for word in html.unescape(cue.text).split()) == spoken(rows)
    assert all("<c.happy>" in cue.raw_text for cue in cues)
    assert {cue.voice and html.unescape(cue.voice) for cue in cues} == {row["speaker"] for row in segments}
    notes = [json.loads(line[5:]) for line in path.read_text().split("\n") if line.startswith("NOTE ")]
    assert sorted(note["segment"] for note in notes) == [row["segment"] for row in segments]
    assert_times_in_file(cues, rows)


@many
@given(rows=timelines())
def test_subrip_has_the_emotion_and_the_speaker_before_the_text(tmp_path, rows):
    path = written(rows, "srt", tmp_path)
    cues = list(webvtt.from_srt(path)) if of_kind(rows, "segment") else []
    assert all(cue.text.startswith("[happy] ") for cue in cues)
    said = [re.sub(r"^\[happy\] (<channel> & \d: )?", "", cue.raw_text) for cue in cues]
    assert sorted(word for text in said for word in text.split()) == spoken(rows)
    assert_times_in_file(cues, rows)


@many
@given(rows=timelines())
def test_rttm_has_a_line_a_segment(tmp_path, rows):
    lines = [line.split() for line in written(rows, "rttm", tmp_path).read_text().splitlines()]
    for line, row in zip(lines, of_kind(rows, "segment"), strict=True):
        assert line[:2] + line[5:] == ["SPEAKER", "a_b", "<NA>", "<NA>", "happy", "0.500", "<NA>"]
        assert int(line[2]) == (row["channel"] or 0) + 1
        assert float(line[3]) == pytest.approx(row["start_s"], abs=1e-3)
        assert float(line[3]) + float(line[4]) == pytest.approx(row["end_s"], abs=2e-3)


def tier_span(tier: str, row: Row, label: str) -> tuple[str, str, float, float]:
    name = tier if row["channel"] is None else f"{tier} (channel {row['channel']})"
    return name, label, round(row["start_s"], 6), round(row["end_s"], 6)


@many
@given(rows=timelines())
def test_a_text_grid_has_all_spans_in_tiers(tmp_path, rows):
    grid = textgrid.openTextgrid(str(written(rows, "TextGrid", tmp_path)), includeEmptyIntervals=False)
    spans = [
        (tier.name, label, round(start_s, 6), round(end_s, 6))
        for tier in grid.tiers
        for start_s, end_s, label in tier.entries
    ]
    expected = [tier_span("emotions", row, "happy") for row in of_kind(rows, "segment")]
    expected += [tier_span("segments", row, row["text"]) for row in of_kind(rows, "segment")]
    expected += [tier_span("words", row, row["text"]) for row in of_kind(rows, "word")]
    expected += [tier_span("left out", row, row["reason"]) for row in of_kind(rows, "left_out")]
    assert sorted(spans) == sorted(expected)
    assert grid.maxTimestamp == max(row["end_s"] for row in rows)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_hold_a_recording_in_which_nobody_speaks(name, tmp_path):
    assert written([left_out_row(0.0, 3.0)], name, tmp_path).exists()


def test_long_segments_become_cues_that_can_be_read(tmp_path):
    words = [word_row(0, index, 0.4 * index, 0.4 * index + 0.4, f"word{index}") for index in range(40)]
    rows = [segment_row(0, 0.0, 16.0, " ".join(word["text"] for word in words)), *words]
    cues = list(webvtt.read(written(rows, "vtt", tmp_path)))
    assert len(cues) == 4
    assert all(cue.end_in_seconds - cue.start_in_seconds < 7 and len(cue.text) <= 84 for cue in cues)


def test_subtitles_keep_the_punctuation_of_a_text(tmp_path):
    rows = [segment_row(0, 0.0, 1.0, "Well, then!"), word_row(0, 0, 0, 0.5, "well"), word_row(0, 1, 0.5, 1, "then")]
    assert "[happy] Well, then!\n" in written(rows, "srt", tmp_path).read_text()


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_a_segment_without_words_is_one_cue(name, tmp_path):
    rows = [segment_row(0, 0.5, 1.5, "Well, then!"), segment_row(1, 2.0, 3.0, "yes"), word_row(1, 0, 2.0, 3.0, "yes")]
    path = written(rows, name, tmp_path)
    cues = list(webvtt.from_srt(path) if name == "srt" else webvtt.read(path))
    assert [cue.start_in_seconds for cue in cues] == [0, 2] and "Well, then!" in cues[0].text
    assert [cue.start for cue in cues] == ["00:00:00.500", "00:00:02.000"] and cues[0].end == "00:00:01.500"


def test_the_picture_has_a_line_for_some_minutes_of_each_channel(tmp_path):
    starts_s = [(channel, 12.0 * index) for channel in (0, 1) for index in range(300)]
    rows = [segment_row(0, start_s, start_s + 10, channel=channel) for channel, start_s in starts_s]
    rows += [left_out_row(start_s + 10, start_s + 12, channel=channel) for channel, start_s in starts_s]
    figure = plot_timeline(rows)
    lines = [axes for axes in figure.axes if axes.get_label().startswith("channel 0")]
    assert len(lines) == len(figure.axes) / 2 == 12
    assert [axes.get_xlim() for axes in lines] == [(300 * line, 300 * line + 300) for line in range(12)]
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {*LABELS, "left out"}


def test_the_picture_is_written(tmp_path):
    path = written([segment_row(0, 0.0, 70.0), left_out_row(70.0, 80.0)], "png", tmp_path)
    assert Image.open(path).size[0] == 1800
