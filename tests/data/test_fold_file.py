"""Folds as a file."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.data.fold_file import read_folds, read_origin, write_folds
from wise_hf.data.folds import Fold, make_folds


NAMES = ["a", "b", "c", "d", "e"]
FOLDS = [Fold("1", [3, 0], [1], [2], [4]), Fold("2", [0, 1, 2], [3], [4])]


def corpus(names: list[str] = NAMES) -> Dataset:
    """Everybody in a session of his or her own says something else."""
    speakers = [None, *(f"s{row % 3}" for row in range(1, len(names)))]
    texts = ["secret " + "and secret " * row for row in range(len(names))]
    words = [[]] * len(names)
    return Dataset.from_dict({"id": names, "speaker": speakers, "session": names, "text": texts, "words": words})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of FOLDS."""
    write_folds(FOLDS, corpus(), tmp_path / "folds.json", "session", 3, text_disjoint=True)
    return tmp_path / "folds.json"


@st.composite
def placed(draw) -> tuple[list[str], list[Fold]]:
    """Ids and folds of them, in any order; every part of every fold has somebody."""
    names = draw(st.lists(st.text(min_size=1), unique=True, min_size=3, max_size=12))
    folds = []
    for number in range(draw(st.integers(1, 3))):
        order = draw(st.permutations(range(len(names))))
        first, second = sorted(draw(st.sets(st.integers(1, len(names) - 1), min_size=2, max_size=2)))
        third = draw(st.integers(second + 1, len(names)))
        folds.append(Fold(f"{number}", order[:first], order[first:second], order[second:third], order[third:]))
    return names, folds


@settings(max_examples=40)
@given(case=placed(), protocol=st.text(min_size=8), seed=st.integers(0, 2**40), text_disjoint=st.booleans())
def test_what_is_written_is_read_as_it_was(case, protocol, seed, text_disjoint):
    names, folds = case
    with TemporaryDirectory() as folder:
        path = Path(folder) / "folds.json"
        write_folds(folds, corpus(names), path, protocol, seed, text_disjoint)
        assert read_folds(path, corpus(names)) == folds
        assert read_origin(path) == {"protocol": protocol, "seed": seed, "text_disjoint": text_disjoint}


def test_the_order_of_the_utterances_does_not_matter(path):
    folds = read_folds(path, corpus(NAMES[::-1]))
    assert folds[0] == Fold("1", [1, 4], [3], [2], [0])


def test_a_file_says_who_is_where_and_nothing_of_what_is_said(path):
    content = json.loads(path.read_text())
    assert {name: content[name] for name in ("protocol", "seed", "num_utterances")} == {
        "protocol": "session",
        "seed": 3,
        "num_utterances": 5,
    }
    assert content["folds"][0] == {
        "name": "1",
        "train": ["d", "a"],
        "validation": ["b"],
        "test": ["c"],
        "left_out": ["e"],
        "speakers": {"train": ["s0"], "validation": ["s1"], "test": ["s2"]},
    }
    assert "secret" not in path.read_text()


def test_a_run_without_cross_validation_has_one_fold_without_a_test_part(tmp_path):
    dataset = corpus().add_column("emotion", ["sad"] * 5)
    folds = make_folds(dataset, "none")
    write_folds(folds, dataset, tmp_path / "folds.json", "none", 0)
    assert read_folds(tmp_path / "folds.json", dataset) == folds


def test_what_others_need_not_write_may_be_missing(path):
    content = json.loads(path.read_text())
    for name in ("text_disjoint", "num_utterances"):
        del content[name]
    for fold in content["folds"]:
        del fold["speakers"]
    del content["folds"][1]["left_out"]
    path.write_text(json.dumps(content))
    assert read_folds(path, corpus()) == FOLDS
    assert read_origin(path) == {"protocol": "session", "seed": 3, "text_disjoint": False}


