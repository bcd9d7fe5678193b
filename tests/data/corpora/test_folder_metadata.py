"""A metadata.csv as people and spreadsheets write it."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wise_hf.data.corpora.folder_metadata import COLUMNS, read_metadata


ROW = {"file_name": "a.wav", "emotion": "angry", "text": "Well, no", "speaker": "anna"}


@pytest.fixture
def read(tmp_path):
    """Reads a file of that content."""

    def read_here(content: str | bytes) -> list[tuple[int, dict]]:
        path = tmp_path / "metadata.csv"
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return read_metadata(path)

    return read_here


@pytest.mark.parametrize(
    "header",
    [
        "file_name,emotion,text,speaker",
        "File_Name,EMOTION,Text,Speaker",
        "File Name,emotion,text,speaker",
        "file-name,emotion,text,speaker",
        "fileName,emotion,text,speaker ",
        "\ufefffile_name,emotion,text,speaker",
        '"file_name","emotion","text","speaker"',
        "\n,,,\nfile_name,emotion,text,speaker",
    ],
)
def test_columns_are_found_however_they_are_spelt(read, header):
    ((_, row),) = read(f'{header}\na.wav,angry,"Well, no",anna\n')
    assert row == ROW


@pytest.mark.parametrize("line", ['a.wav, angry, "Well, no", anna', 'a.wav,angry,"Well, no",anna'])
def test_a_blank_may_follow_every_comma(read, line):
    assert read(f"file_name, emotion, text, speaker\n{line}\n") == [(2, ROW)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_empty_lines_are_passed_over_and_counted(read, ending):
    lines = ["file_name,emotion", "", "a.wav,sad", ",", " , ", ",,,,", "b.wav,sad", ",", ""]
    assert [(line, row["file_name"]) for line, row in read(ending.join(lines))] == [(3, "a.wav"), (7, "b.wav")]


def test_an_inner_quote_is_part_of_a_text_without_quotes(read):
    ((_, row),) = read('file_name,emotion,text\na.wav,sad,He said "no" loudly\n')
    assert row["text"] == 'He said "no" loudly'


@pytest.mark.parametrize(
    "row",
    [
        'a.wav,angry,"Well, no", anna,s1',
        'a.wav,angry,"Channel 4",001,s1',
        'a.wav,angry,"", anna,s1',
        'a.wav,angry,"He said ""4""",001,s1',
        "a.wav,angry, Well ,anna,s1",
        "a.wav, angry,Well,anna, ",
        "a.wav,angry,Channel 4,17,s1",
    ],
)
def test_what_no_comma_can_have_shifted_is_read(read, row):
    ((_, values),) = read(f"file_name,emotion,text,speaker,session\n{row}\n")
    assert values["speaker"] in ("anna", "001", "17") and values["session"] in ("s1", "")


FIVE = "file_name,emotion,text,speaker,session"
FOUR = "file_name,emotion,text,speaker"


@pytest.mark.parametrize(
    ("header", "line", "told"),
    [
        (FIVE, "a.wav,angry,Well, no,anna", "line 2: value 4 seems to be the rest of a text"),
        (FIVE, "a.wav,angry,I have 1,000 dollars,anna", "line 2: value 4 seems to be the rest"),
        (FIVE, "a.wav,angry,Well,\tno,anna", "seems to be the rest of a text"),
        ("file_name,notes,emotion", "a.wav,Well, angry", "line 2: value 3 seems to be the rest"),
        (FOUR + ",", "a.wav,angry,Well,no,anna", "line 2: value 5 seems to be the rest"),
        (FOUR, "a.wav,angry,Well, no,anna", "line 2: a comma or quote too many"),
        (FOUR, "a.wav,angry,Well,no,anna", "line 2: a comma or quote too many"),
        ("file_name, emotion, text", "a.wav, angry, Well, no", "line 2: a comma or quote too many"),
        (FOUR, "a.wav,angry", "line 2: 2 values for 4 columns"),
        (FOUR, "a.wav,angry,", "line 2: 3 values for 4 columns"),
        (FOUR, 'a.wav,angry,"He said "no" loudly",anna', "line 2: it cannot be read .*write a double quote inside it"),
        (FOUR, 'a.wav,angry,"Well,anna\nb.wav,sad,"No",bert', "line 2: "),
        (FOUR, 'a.wav,angry,"Well,\nno",anna', "line 2: a comma or quote too many"),
        (FOUR, 'a.wav,angry,"Well,anna\n', "line 2: it cannot be read"),
        ("file_name,File Name,emotion", "a.wav,a.wav,sad", "has file_name more than once"),
        ("file_name;emotion", "a.wav;sad", "separated by something else"),
        ("file_name\temotion", "a.wav\tsad", "separated by something else"),
        ("file,emotion", "a.wav,sad", "has no column file_name;"),
        ("", "", "has no column file_name and no column emotion"),
        (FOUR, "", "names no recordings"),
    ],
)
def test_a_line_in_doubt_is_named(read, header, line, told):
    with pytest.raises(ValueError, match=told):
        read(f"{header}\n{line}\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_another_encoding_is_told(read, encoding):
    with pytest.raises(ValueError, match=r"metadata\.csv .*; save it as comma-separated values in UTF-8"):
        read("file_name,emotion,text\na.wav,sad,Café\n".encode(encoding))


def test_columns_that_are_not_used_are_told_and_a_misspelt_one_is_warned_of(read, caplog):
    caplog.set_level("INFO")
    read("file_name,emotion,speakr,gender\na.wav,sad,anna,female\n")
    assert "not used are the columns speakr, gender" in caplog.text
    (warning,) = (record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert "'speakr' is not used; if it is the speaker, call it 'speaker'" in warning


def test_an_index_without_a_name_is_passed_over(read):
    assert read(",file_name,emotion\n0,a.wav,sad\n") == [(2, {"file_name": "a.wav", "emotion": "sad"})]


TEXTS = st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"))


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1))
def test_what_a_csv_writer_quotes_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "metadata.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([COLUMNS, *(["a.wav", "sad", *values] for values in rows)])
    assert [tuple(row[name] for name in COLUMNS[2:]) for _, row in read_metadata(path)] == [
        tuple(value.strip() for value in values) for values in rows
    ]


def test_a_missing_file_or_folder_is_told(tmp_path: Path):
    with pytest.raises(ValueError, match="is not a folder"):
        read_metadata(tmp_path / "none" / "metadata.csv")
    with pytest.raises(ValueError, match="is not there; write one with the columns"):
        read_metadata(tmp_path / "metadata.csv")
