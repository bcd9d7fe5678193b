"""Who is in training, validation and test."""

import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.data import folds as folds_module
from wise_hf.data.folds import PARTS, Fold, check_folds, make_folds, split_dataset, without_tested_text


def corpus(num_speakers: int, per_speaker: int = 4, sessions: int = 5) -> Dataset:
    rows = [
        {
            "speaker": f"Actor_{speaker + 1}",
            "session": f"s{speaker % sessions}",
            "emotion": "sad" if row % 2 else "happy",
        }
        for speaker in range(num_speakers)
        for row in range(per_speaker)
    ]
    return Dataset.from_list(rows)


def dyads() -> Dataset:
    """Five sessions of two speakers each, named as in IEMOCAP."""
    rows = [
        {"speaker": f"Ses0{session}{letter}", "session": f"Ses0{session}", "emotion": emotion}
        for session in range(1, 6)
        for letter in "FM"
        for emotion in ("happy", "sad")
    ]
    return Dataset.from_list(rows)


def said(*texts: str | None, words: tuple[str, ...] = ()) -> Dataset:
    """Utterances of these texts, and of these words where such are given."""
    spoken = [*words, *[""] * (len(texts) - len(words))]
    rows = [
        {"text": text, "words": [{"word": word} for word in its.split()]}
        for text, its in zip(texts, spoken, strict=True)
    ]
    return Dataset.from_list(rows)


def speakers_of(dataset: Dataset, rows: list[int]) -> set[str]:
    return {dataset["speaker"][row] for row in rows}


@settings(max_examples=25)
@given(num_speakers=st.integers(2, 12), num_folds=st.integers(2, 6), seed=st.integers(0, 3))
@pytest.mark.parametrize("protocol", ["speaker", "random"])
def test_parts_never_overlap_and_every_row_is_tested_once(protocol, num_speakers, num_folds, seed):
    dataset = corpus(num_speakers)
    num_folds = min(num_folds, num_speakers)
    folds = make_folds(dataset, protocol, num_folds, seed)
    assert len(folds) == num_folds
    for fold in folds:
        parts = [set(fold.train), set(fold.validation), set(fold.test)]
        assert all(parts) and sum(map(len, parts)) == len(parts[0] | parts[1] | parts[2])
    if protocol == "speaker":
        assert sorted(row for fold in folds for row in fold.test) == list(range(len(dataset)))


def test_speaker_folds_are_consecutive_groups_in_sorted_order():
    dataset = corpus(20)
    folds = make_folds(dataset, "speaker", 5)
    assert folds[0].name == "speaker: Actor_1, Actor_2, Actor_3, Actor_4"
    assert folds[2].name == "speaker: Actor_9, Actor_10, Actor_11, Actor_12"


def test_no_speaker_is_in_two_parts_of_a_speaker_fold():
    dataset = corpus(20)
    for fold in make_folds(dataset, "speaker", 5):
        train, validation, test = (speakers_of(dataset, rows) for rows in (fold.train, fold.validation, fold.test))
        assert (len(train), len(validation), len(test)) == (13, 3, 4)
        assert not (train & validation or train & test or validation & test)


def test_leave_one_session_out_holds_out_whole_sessions():
    dataset = corpus(10)
    folds = make_folds(dataset, "session")
    assert [fold.name for fold in folds] == [f"session: s{index}" for index in range(5)]
    for fold in folds:
        assert len({dataset["session"][row] for row in fold.test}) == 1
        assert not speakers_of(dataset, fold.test) & speakers_of(dataset, fold.train + fold.validation)


def test_random_folds_have_the_shares_of_the_published_split():
    fold = make_folds(corpus(20, per_speaker=50), "random")[0]
    shares = [len(part) / 1000 for part in (fold.train, fold.validation, fold.test)]
    assert shares == pytest.approx([0.80, 0.06, 0.14], abs=0.005)


