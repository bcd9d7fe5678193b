"""What the frames are: MFCC, or those of a speech encoder."""

import pytest
from encoders import SIZE

from wise_hf.data.wise_frames import Frames
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.pretrained_encoder import FrameEncoderSource


def frames_of(folder, *choices: object, **others: object) -> Frames:
    return Frames(encoder=FrameEncoderSource(str(folder), *choices or ((1, 3),)), **others)


@pytest.mark.parametrize(
    ("family", "choices", "told"),
    [
        ("whisper", {}, {"frames": "encoder", "feature_size": SIZE, "frame_ms": 0.0, "hop_ms": 20.0}),
        ("wavlm", {}, {"frames": "encoder", "frame_ms": 25.0, "hop_ms": 20.0}),
        ("wav2vec2-bert", {}, {"frame_ms": 35.0, "hop_ms": 20.0, "sampling_rate": 16_000}),
        ("whisper", {"with_mfcc": True}, {"frames": "encoder+mfcc", "feature_size": SIZE + 39}),
        ("whisper", {"level": "speech"}, {"level": "speech", "is_mfcc": False}),
    ],
)
def test_the_feature_extractor_is_told_what_the_encoder_is(encoder_folders, family, choices, told):
    extractor = frames_of(encoder_folders / family, **choices).feature_extractor("speaker")
    assert {name: getattr(extractor, name) for name in told} == told
    assert extractor.normalization == "speaker"


def test_without_an_encoder_the_frames_are_mfcc():
    extractor = Frames(level="speech").feature_extractor()
    assert (extractor.frames, extractor.feature_size, extractor.is_mfcc) == ("mfcc", 39, True)
    assert Frames().model_choices == {} and Frames().values_beside_layers == 0


@pytest.mark.parametrize(
    ("choices", "mfcc", "expected"),
    [
        (((1, 3),), False, {"mixed_layers": 1, "values_beside_layers": 0}),
        (((1, 3),), True, {"mixed_layers": 1, "values_beside_layers": 39}),
        (((1, 3), "learnt"), True, {"mixed_layers": 2, "values_beside_layers": 39}),
        (((2,), "learnt"), False, {"mixed_layers": 1, "values_beside_layers": 0}),
    ],
)
def test_the_model_is_told_of_what_parts_a_frame_is(encoder_folders, choices, mfcc, expected):
    frames = frames_of(encoder_folders / "whisper", *choices, with_mfcc=mfcc)
    assert frames.model_choices == expected
    encoder, size = frames.encoder.read().config, frames.feature_extractor().feature_size
    assert WISEConfig(frame_encoder=encoder, feature_size=size, **frames.model_choices).frame_encoder is encoder


def test_an_encoder_that_is_not_there_is_told():
    with pytest.raises(ValueError, match="There is no speech encoder 'no/such-encoder'"):
        frames_of("no/such-encoder").feature_extractor()
