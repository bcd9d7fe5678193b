"""Lists of files in each format."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wise_hf.many_files.file_list import read_file_list


FILES = [
    {"path": "a, b.wav", "text": "007", "channel": 1},
    {"path": "ä.mp3", "text": None, "channel": None},
]


def test_tables_of_all_formats_are_the_same_list(tmp_path):
    pq.write_table(pa.Table.from_pylist([file | {"length": 1.5} for file in FILES]), tmp_path / "l.parquet")
    lines = [json.dumps({name: value for name, value in file.items() if value is not None}) for file in FILES]
    (tmp_path / "l.jsonl").write_text("\n".join(lines))
    (tmp_path / "l.csv").write_text('length,path,text,channel\n1.5,"a, b.wav",007,1\n1.5,ä.mp3,,\n')
    assert read_file_list(tmp_path / "l.parquet") == FILES
    assert read_file_list(tmp_path / "l.csv") == FILES
    assert [{name: file[name] for name in FILES[0]} for file in read_file_list(tmp_path / "l.jsonl")] == FILES


def test_a_text_file_has_a_path_a_line(tmp_path):
    (tmp_path / "l.txt").write_text("a, b.wav\r\n\n  ä.mp3\n", encoding="utf-8-sig")
    assert read_file_list(tmp_path / "l.txt") == [{"path": "a, b.wav"}, {"path": "ä.mp3"}]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("l.csv", b"file,text\na.wav,hi\n", "has no column path; call one so"),
        ("l.csv", b"path\n", "names no files"),
        ("l.csv", b"path,text\na.wav\n", "cannot be read .ArrowInvalid, row 2.; write it anew"),
        ("l.parquet", b"no table", "cannot be read"),
        ("l.jsonl", b"{", "cannot be read"),
        ("l.txt", b"", "names no files"),
        ("l.csv", b"path,text,path\na.wav,hi,b.wav\n", "cannot be read"),
        ("l.jsonl", b"null", "cannot be read"),
        ("l.jsonl", b'{"path": "a.wav"}\n[1]\n', "cannot be read"),
        ("l.jsonl", b'{"path": 5}\n', "cannot be read"),
        ("l.jsonl", b'{"path": "a.wav", "channel": ' + b"9" * 30 + b"}", "cannot be read"),
        ("l.csv", b"x" * 9_999 + b"\n1\n", "has no column path; call one so"),
        ("l.csv", b"path,channel\na.wav," + b"x" * 9_999, "cannot be read .ArrowInvalid, row 2.; write it anew"),
        ("l.txt", b"\xff\xfe", "cannot be read"),
        ("l.wav", b"", "is no list of files; give a folder, or a list"),
    ],
)
def test_what_is_no_list_is_told(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=told):
        read_file_list(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("l.csv", "a.wav,Zebulon\nb.wav,hi\n", "has no column path"),
        ("l.csv", "path,text\na.wav,Oh, Zebulon\n", "cannot be read .ArrowInvalid, row 2"),
        ("l.csv", 'path,text\na.wav,"Oh\nZebulon", no\n', "cannot be read .ArrowInvalid, row 2"),
        ("l.csv", "path,text,channel\na.wav,Oh,Zebulon's\n", "cannot be read .ArrowInvalid, row 2"),
        ("l.jsonl", '{"path": "a.wav", "channel": "Zebulon"}\n', "cannot be read .ArrowInvalid"),
    ],
)
def test_no_text_of_a_list_is_quoted(tmp_path, name, content, told):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=told) as error:
        read_file_list(tmp_path / name)
    assert "Zebulon" not in str(error.value)