def test_without_cross_validation_nothing_is_tested():
    dataset = corpus(10)
    (fold,) = make_folds(dataset, "none")
    assert fold.test == [] and not speakers_of(dataset, fold.train) & speakers_of(dataset, fold.validation)


def test_few_or_unknown_speakers_give_a_validation_part_of_every_emotion():
    dataset = corpus(1, per_speaker=20)
    (fold,) = make_folds(dataset, "none")
    assert sorted(dataset["emotion"][row] for row in fold.validation) == ["happy"] * 2 + ["sad"] * 2
    unknown = dataset.map(lambda row: {"speaker": None})
    assert len(make_folds(unknown, "none")[0].validation) == 4


def test_folds_are_the_same_for_the_same_seed_and_differ_for_another():
    dataset = corpus(6)
    assert make_folds(dataset, "random", 3, 1) == make_folds(dataset, "random", 3, 1)
    assert make_folds(dataset, "random", 3, 1) != make_folds(dataset, "random", 3, 2)


def test_more_folds_than_speakers_and_missing_speakers_are_refused():
    with pytest.raises(ValueError, match="the corpus has 1, and 5 folds need as many; random folds need none"):
        make_folds(corpus(1), "speaker", 5)
    with pytest.raises(ValueError, match="the corpus has 1, and 2 folds need as many"):
        make_folds(corpus(1), "speaker")
    with pytest.raises(ValueError, match="8 of 8 recordings have no session"):
        make_folds(corpus(2).map(lambda row: {"session": None}), "session")
    with pytest.raises(ValueError, match="no protocol 'actor'"):
        make_folds(corpus(2), "actor")


def test_a_session_is_tested_the_next_one_validates_and_the_other_three_train():
    dataset = dyads()
    sessions = [f"Ses0{number}" for number in range(1, 6)]
    folds = make_folds(dataset, "session")
    assert len(folds) == 5
    for number, fold in enumerate(folds):
        train, validation, test = ({dataset["session"][row] for row in getattr(fold, part)} for part in PARTS)
        assert test == {sessions[number]} and validation == {sessions[(number + 1) % 5]}
        assert train == set(sessions) - test - validation
        assert len(fold.train) + len(fold.validation) + len(fold.test) == len(dataset)


def test_a_speaker_left_out_is_heard_nowhere_else():
    dataset = dyads()
    folds = make_folds(dataset, "speaker")
    assert len(folds) == 10
    for fold in folds:
        train, validation, test = (speakers_of(dataset, getattr(fold, part)) for part in PARTS)
        assert (len(train), len(validation), len(test)) == (7, 2, 1)
        assert not (train & validation or train & test or validation & test)
    assert speakers_of(dataset, folds[0].validation) == {"Ses01M", "Ses02F"}


def test_a_dataset_is_split_into_the_parts_of_a_fold():
    dataset = said("a", "b", "c", "d", "e")
    parts = split_dataset(dataset, Fold("x", [4, 0], [1], [2], left_out=[3]))
    assert {name: part["text"][:] for name, part in parts.items()} == {
        "train": ["e", "a"],
        "validation": ["b"],
        "test": ["c"],
    }
    assert list(split_dataset(dataset, Fold("x", [0], [1], []))) == ["train", "validation"]


@pytest.mark.parametrize(
    ("tested", "other", "is_left_out"),
    [
        ("Yeah.", "yeah", True),
        ("I've 2 café bills!", "i've two cafe bills", True),
        ("Yeah. Who told you that?", "Well, now! who told you THAT", True),
        ("Who told you that?", "Yeah. Who told you that? Okay.", True),
        ("Yeah. Who told you?", "Yeah. Nobody.", False),
        ("Who told you that?", "Who told you that one?", False),
        ("Yeah.", "...", False),
    ],
    ids=["same", "same when spoken", "same sentence", "sentence in a turn", "short sentence", "part", "nothing said"],
)
def test_what_is_tested_is_left_out_of_training_and_validation(tested, other, is_left_out):
    dataset = said(tested, other, other, "Something else.", "Another thing.")
    fold = without_tested_text(dataset, Fold("x", [1, 3], [2, 4], [0]))
    assert (fold.train, fold.validation) == (([3], [4]) if is_left_out else ([1, 3], [2, 4]))
    assert fold.test == [0] and fold.left_out == ([1, 2] if is_left_out else [])


