"""What a training is told of a speech encoder."""

import pytest
from encoders import SIZE

from wise_hf.training.options import TrainOptions, as_layers, chosen_frames, recipe_name_of, recipe_of
from wise_hf.training.recipe import RECIPES
from wise_hf.training.run import check_training_options, prepare_corpus, with_cross_validation


def options(**given: object) -> TrainOptions:
    return with_cross_validation(TrainOptions(data_dir="somewhere", output_dir="out", **given))


@pytest.mark.parametrize(
    ("given", "layers"), [("3", (3,)), ("2,3", (2, 3)), ("3,1", (3, 1)), ([1, 2], (1, 2)), ((4,), (4,))]
)
def test_layers_are_numbers_with_commas_between_them(given, layers):
    assert as_layers(given) == layers == options(frame_layers=given).frame_layers


@pytest.mark.parametrize("given", ["", "0", "1,1", "1,,2", "two", "-1", "1.5", [], [0], [2, 2]])
def test_what_is_no_list_of_layers_is_refused(given):
    with pytest.raises(ValueError):
        as_layers(given)


def test_without_layers_the_middle_ones_are_taken(encoder_folders):
    frames = chosen_frames(options(frame_encoder=str(encoder_folders / "whisper")), "speech")
    assert (frames.encoder.layers, frames.encoder.mix, frames.encoder.padding) == ((1,), "mean", "none")
    assert (frames.level, frames.with_mfcc) == ("speech", False)


def test_all_that_is_asked_for_is_in_the_frames(encoder_folders):
    choices = {"frame_layers": "1,3", "layer_mix": "learnt", "frame_padding": "window", "with_mfcc": True}
    given = options(frame_encoder=str(encoder_folders / "whisper"), level="as_recorded", **choices)
    frames = chosen_frames(given, "speech")
    encoder = frames.encoder
    assert (encoder.layers, encoder.mix, encoder.padding) == ((1, 3), "learnt", "window")
    assert (frames.level, frames.with_mfcc) == ("as_recorded", True)
    assert frames.feature_extractor().feature_size == 2 * SIZE + 39


@pytest.mark.parametrize(
    "given", [{"frame_layers": "1"}, {"layer_mix": "learnt"}, {"frame_padding": "window"}, {"with_mfcc": True}]
)
def test_what_goes_with_an_encoder_is_refused_without_one(given):
    with pytest.raises(ValueError, match=f"--{next(iter(given))}: there is no encoder; give --frame_encoder as well"):
        chosen_frames(options(**given), "speech")


def test_the_recipe_for_an_encoder_is_taken_where_there_is_one():
    assert recipe_name_of(options(frame_encoder="org/tiny")) == "encoder"
    assert recipe_of(options(frame_encoder="org/tiny")) == RECIPES["encoder"]
    assert recipe_name_of(options(frame_encoder="org/tiny", recipe="paper")) == "paper"
    assert recipe_name_of(options()) == "wise_hf"


def test_an_encoder_for_a_model_that_does_not_listen_is_refused():
    with pytest.raises(ValueError, match="a model of --modality text is given no audio"):
        check_training_options(options(frame_encoder="org/tiny", modality="text"))


def test_layers_that_are_not_there_are_told_before_anything_is_prepared(encoder_folders, spoken_corpus, tmp_path):
    folder = str(encoder_folders / "whisper")
    given = {"data_dir": spoken_corpus, "output_dir": tmp_path / "out", "frame_encoder": folder, "frame_layers": "2"}
    prepared = []
    with pytest.raises(ValueError, match="3 layers .* takes its first 2 .*give --train_encoder_layers 2 or fewer"):
        prepare_corpus(
            with_cross_validation(TrainOptions(**given, train_encoder_layers=3)), lambda: prepared.append(1)
        )
    assert not prepared


def test_gradient_checkpointing_without_an_encoder_and_a_folder_that_is_missing_are_told():
    given = {"data_dir": "x", "output_dir": "y"}
    with pytest.raises(ValueError, match="--gradient_checkpointing: there is no encoder; give --frame_encoder"):
        chosen_frames(TrainOptions(**given, gradient_checkpointing=True), "speech")
    with pytest.raises(ValueError, match="The folder ../models/none is not there; give that of a speech encoder"):
        chosen_frames(TrainOptions(**given, frame_encoder="../models/none"), "speech")
