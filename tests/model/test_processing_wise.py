"""Audio and words to the model's inputs."""

import numpy as np
import pytest
import torch

from wise_hf import WISEProcessor
from wise_hf.data.embeddings import PAD, UNKNOWN, build_tokenizer
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor


RATE = 16_000


def aligned(word: str, start_s: float, end_s: float) -> dict:
    middle_s = (start_s + end_s) / 2
    phonemes = [
        {"phoneme": "AA", "start_s": start_s, "end_s": middle_s},
        {"phoneme": "B", "start_s": middle_s, "end_s": end_s},
    ]
    return {"word": word, "start_s": start_s, "end_s": end_s, "phonemes": phonemes}


@pytest.fixture
def processor() -> WISEProcessor:
    tokenizer = build_tokenizer([PAD, UNKNOWN, "kids", "Door", "talk"])
    return WISEProcessor(WISEFeatureExtractor(normalization="none"), tokenizer)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)


def test_words_are_looked_up_as_they_stand_then_in_lower_case(processor):
    assert processor.word_ids(["Kids", "Door", "door", "zebra"]).tolist() == [2, 3, 1, 1]


def test_one_recording_gives_a_batch_of_one(processor, noise):
    words = [aligned("Kids", 0.1, 0.4), aligned("talk", 0.5, 0.9)]
    batch = processor(noise, words=words, sampling_rate=RATE, return_tensors="pt")
    assert set(batch) == set(processor.model_input_names)
    assert batch["input_ids"].tolist() == [[2, 4]] and batch["attention_mask"].tolist() == [[1, 1]]
    assert batch["word_lengths"].tolist() == [[2, 2]]
    assert batch["input_features"].shape == (1, int(batch["phoneme_lengths"].sum()), 39)
    assert batch["input_features"].dtype == torch.float32 and batch["input_ids"].dtype == torch.int64


def test_a_list_gives_the_same_as_one_by_one(processor, noise):
    words = [[aligned("Kids", 0.1, 0.4)], [aligned("talk", 0.2, 0.3), aligned("Door", 0.5, 0.9)]]
    together = processor([noise, noise], words=words, sampling_rate=RATE, return_tensors="np")
    for row, its_words in enumerate(words):
        alone = processor(noise, words=its_words, sampling_rate=RATE, return_tensors="np")
        for name, values in alone.items():
            np.testing.assert_array_equal(together[name][row, : values.shape[1]], values[0])
            assert not together[name][row, values.shape[1] :].any(), "the rest is padding"


def test_words_beyond_the_limit_are_left_out_of_the_ids_too(noise):
    extractor = WISEFeatureExtractor(normalization="none", max_words=1)
    processor = WISEProcessor(extractor, build_tokenizer([PAD, UNKNOWN, "kids"]))
    batch = processor(noise, words=[aligned("kids", 0, 0.4), aligned("kids", 0.5, 0.9)], sampling_rate=RATE)
    assert batch["input_ids"].tolist() == [[2]]


def test_the_dense_tensor_has_the_papers_shape(processor, noise):
    batch = processor(noise, words=[aligned("kids", 0.1, 0.4)], sampling_rate=RATE, return_tensors="pt")
    dense = processor.to_dense(batch)
    assert dense["input_features"].shape == (1, 1, 14, 64, 39)
    assert int(dense["frame_mask"].sum()) == batch["input_features"].shape[1]


def assert_same(batch, expected) -> None:
    assert set(batch) == set(expected)
    for name in expected:
        np.testing.assert_array_equal(batch[name], expected[name], err_msg=name)


@pytest.mark.parametrize(
    "form",
    [
        torch.from_numpy,
        lambda samples: torch.from_numpy(samples).double(),
        lambda samples: torch.from_numpy(samples).requires_grad_(),
        lambda samples: torch.from_numpy(samples)[None],
        lambda samples: samples[None],
        lambda samples: [samples],
        lambda samples: (torch.from_numpy(samples),),
        lambda samples: samples.tolist(),
        lambda samples: [samples.tolist()],
    ],
)
def test_every_form_of_one_recording_gives_the_same(processor, noise, form):
    words = [aligned("Kids", 0.1, 0.4), aligned("talk", 0.5, 0.9)]
    expected = processor(noise, words=words, sampling_rate=RATE)
    assert_same(processor(form(noise), words=words, sampling_rate=RATE), expected)
    alone = processor.feature_extractor(form(noise), words, RATE)
    assert_same(alone, {name: expected[name] for name in processor.feature_extractor.model_input_names})


@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        np.stack,
        lambda rows: torch.from_numpy(np.stack(rows)),
        lambda rows: [*map(torch.from_numpy, rows)],
    ],
)
def test_every_form_of_several_recordings_gives_the_same(processor, noise, form):
    words = [[aligned("Kids", 0.1, 0.4)], [aligned("talk", 0.2, 0.3), aligned("Door", 0.5, 0.9)]]
    rows = [noise, noise[::-1].copy()]
    expected = processor(rows, words=words, sampling_rate=RATE)
    assert_same(processor(form(rows), words=words, sampling_rate=RATE), expected)


