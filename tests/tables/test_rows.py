"""The rows of the tables, on MFCC and on other frames."""

from pathlib import Path

import pytest
from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperModel

from wise_hf.data.wise_frames import Frames
from wise_hf.model.pretrained_encoder import FrameEncoderSource
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


@pytest.fixture
def encoder(tmp_path) -> Path:
    """A tiny Whisper with random weights."""
    sizes = {"d_model": 16, "vocab_size": 8, "max_source_positions": 1500}
    layers = {"encoder_layers": 3, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    ids = dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"), 0)
    WhisperModel(WhisperConfig(**sizes, **layers, **ids)).save_pretrained(tmp_path / "tiny-whisper")
    WhisperFeatureExtractor().save_pretrained(tmp_path / "tiny-whisper")
    return tmp_path / "tiny-whisper"


def test_rows_on_the_frames_of_an_encoder_name_it_and_train_by_the_recipe_for_it(encoder):
    frames = Frames(encoder=FrameEncoderSource(str(encoder), (1, 3), "learnt"), with_mfcc=True)
    rows = {row.system.key: row for row in table_rows("encoder", frames)}
    assert rows["wise"].system.frames == "tiny-whisper, learnt of layers 1+3, with MFCC"
    one_layer = Frames(encoder=FrameEncoderSource(str(encoder), (2,), padding="window"))
    assert one_layer.name == "tiny-whisper, layer 2, padded to 30 s"
    assert rows["svm"].system.name == "SVM on mean and deviation of the frames"
    assert rows["svm"].system.columns["input_features"].shape == (None, 2 * 16 + 39)
    recipe = rows["im_dmf"].system.recipe
    assert (recipe.optimizer, recipe.augment, recipe.audio_copies) == ("adamw", ("mix_words", "frame_noise"), 0)
