"""The rows of the tables, on MFCC and on other frames."""

import pytest

from wise_hf.data.wise_frames import Frames
from wise_hf.tables.rows import table_rows


FRAMES = Frames("level_frames:LEVELS")
OF_OTHERS = {"lstm_attention", "cnn_phoneme", "dual_rnn", "dual_rnn_attention"}


def test_every_row_that_reads_frames_reads_those_that_are_asked_for():
    systems = {row.system.key: row.system for row in table_rows(frames=FRAMES)}
    assert {key for key, system in systems.items() if system.frames == FRAMES.name} == systems.keys() - OF_OTHERS - {
        "text"
    }
    of_wise = [system for key, system in systems.items() if key not in OF_OTHERS]
    assert {system.columns["input_features"].shape for system in of_wise} == {(None, 2)}


def test_systems_of_other_papers_have_their_own_features_whatever_the_frames():
    usual = {row.system.key: row.system for row in table_rows()}
    others = {row.system.key: row.system for row in table_rows(frames=FRAMES)}
    assert {key for key, system in others.items() if system.frames is None} == OF_OTHERS | {"text"}
    assert [others[key] for key in OF_OTHERS] == [usual[key] for key in OF_OTHERS]


@pytest.mark.parametrize(
    ("frames", "augment"),
    [(Frames(), ("tempo", "warp", "disturb", "drop_words", "mix_words")), (FRAMES, ("drop_words", "mix_words"))],
)
def test_wise_trains_with_the_augmentations_that_its_frames_are_made_for(frames, augment):
    assert {row.system.recipe.augment for row in table_rows(frames=frames) if row.is_wise} == {augment}
    assert {row.system.recipe.augment for row in table_rows("paper", frames) if row.is_wise} == {()}


def test_the_pooled_systems_are_named_for_what_they_pool():
    names = {row.system.key: row.system.name for row in table_rows(frames=FRAMES)}
    assert names["svm"] == "SVM on mean and deviation of the frames"
    assert names["logistic"] == "Logistic regression on mean and deviation of the frames"


def test_the_rows_that_lack_a_part_of_wise_name_it():
    parts = {row.system.key: row.without for row in table_rows() if row.without}
    assert set(parts) == {"im_dmf", "hr_dmf", "im_hr", "im_dmf_hr_minus"}
    assert (parts["im_dmf"], parts["hr_dmf"], parts["im_hr"]) == (
        "Hierarchy (HR)",
        "Interaction (IM)",
        "Attention (DMF)",
    )