def test_words_are_compared_as_texts_are(caplog):
    dataset = said(None, "Look at that.", "No.", words=("look at that",))
    fold = without_tested_text(dataset, Fold("x", [0, 2], [2], [1]))
    assert fold.train == [2] and fold.left_out == [0]
    transcribed_otherwise = said("Look, that.", "Look at it.", "No.", words=("look at that", "look at that"))
    assert without_tested_text(transcribed_otherwise, Fold("x", [0, 2], [2], [1])).left_out == [0]
    unknown = said(None, "Look at that.", "No.")
    assert without_tested_text(unknown, Fold("x", [0], [2], [1])).train == [0]
    assert "1 utterances stay of which no word is known" in caplog.text


TEXTS = ["Yes.", "No!", "Yes. No.", "I have seen it.", "No. I have seen it."]


@settings(max_examples=25)
@given(placed=st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(PARTS)), max_size=12))
def test_no_tested_text_is_left_and_nothing_else_is_taken(placed):
    placed = [*placed, ("Train.", "train"), ("Validate.", "validation"), ("Test.", "test")]
    texts = [text for text, _ in placed]
    before = Fold("x", *([row for row, (_, at) in enumerate(placed) if at == part] for part in PARTS))
    after = without_tested_text(said(*texts), before)
    tested = {texts[row] for row in before.test}
    assert after.test == before.test and not tested & {texts[row] for row in after.train + after.validation}
    assert sorted(after.train + after.validation + after.left_out) == sorted(before.train + before.validation)
    is_shared = any("I have seen it." in text for text in tested)
    assert all(texts[row] in tested or ("seen" in texts[row] and is_shared) for row in after.left_out)


def test_a_part_of_which_nothing_is_left_is_refused():
    dataset = said("Kids are talking.", "Kids are talking.", "Dogs are sitting.", None)
    with pytest.raises(ValueError, match="All that is said in the train part of fold 'x'"):
        without_tested_text(dataset, Fold("x", [0], [2], [1]))
    with pytest.raises(ValueError, match="All that is said in the validation part"):
        without_tested_text(dataset, Fold("x", [2], [0], [1]))
    with pytest.raises(ValueError, match="No text of the test part of fold 'x' is known"):
        without_tested_text(dataset, Fold("x", [0], [1], [3]))


EMOTIONS_ONLY = Dataset.from_list([{"emotion": emotion} for emotion in ("happy", "sad", "happy", "sad")])


def test_a_training_part_without_an_emotion_is_refused():
    with pytest.raises(ValueError, match="training part of fold 'x' has no sad"):
        check_folds(EMOTIONS_ONLY, [Fold("x", [0, 2], [1], [3])], ["happy", "sad"])


def test_a_single_emotion_is_refused():
    happy = EMOTIONS_ONLY.select([0, 2])
    with pytest.raises(ValueError, match="has no emotion but happy, .*add recordings of others"):
        check_folds(happy, [Fold("all", [0], [1], [])], ["happy"])


def test_a_test_part_without_an_emotion_is_told(caplog):
    check_folds(EMOTIONS_ONLY, [Fold("x", [0, 1], [2, 3], [2])], ["happy", "sad"])
    assert "test part of fold 'x' has no sad;" in caplog.text


def test_names_with_numbers_are_in_the_order_of_the_numbers_however_long():
    names = ["a10", "a9", "a007", f"a{'9' * 9_999}", "a0", "b1", "a9b2", "a9b10"]
    expected = ["a0", "a007", "a9", "a9b2", "a9b10", "a10", f"a{'9' * 9_999}", "b1"]
    assert sorted(names, key=folds_module._natural_order) == expected
