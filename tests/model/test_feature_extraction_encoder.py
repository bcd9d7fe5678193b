"""The feature extractor of a model that makes its frames itself: waveforms, and which frames the phonemes have."""

import numpy as np
import pytest
import torch
from encoders import RATE, sound

from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor


SIZE, HOP = 4, 320


def extractor(frames: str = "encoder", **changes: object) -> WISEFeatureExtractor:
    size = SIZE + (39 if frames == "encoder+mfcc" else 0)
    usual = {"frames": frames, "feature_size": size, "frame_ms": 25.0, "hop_ms": 20.0, "normalization": "none"}
    return WISEFeatureExtractor(**usual | changes)


def words(*times_s: float) -> list[dict]:
    """A word of one phoneme between each time and the next."""
    spans = [{"start_s": start, "end_s": end} for start, end in zip(times_s, times_s[1:], strict=False)]
    return [{"word": "a", **span, "phonemes": [{"phoneme": "AH", **span}]} for span in spans]


@pytest.mark.parametrize(("num_samples", "count"), [(1, 1), (320, 1), (321, 2), (16_000, 50), (16_001, 51)])
def test_every_sample_is_in_a_frame(num_samples, count):
    assert extractor().num_frames(num_samples) == count


def test_phonemes_have_the_frames_whose_centres_lie_in_them():
    batch = extractor()(sound(RATE), words(0.0, 0.0325, 0.1, 0.101), sampling_rate=RATE)  # centres 12.5, 32.5, 52.5 ms
    assert batch["phoneme_lengths"].tolist() == [[1, 4, 1]]
    assert batch["frame_index"].tolist() == [[0, 1, 2, 3, 4, 4]]
    whisper = extractor(frame_ms=0.0)(sound(RATE), words(0.0, 0.02, 0.1), sampling_rate=RATE)  # centres 0, 20, 40 ms
    assert whisper["frame_index"].tolist() == [[0, 1, 2, 3, 4]]


def test_a_batch_is_what_the_model_takes():
    samples = [sound(8000), sound(16_000)]
    for frames in ("encoder", "encoder+mfcc"):
        made = extractor(frames)(samples, [words(0, 0.2), words(0, 0.3, 0.9)], RATE, return_tensors="pt")
        assert set(made) == set(extractor(frames).model_input_names)
        assert made["input_values"].shape == (2, 16_000) and made["input_lengths"].tolist() == [8000, 16_000]
        assert torch.equal(made["input_values"][0, :8000], torch.from_numpy(samples[0]))
        assert not made["input_values"][0, 8000:].any()
        assert ("input_features" in made) == (frames == "encoder+mfcc")


def test_mfcc_beside_an_encoder_are_those_of_its_frames():
    made = extractor("encoder+mfcc")
    encoded = np.arange(50 * SIZE, dtype=np.float32).reshape(50, SIZE)
    both = made.extract(sound(RATE), RATE, lambda waveform: encoded)
    assert both.shape == (50, SIZE + 39) and np.array_equal(both[:, :SIZE], encoded)
    batch = made(sound(RATE), words(0.0, 0.5, 0.7), RATE)
    np.testing.assert_array_equal(batch["input_features"][0], both[batch["frame_index"][0], SIZE:])


@pytest.mark.parametrize("normalization", ["none", "global", "speaker"])
def test_the_model_is_told_what_to_normalise_by(normalization):
    stored, own = ([1.0] * SIZE, [2.0] * SIZE), (np.full(SIZE, 3.0), np.full(SIZE, 4.0))
    made = extractor(normalization=normalization, mean=stored[0], std=stored[1])
    expected = {"none": ([0] * SIZE, [1] * SIZE), "global": stored, "speaker": own}[normalization]
    for statistics, (mean, std) in ((own, expected), (None, expected if normalization != "speaker" else stored)):
        batch = made(sound(4000), words(0, 0.2), RATE, statistics=statistics)
        np.testing.assert_array_equal(batch["feature_mean"], [mean])
        np.testing.assert_array_equal(batch["feature_std"], [std])


def test_the_level_is_taken_out_before_the_encoder_hears_it():
    loud, quiet = (extractor(level="speech")(gain * sound(RATE), words(0, 0.2), RATE) for gain in (1.0, 0.05))
    np.testing.assert_allclose(loud["input_values"], quiet["input_values"], atol=1e-4)


def test_saved_and_read_again_it_is_the_same(tmp_path):
    made = extractor("encoder+mfcc", level="speech", normalization="speaker")
    made.set_statistics([np.random.default_rng(0).standard_normal((9, SIZE + 39))])
    made.save_pretrained(tmp_path)
    again = WISEFeatureExtractor.from_pretrained(tmp_path)
    assert again.to_dict() == made.to_dict() and again.model_input_names == made.model_input_names


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"frames": "whisper"}, "frames is 'whisper', expected one of 'mfcc', 'encoder', 'encoder.mfcc'"),
        ({"hop_ms": 0}, "Frames of 25.0 ms every 0 ms are none; take the encoder's"),
        ({"frame_ms": -1}, "Frames of -1 ms every 20.0 ms are none"),
        ({"mean": [0.0], "std": [1.0]}, r"mean and std have shapes \(1,\) and \(1,\), expected \(4,\) each"),
    ],
)
def test_settings_that_no_encoder_has_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        extractor(**changes)


def test_what_is_padded_without_its_parts_is_told():
    made = extractor()(sound(4000), words(0, 0.2), RATE)
    one = {name: value[0] for name, value in made.items() if name not in ("feature_mean", "input_lengths")}
    with pytest.raises(ValueError, match="What is to be padded has no feature_mean; give what the feature extractor"):
        extractor().pad([one])


def test_words_behind_the_end_of_a_recording_are_told():
    with pytest.raises(ValueError, match="1 of 1 words start after the audio's end at 0.25 s"):
        extractor()(sound(4000), words(5.0, 6.0), RATE)


def test_waveforms_have_no_dense_tensor_and_that_is_told():
    made = extractor()
    batch = made(sound(RATE), words(0.0, 0.5, 1.0), sampling_rate=RATE)
    with pytest.raises(ValueError, match="holds waveforms, of which the model makes the frames"):
        made.to_dense(batch)