def test_a_half_precision_tensor_is_read_as_its_values(processor, noise):
    words = [aligned("Kids", 0.1, 0.4)]
    half = torch.from_numpy(noise).bfloat16()
    expected = processor(half.float().numpy(), words=words, sampling_rate=RATE)
    assert_same(processor(half, words=words, sampling_rate=RATE), expected)


@pytest.mark.parametrize("padding", [True, "longest"])
def test_padding_as_collators_ask_for_it_is_what_is_always_done(processor, noise, padding):
    words = [aligned("Kids", 0.1, 0.4)]
    expected = processor(noise, words=words, sampling_rate=RATE)
    assert_same(processor(noise, words=words, sampling_rate=RATE, padding=padding), expected)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sample_rate": 8000}, "no argument sample_rate; did you mean sampling_rate?"),
        ({"return_tensor": "pt"}, "did you mean return_tensors?"),
        ({"texts": "hi"}, "did you mean text?"),
        ({"word": []}, "did you mean words?"),
        ({"truncation": True}, "no argument truncation; known are audio, words, text, sampling_rate"),
        ({"images": None}, "no argument images"),
        ({"padding": False}, "padding is False, expected True"),
        ({"padding": "max_length"}, "padding is 'max_length', expected True"),
    ],
)
def test_an_argument_that_cannot_be_honoured_is_refused(processor, noise, options, told):
    words = [aligned("kids", 0.1, 0.4)]
    with pytest.raises(ValueError, match=told.replace("?", "[?]")):
        processor(noise, words=words, **({"sampling_rate": RATE} | options))


def test_the_feature_extractor_refuses_the_same(processor, noise):
    words = [aligned("kids", 0.1, 0.4)]
    with pytest.raises(ValueError, match="no argument sample_rate; did you mean sampling_rate"):
        processor.feature_extractor(noise, words, sample_rate=RATE)
    with pytest.raises(ValueError, match="padding is False"):
        processor.feature_extractor(noise, words, RATE, padding=False)
    assert "input_features" in processor.feature_extractor(noise, words, RATE, padding=True)


@pytest.mark.parametrize(
    ("audio", "told"),
    [
        (None, "No audio given"),
        ([], "No audio given"),
        ("call.wav", "The audio is of type str, expected samples"),
        (["call.wav"], "The audio is of type ndarray, expected samples"),
        ([np.zeros(100, np.float32), "call.wav"], "The audio is of type str, expected samples"),
        ({"array": np.zeros(100), "sampling_rate": RATE}, "The audio is of type dict, expected samples"),
        ([None], "The audio is of type ndarray, expected samples"),
        (b"RIFF", "The audio is of type bytes, expected samples"),
        (np.zeros((RATE, 2), np.float32), "shape .16000, 2., expected one channel"),
        (torch.zeros(RATE, 2), "shape .16000, 2., expected one channel"),
        (np.float32(0.5), "expected samples"),
    ],
)
def test_what_is_no_samples_is_told_in_a_sentence(processor, audio, told):
    for call in (processor, processor.feature_extractor):
        with pytest.raises(ValueError, match=told):
            call(audio, words=[aligned("kids", 0.1, 0.4)], sampling_rate=RATE)


def test_text_without_audio_and_what_is_no_text_is_told(processor, noise):
    with pytest.raises(ValueError, match="No audio given"):
        processor(text="kids", sampling_rate=RATE)
    for text in (5, [None], {"text": "kids"}):
        with pytest.raises(ValueError, match="expected a string"):
            processor(noise, text=text, sampling_rate=RATE)
    for words in (5, {"word": "kids"}, "kids"):
        with pytest.raises(ValueError, match="expected a list of aligned words"):
            processor(noise, words=words, sampling_rate=RATE)


def test_text_is_aligned_first(processor, ravdess_root):
    from wise_hf.model.audio_wise import read_audio

    samples = read_audio(ravdess_root / "audio/Actor_01/03-01-01-01-01-01-01.flac")
    batch = processor(samples, text="Kids are talking by the door.", sampling_rate=RATE, return_tensors="pt")
    assert batch["input_ids"].tolist() == [[2, 1, 1, 1, 1, 1]]


def test_wrong_use_is_told_in_a_sentence(processor, noise):
    words = [aligned("kids", 0.1, 0.4)]
    with pytest.raises(ValueError, match="either words= .* or text="):
        processor(noise, sampling_rate=RATE)
    with pytest.raises(ValueError, match="either words= .* or text="):
        processor(noise, words=words, text="kids", sampling_rate=RATE)
    with pytest.raises(ValueError, match="Got 2 recordings and words or texts for 1"):
        processor([noise, noise], words=words, sampling_rate=RATE)
    with pytest.raises(ValueError, match="8000"):
        processor(noise, words=words, sampling_rate=8000)


def test_saving_and_loading_keeps_everything(processor, noise, tmp_path):
    words = [aligned("Kids", 0.1, 0.4)]
    before = processor(noise, words=words, sampling_rate=RATE, return_tensors="np")
    processor.save_pretrained(tmp_path)
    after = WISEProcessor.from_pretrained(tmp_path)(noise, words=words, sampling_rate=RATE, return_tensors="np")
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])
