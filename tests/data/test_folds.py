"""Who is in training, validation and test."""

import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from wise_hf.data.folds import make_folds


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


def speakers_of(dataset: Dataset, rows: list[int]) -> set[str]:
    return {dataset["speaker"][row] for row in rows}


@settings(max_examples=25, deadline=None)
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
    with pytest.raises(ValueError, match="the corpus has 1, and 5 folds need as many"):
        make_folds(corpus(1), "speaker", 5)
    with pytest.raises(ValueError, match="the corpus has 1, and 2 folds need as many"):
        make_folds(corpus(1), "speaker")
    with pytest.raises(ValueError, match="8 of 8 recordings have no session"):
        make_folds(corpus(2).map(lambda row: {"session": None}), "session")
    with pytest.raises(ValueError, match="no protocol 'actor'"):
        make_folds(corpus(2), "actor")
