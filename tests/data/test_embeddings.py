"""GloVe files, vocabularies and the tokenizer."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

from wise_hf.data.embeddings import (
    PAD,
    UNKNOWN,
    build_tokenizer,
    check_to_the_end,
    check_word_vectors,
    read_word_vectors,
)


LINES = ["the 1 2", "do 3 4", "n't 5 6", "Kids 7 8", "kids 9 10"]


@pytest.fixture
def glove(tmp_path: Path) -> Path:
    path = tmp_path / "glove.txt"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path


def vector(vectors, word: str) -> list[float]:
    return vectors.matrix[vectors.words.index(word)].tolist()


def test_every_row_is_read_after_padding_and_unknown(glove):
    vectors = read_word_vectors(glove)
    assert vectors.words[:7] == [PAD, UNKNOWN, "the", "do", "n't", "Kids", "kids"]
    assert vectors.matrix.dtype == np.float32 and vector(vectors, "Kids") == [7, 8]
    assert vector(vectors, PAD) == [0, 0]
    assert vector(vectors, UNKNOWN) == pytest.approx(vectors.matrix[2:].mean(0).tolist())


def test_the_first_rows_are_taken_and_the_words_of_the_corpus_beside_them(glove):
    vectors = read_word_vectors(glove, 1, ["kids"])
    assert {"the", "kids"} < set(vectors.words) and "Kids" not in vectors.words


def test_the_words_of_the_corpus_alone(glove):
    assert read_word_vectors(glove, "corpus", ["Kids", "THE"]).words == [PAD, UNKNOWN, "the", "Kids", "kids"]


def test_a_word_that_is_not_there_is_the_mean_of_its_pieces(glove):
    vectors = read_word_vectors(glove, "corpus", ["don't"])
    assert vector(vectors, "don't") == [4, 5]
    assert "don't" in read_word_vectors(glove).words, "contractions are there for new recordings, too"


def test_a_word_without_pieces_stays_unknown_and_is_counted(glove, caplog):
    vectors = read_word_vectors(glove, "corpus", ["the", "zebra", "zebra's"])
    assert "zebra" not in vectors.words
    assert "2 of 3 words" in caplog.text


def test_gz_and_zip_hold_the_same_words(glove, tmp_path):
    zipped, gzipped = tmp_path / "glove.zip", tmp_path / "glove.txt.gz"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(glove, "glove.6B.2d.txt")
    gzipped.write_bytes(gzip.compress(glove.read_bytes()))
    expected = read_word_vectors(glove)
    for path in (zipped, gzipped):
        vectors = read_word_vectors(path)
        assert vectors.words == expected.words
        np.testing.assert_array_equal(vectors.matrix, expected.matrix)


def test_a_header_of_rows_and_size_is_passed_over(tmp_path):
    path = tmp_path / "w2v.txt"
    path.write_text("1 3\nthe 1 2 3\n")
    assert vector(read_word_vectors(path), "the") == [1, 2, 3]


def test_a_word_may_hold_spaces_as_in_glove_840b(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text("the 1 2 3\n. . . 4 5 6\n")
    assert vector(read_word_vectors(path), ". . .") == [4, 5, 6]


@pytest.mark.parametrize("broken", ["of 1", "of 1 x", "of 1 nan", "of", ""])
def test_a_broken_line_is_named(tmp_path, broken):
    path = tmp_path / "glove.txt"
    path.write_text("the 1 2\n" + broken + "\n")
    with pytest.raises(ValueError, match=r"glove.txt, line 2: expected a word and 2 numbers"):
        read_word_vectors(path)


def test_another_kind_of_file_is_told(tmp_path):
    path = tmp_path / "metadata.csv"
    path.write_text("file_name,emotion\n")
    with pytest.raises(ValueError, match="metadata.csv is no GloVe file"):
        read_word_vectors(path)


def test_files_that_are_missing_or_no_text_are_refused(tmp_path):
    with pytest.raises(ValueError, match="is not there"):
        read_word_vectors(tmp_path / "none.txt")
    for name, content in [("x.zip", b"no zip"), ("x.txt.gz", b"no gzip"), ("x.txt", b"\xff\xfe 1 2")]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="cannot be read"):
            read_word_vectors(tmp_path / name)
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(ValueError, match="holds none of the words"):
        read_word_vectors(tmp_path / "empty.txt")


def zipped(folder: Path, compression: int = zipfile.ZIP_DEFLATED) -> bytearray:
    """An archive whose words and numbers are hardly the same twice, so that they fill several blocks."""
    numbers = np.random.default_rng(0).normal(size=(3000, 20))
    text = "".join(f"w{row} " + " ".join(map(str, values)) + "\n" for row, values in enumerate(numbers))
    with zipfile.ZipFile(folder / "x.zip", "w", compression) as archive:
        archive.writestr("glove.txt", text)
    (folder / "x.txt.gz").write_bytes(gzip.compress(text.encode()))
    return bytearray((folder / "x.zip").read_bytes())


def set_flag(archive: bytearray, offset_in_file: int, offset_in_directory: int, value: int) -> None:
    archive[offset_in_file] = value
    archive[archive.index(b"PK\x01\x02") + offset_in_directory] = value


@pytest.mark.parametrize(
    ("offsets", "value", "told"), [((6, 8), 1, "is encrypted"), ((8, 10), 9, "compression"), ((8, 10), 97, "method")]
)
def test_an_archive_that_python_cannot_unpack_is_told_at_once(tmp_path, offsets, value, told):
    archive = zipped(tmp_path)
    set_flag(archive, *offsets, value)
    (tmp_path / "x.zip").write_bytes(archive)
    with pytest.raises(ValueError, match=rf"x.zip cannot be read \(.*{told}.*get it anew or unpack it"):
        check_word_vectors(tmp_path / "x.zip")


def damage(content: bytearray, kind: str) -> bytes:
    middle = len(content) // 2
    if kind == "cut":
        return bytes(content[:middle])
    content[middle : middle + 64] = bytes(64)
    return bytes(content)


@pytest.mark.parametrize("name", ["x.zip", "x.txt.gz"])
@pytest.mark.parametrize("kind", ["cut", "overwritten"])
@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_damaged_archive_is_told_before_and_while_it_is_read(tmp_path, name, kind, compression):
    zipped(tmp_path, compression)
    (tmp_path / name).write_bytes(damage(bytearray((tmp_path / name).read_bytes()), kind))
    for read in (check_to_the_end, read_word_vectors):
        with pytest.raises(ValueError, match=rf"{name}(, line \d+: expected| cannot be read)"):
            read(tmp_path / name)


def test_whole_files_pass_both_checks(glove, tmp_path):
    zipped(tmp_path)
    with zipfile.ZipFile(tmp_path / "MAC.ZIP", "w") as archive:
        archive.write(glove, "glove.txt")
        archive.writestr("__MACOSX/._glove.txt", b"\x00\x05")
    for path in (glove, tmp_path / "x.zip", tmp_path / "x.txt.gz", tmp_path / "MAC.ZIP"):
        check_word_vectors(path)
        check_to_the_end(path)
    assert read_word_vectors(tmp_path / "MAC.ZIP").words == read_word_vectors(glove).words


def test_an_empty_file_is_told_at_once(tmp_path):
    (tmp_path / "glove.txt").write_text("")
    with pytest.raises(ValueError, match="holds no words"):
        check_word_vectors(tmp_path / "glove.txt")


def test_the_tokenizer_gives_one_id_a_word_in_the_order_of_the_rows(tmp_path):
    tokenizer = build_tokenizer([PAD, UNKNOWN, "kids", "don't"])
    assert tokenizer("Kids don't shout")["input_ids"] == [2, 3, 1]
    assert tokenizer(["kids", "don't"], is_split_into_words=True)["input_ids"] == [2, 3]
    assert build_tokenizer([PAD, UNKNOWN, "Kids"])("kids Kids")["input_ids"] == [1, 2], "a cased file stays cased"


def test_real_glove_rows_have_their_neighbours(glove_file):
    vectors = read_word_vectors(glove_file, 5000, ["talking"])
    unit = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True).clip(1e-9)
    near = np.argsort(-unit @ unit[vectors.words.index("talking")])[:6]
    assert {"talk", "talked"} & {vectors.words[index] for index in near}


@pytest.mark.parametrize(
    ("text", "told"),
    [(b"a" * (1 << 24), "a line of 1,048,576 characters"), (b"the 1 2 3\n" * (1 << 20), "than 30 times its size")],
)
def test_a_small_file_that_unpacks_to_a_large_one_is_not_read_to_its_end(tmp_path, text, told):
    (tmp_path / "x.txt.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.txt", text)
    for name in ("x.txt.gz", "x.zip"):
        for read in (check_to_the_end, read_word_vectors):
            with pytest.raises(ValueError, match=told):
                read(tmp_path / name)
