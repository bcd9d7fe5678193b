"""The configuration of a model whose frames are a speech encoder's: it holds the encoder's own."""

import json

import pytest
from encoders import FAMILIES, SIZE, encoder_config, feature_extractor_of
from huggingface_hub.errors import StrictDataclassFieldValidationError
from transformers import AutoConfig, BertConfig

from wise_hf.model.configuration_wise import FrameEncoderConfig, WISEConfig
from wise_hf.model.frame_encoder_wise import FrameEncoder
from wise_hf.model.loading import load_model


def frame_encoder_config(family: str = "whisper", **choices: object) -> FrameEncoderConfig:
    inputs = feature_extractor_of(family).to_dict()
    return FrameEncoderConfig(**{"encoder": encoder_config(family), "inputs": inputs, "layers": [1, 3]} | choices)


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_and_read_again_it_is_the_same_with_the_encoder_in_it(tmp_path, family):
    encoder = frame_encoder_config(family, mix="learnt", name="org/tiny", license="mit")
    config = WISEConfig(frame_encoder=encoder, mixed_layers=2, values_beside_layers=39, feature_size=2 * SIZE + 39)
    config.save_pretrained(tmp_path)
    again = WISEConfig.from_pretrained(tmp_path)
    assert again.to_dict() == config.to_dict()
    assert type(again.frame_encoder.encoder) is type(encoder.encoder)
    assert again.frame_encoder.to_dict() == encoder.to_dict()
    assert (again.frame_encoder.name, again.frame_encoder.license) == ("org/tiny", "mit")
    assert again.layer_size == SIZE


def test_a_model_without_an_encoder_says_so(tmp_path):
    WISEConfig().save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["frame_encoder"] is None
    assert WISEConfig.from_pretrained(tmp_path).frame_encoder is None


def test_nothing_of_an_encoder_is_left_out_or_masked_in_training():
    own = encoder_config("wav2vec2-layer")
    own.mask_time_prob, own.layerdrop = 0.05, 0.1
    config = frame_encoder_config("wav2vec2-layer", encoder=own)
    assert (config.encoder.mask_time_prob, config.encoder.mask_feature_prob, config.encoder.layerdrop) == (0, 0, 0)
    assert frame_encoder_config("whisper").encoder.encoder_layerdrop == 0


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({"feature_size": 39}, "feature_size is 39, and the frame encoder makes 16 values beside 0; set feature_size"),
        ({"feature_size": SIZE, "values_beside_layers": 3}, "frame encoder makes 16 values beside 3"),
        ({"feature_size": SIZE, "mixed_layers": 3}, "feature_size is 16, which is not 3 layers of one size"),
        ({"feature_size": SIZE, "mixed_layers": 0}, "is not 0 layers of one size"),
        ({"feature_size": SIZE, "values_beside_layers": SIZE}, "is not 1 layers of one size and 16 values"),
        ({"feature_size": SIZE, "values_beside_layers": -1}, "is not 1 layers of one size and -1 values"),
        ({"feature_size": SIZE, "frame_projection_size": -1}, "frame_projection_size is -1"),
        ({"feature_size": SIZE, "frame_dropout": 1.0}, "frame_dropout is 1.0; it is a share"),
    ],
)
def test_sizes_that_do_not_go_together_are_told(sizes, sentence):
    with pytest.raises(ValueError, match=sentence):
        WISEConfig(frame_encoder=frame_encoder_config(), **sizes)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"encoder": {"model_type": "nonsense"}}, "of the type 'nonsense'; expected one of whisper, wav2vec2,"),
        ({"encoder": {}}, "of the type 'None'; expected one of whisper"),
        ({"encoder": {"model_type": "clip"}}, "of the type 'clip'; expected one of whisper"),
        ({"encoder": BertConfig()}, "of the type 'bert'; expected one of whisper"),
        ({"layers": [4]}, r"layers \[4\] are not among the 3"),
        ({"layers": []}, r"layers \[\] are not among the 3"),
        ({"padding": "window", "encoder": encoder_config("hubert")}, "Only Whisper has a window to pad to"),
    ],
)
def test_a_configuration_that_no_encoder_has_is_refused_in_a_sentence(changed, sentence):
    for make in (lambda: frame_encoder_config(**changed), lambda: WISEConfig(frame_encoder=as_json(changed))):
        with pytest.raises(ValueError, match=sentence) as raised:
            make()
        assert len(str(raised.value)) < 200


def as_json(changed: dict) -> dict:
    """What a config.json has of an encoder, with something changed in it."""
    encoder = changed.get("encoder", {})
    told = encoder if isinstance(encoder, dict) else encoder.to_dict()
    return (
        json.loads(frame_encoder_config().to_json_string(use_diff=False))
        | changed
        | ({"encoder": told} if "encoder" in changed else {})
    )


@pytest.mark.parametrize(
    "changed", [{"mix": "median"}, {"padding": "both"}, {"layers": "1,2"}, {"encoder": "whisper"}]
)
def test_a_value_of_another_kind_is_refused(changed):
    with pytest.raises((ValueError, StrictDataclassFieldValidationError)):
        frame_encoder_config(**changed)


@pytest.mark.parametrize(
    ("family", "other"), [("whisper", "hubert"), ("hubert", "wav2vec2-bert"), ("wav2vec2-bert", None)]
)
def test_the_input_of_another_encoder_is_refused(family, other):
    inputs = None if other is None else feature_extractor_of(other).to_dict()
    with pytest.raises(ValueError, match=f"The input of a {family} is made by a .*; take those of the encoder"):
        FrameEncoder(frame_encoder_config(family, inputs=inputs))


def test_the_encoder_s_own_configuration_stands_in_the_file_as_transformers_reads_it(tmp_path):
    WISEConfig(frame_encoder=frame_encoder_config(), feature_size=SIZE).save_pretrained(tmp_path)
    read = json.loads((tmp_path / "config.json").read_text())
    assert read["frame_encoder"]["encoder"]["model_type"] == "whisper"
    assert AutoConfig.for_model(**read["frame_encoder"]["encoder"]).num_hidden_layers == 3


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"frame_encoder": {}}, "frame_encoder holds no encoder; give the configuration of one"),
        ({"word_encoder": {}}, "word_encoder holds no encoder; give the configuration of one"),
        ({"frame_encoder": 5}, "The configuration of .* cannot be read .*frame_encoder"),
        (
            {"frame_encoder": {"encoder": {"model_type": "whisper", "encoder_layers": "3"}}},
            "cannot be read .*encoder_layers",
        ),
        ({"frame_encoder": {"encoder": {"model_type": "clip"}}}, "of the type 'clip'; expected one of whisper"),
        ({"vocab_size": "many"}, "The configuration of .* cannot be read .*vocab_size"),
    ],
)
def test_a_saved_model_with_a_configuration_that_is_none_is_told_in_a_sentence(tmp_path, changed, sentence):
    WISEConfig().save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    with pytest.raises(ValueError, match=sentence) as raised:
        load_model(tmp_path)
    assert "\n" not in str(raised.value)