@pytest.mark.parametrize(
    ("part", "ids", "sentence"),
    [
        ("train", ["d", "a", "x"], "fold '1' names 1 utterances that the corpus does not have, e.g. x"),
        ("train", ["d", "a", "b"], "fold '1' names 1 utterances twice, e.g. b"),
        ("train", ["d", "a", "a"], "fold '1' names 1 utterances twice, e.g. a"),
        ("left_out", [], "fold '1' does not name 1 of the corpus's 5 utterances, e.g. e"),
        ("train", [], "fold '1' has nobody in its train part"),
        ("test", [], "fold '1' has nobody in its test part"),
        ("test", "c", "is no file of folds"),
        ("test", [2], "is no file of folds"),
        ("name", None, "is no file of folds"),
    ],
)
def test_a_fold_that_does_not_fit_the_corpus_is_refused(path, part, ids, sentence):
    content = json.loads(path.read_text())
    content["folds"][0][part] = ids
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError) as told:
        read_folds(path, corpus())
    assert sentence in str(told.value) and str(path) in str(told.value)


@pytest.mark.parametrize("name", ["1", "x" * 9_999])
@pytest.mark.parametrize("ids", [["d", "x" * 9_999], ["d", "x" * 9_999, "x" * 9_999], []])
def test_of_endless_names_a_part_is_told(path, name, ids):
    content = json.loads(path.read_text())
    content["folds"][0] |= {"name": name, "train": ids}
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="[.]$") as told:
        read_folds(path, corpus())
    assert len(str(told.value)) < 700


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "cannot be read as JSON"),
        ("\udcff", "cannot be read as JSON"),
        ("[]", "is no file of folds"),
        ("{}", "is no file of folds"),
        ('{"protocol": "session", "seed": 0, "folds": []}', "is no file of folds"),
        ('{"protocol": "session", "seed": 0, "folds": [{"name": "a", "train": []}]}', "is no file of folds"),
    ],
)
def test_what_is_no_file_of_folds_is_refused(tmp_path, text, sentence):
    path = tmp_path / "folds.json"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    for read in (read_origin, lambda path: read_folds(path, corpus())):
        with pytest.raises(ValueError) as told:
            read(path)
        assert sentence in str(told.value) and str(path) in str(told.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="none.json is not there"):
        read_folds(tmp_path / "none.json", corpus())


def test_utterances_that_share_an_id_are_refused(path, tmp_path):
    twice = corpus(["a", "b", "b"])
    with pytest.raises(ValueError, match="2 utterances have the id b"):
        read_folds(path, twice)
    with pytest.raises(ValueError, match="2 utterances have the id b"):
        write_folds([Fold("1", [0], [1], [2])], twice, tmp_path / "x.json", "session", 0)
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("protocol", ["speaker", "session"])
def test_folds_that_are_not_what_their_file_calls_them_are_refused(tmp_path, protocol):
    dataset = corpus().map(lambda row: {protocol: "anna" if row["id"] in "ac" else row["id"]})
    write_folds(FOLDS, dataset, tmp_path / "folds.json", protocol, 0)
    with pytest.raises(ValueError, match=f"each {protocol} is left out, but fold '1' has anna in training and test"):
        read_folds(tmp_path / "folds.json", dataset)
    write_folds(FOLDS, dataset, tmp_path / "folds.json", "random", 0)
    assert read_folds(tmp_path / "folds.json", dataset) == FOLDS


def test_a_file_that_says_that_nothing_is_tested_has_no_test_part(tmp_path):
    write_folds(FOLDS, corpus(), tmp_path / "folds.json", "none", 0)
    with pytest.raises(ValueError, match="nothing is tested, but fold '1' has a test part"):
        read_folds(tmp_path / "folds.json", corpus())


def test_folds_that_are_not_text_disjoint_are_refused_where_the_file_says_so(path):
    repeated = corpus().map(lambda row: {"text": "The same." if row["id"] in "ac" else row["text"]})
    with pytest.raises(ValueError, match="fold '1' has what is tested in training, too"):
        read_folds(path, repeated)


def test_a_file_that_is_nested_without_end_is_told(tmp_path):
    (tmp_path / "folds.json").write_text("[" * 100_000)
    with pytest.raises(ValueError, match="folds.json cannot be read as JSON .*recursion.*; put a whole copy"):
        read_origin(tmp_path / "folds.json")
