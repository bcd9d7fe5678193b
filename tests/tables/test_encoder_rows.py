"""The rows of the tables on the frames of a speech encoder."""

from pathlib import Path

import pytest
from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperModel

from wise_hf.data.wise_frames import Frames
from wise_hf.model.pretrained_encoder import FrameEncoderSource
from wise_hf.tables.rows import table_rows


@pytest.fixture
def encoder(tmp_path) -> Path:
    """A tiny Whisper with random weights."""
    sizes = {"d_model": 16, "vocab_size": 8, "max_source_positions": 1500}
    layers = {"encoder_layers": 3, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    ids = dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"), 0)
    WhisperModel(WhisperConfig(**sizes, **layers, **ids)).save_pretrained(tmp_path / "tiny-whisper")
    WhisperFeatureExtractor().save_pretrained(tmp_path / "tiny-whisper")
    return tmp_path / "tiny-whisper"


def test_the_rows_read_and_name_the_encoder_and_train_by_the_recipe_for_it(encoder):
    frames = Frames(encoder=FrameEncoderSource(str(encoder), (1, 3), "learnt"), with_mfcc=True)
    systems = {row.system.key: row.system for row in table_rows("encoder", frames)}
    assert systems["wise"].frames == "tiny-whisper, layers 1, 3, mixed, beside MFCC"
    assert systems["svm"].name == "SVM on mean and deviation of the frames"
    shapes = {key: systems[key].columns["input_features"].shape for key in ("wise", "im_dmf", "svm", "logistic")}
    assert set(shapes.values()) == {(None, 2 * 16 + 39)}
    assert (systems["im_dmf"].recipe.optimizer, systems["im_dmf"].recipe.audio_copies) == ("adamw", 0)


def test_frames_that_differ_have_different_names(encoder):
    choices = [((2,), "mean", "none"), ((2,), "mean", "window"), ((2, 3), "mean", "none"), ((2, 3), "learnt", "none")]
    names = [Frames(encoder=FrameEncoderSource(str(encoder), *each)).name for each in choices]
    assert len(set(names)) == 4 and names[1] == "tiny-whisper, layer 2, padded to a window"
