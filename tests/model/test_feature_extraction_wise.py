"""The feature extractor: frames of phonemes, normalisation, padding, the dense tensor, saving, bad input."""

import json
import logging
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BatchFeature
from transformers.utils import PaddingStrategy

from wise_hf.model import feature_extraction_wise
from wise_hf.model.feature_extraction_wise import FrameSelection, WISEFeatureExtractor
from wise_hf.model.mfcc_wise import mfcc_native
from wise_hf.model.opensmile_wise import mfcc_opensmile


RATE = 16000


def noise(num_samples: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(num_samples) * 0.1).astype(np.float32)


def make_words(durations_s: list[list[float]], start_s: float = 0.0) -> list[dict]:
    """Words whose phonemes follow one another: one inner list of phoneme durations a word."""
    words, now_s = [], start_s
    for word in durations_s:
        phonemes = []
        for duration_s in word:
            phonemes.append({"phoneme": "AH", "start_s": now_s, "end_s": now_s + duration_s})
            now_s += duration_s
        words.append({"word": "a", "start_s": phonemes[0]["start_s"], "end_s": now_s, "phonemes": phonemes})
    return words


def one_phoneme(start_s: float, end_s: float) -> list[dict]:
    phoneme = {"phoneme": "AH", "start_s": start_s, "end_s": end_s}
    return [{"word": "a", "start_s": start_s, "end_s": end_s, "phonemes": [phoneme]}]


@pytest.fixture
def extractor() -> WISEFeatureExtractor:
    return WISEFeatureExtractor(normalization="none")


@pytest.fixture
def trained() -> WISEFeatureExtractor:
    extractor = WISEFeatureExtractor()
    extractor.set_statistics([extractor.extract(noise(RATE), RATE)])
    return extractor


def select_in_plain_loops(num_frames: int, words: list[dict]) -> FrameSelection:
    """The rule of the paper's row 5 frame by frame, with the default limits."""
    centres_s = [(240 * frame + 200) / RATE for frame in range(num_frames)]
    index, phoneme_lengths, word_lengths, cut_frames, cut_phonemes = [], [], [], 0, 0
    for word in words[:128]:
        for phoneme in word["phonemes"][:14]:
            start_s, end_s = phoneme["start_s"], phoneme["end_s"]
            own = [frame for frame, centre_s in enumerate(centres_s) if start_s <= centre_s < end_s]
            own = own or [nearest_frame(centres_s, (start_s + end_s) / 2)]
            index += own[:64]
            phoneme_lengths.append(len(own[:64]))
            cut_frames += len(own[64:])
        word_lengths.append(len(word["phonemes"][:14]))
        cut_phonemes += len(word["phonemes"][14:])
    return FrameSelection(index, phoneme_lengths, word_lengths, cut_frames, cut_phonemes, len(words[128:]))


def nearest_frame(centres_s: list[float], middle_s: float) -> int:
    return int(np.argmin([abs(centre_s - middle_s) for centre_s in centres_s]))


def assert_same_selection(selection: FrameSelection, expected: FrameSelection) -> None:
    for name in ("frame_index", "phoneme_lengths", "word_lengths"):
        np.testing.assert_array_equal(getattr(selection, name), getattr(expected, name), err_msg=name)
        assert getattr(selection, name).dtype == np.int64
    for name in ("cut_frames", "cut_phonemes", "cut_words"):
        assert getattr(selection, name) == getattr(expected, name), name


# Odd nanoseconds, so that no middle lies halfway between two centres.
durations_s = st.integers(1, 1_600_000).map(lambda thousandths_ms: (thousandths_ms * 1000 + 137) / 1e9)
utterances = st.lists(st.lists(durations_s, min_size=1, max_size=18), min_size=1, max_size=8).map(make_words)


class TestSelectFrames:
    @given(words=utterances, num_frames=st.integers(1, 400))
    @settings(max_examples=80)
    def test_equals_the_rule_in_plain_loops(self, words, num_frames):
        selection = WISEFeatureExtractor().select_frames(num_frames, words)
        assert_same_selection(selection, select_in_plain_loops(num_frames, words))

    @given(words=utterances, num_frames=st.integers(1, 400))
    @settings(max_examples=80)
    def test_lengths_add_up_and_stay_within_the_limits(self, words, num_frames):
        selection = WISEFeatureExtractor().select_frames(num_frames, words)
        assert selection.phoneme_lengths.sum() == len(selection.frame_index)
        assert selection.word_lengths.sum() == len(selection.phoneme_lengths)
        assert selection.phoneme_lengths.min() >= 1 and selection.phoneme_lengths.max() <= 64
        assert selection.word_lengths.min() >= 1 and selection.word_lengths.max() <= 14
        assert selection.frame_index.min() >= 0 and selection.frame_index.max() < num_frames

    def test_phonemes_that_tile_the_audio_share_out_its_frames_once(self, extractor):
        words = make_words([[0.1, 0.2, 0.05], [0.3, 0.35]])
        selection = extractor.select_frames(66, words)
        np.testing.assert_array_equal(selection.frame_index, np.arange(66))

    @pytest.mark.parametrize(
        ("start_s", "end_s", "frames"),
        [
            (0.0, 0.0125, [0]),  # no centre inside, the first one is nearest
            (0.0125, 0.0275, [0]),  # a centre on the start is inside, one on the end is not
            (0.0275, 0.0575, [1, 2]),
            (0.013, 0.0275, [1]),  # none inside, the middle 0.02025 is nearer to 0.0275 than to 0.0125
            (0.0126, 0.027, [0]),
            (0.09, 0.12, [6, 7]),
            (0.1026, 0.1028, [6]),
            (7.0, 8.0, [9]),  # past the audio: the last frame
        ],
    )
    def test_hand_computed_frames(self, extractor, start_s, end_s, frames):
        assert extractor.select_frames(10, one_phoneme(start_s, end_s)).frame_index.tolist() == frames

    def test_only_the_first_frames_phonemes_and_words_are_kept_and_the_rest_counted(self):
        extractor = WISEFeatureExtractor(max_frames_per_phoneme=2, max_phonemes_per_word=3, max_words=2)
        selection = extractor.select_frames(100, make_words([[0.06, 0.03, 0.03, 0.03, 0.03], [0.015], [0.03], [0.03]]))
        assert selection.phoneme_lengths.tolist() == [2, 2, 2, 1]
        assert selection.word_lengths.tolist() == [3, 1]
        assert (selection.cut_frames, selection.cut_phonemes, selection.cut_words) == (2, 2, 2)

    def test_other_frame_sizes_move_the_centres(self):
        extractor = WISEFeatureExtractor(frame_ms=20.0, hop_ms=10.0)
        assert extractor.select_frames(100, one_phoneme(0.5, 0.53)).frame_index.tolist() == [49, 50, 51]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ([], "No words given"),
            ([{"word": "a", "phonemes": []}], "word has no phonemes"),
            ([{"word": "a"}], "word has no phonemes"),
            (["hello"], "hold a str, expected dicts"),
            ([{"word": "a", "phonemes": [{"phoneme": "AH", "start_s": 0.0}]}], "no numeric start_s and end_s"),
            (one_phoneme(None, 0.5), "no numeric start_s|does not end after"),
            (one_phoneme("soon", 0.5), "no numeric start_s and end_s"),
            (one_phoneme(math.nan, 0.5), "does not end after its start"),
            (one_phoneme(0.5, 0.1), "does not end after its start"),
        ],
    )
    def test_bad_words_are_refused_in_one_sentence(self, extractor, words, message):
        with pytest.raises(ValueError, match=message) as caught:
            extractor.select_frames(100, words)
        assert "\n" not in str(caught.value)

    def test_no_frames_are_refused(self, extractor):
        with pytest.raises(ValueError, match="num_frames is 0"):
            extractor.select_frames(0, one_phoneme(0.0, 0.1))


class TestExtract:
    def test_native_backend_is_the_native_mfcc(self, extractor):
        np.testing.assert_array_equal(extractor.extract(noise(RATE), RATE), mfcc_native(noise(RATE)))

    def test_opensmile_backend_is_the_opensmile_mfcc(self):
        pytest.importorskip("opensmile", reason="opensmile is not installed")
        extractor = WISEFeatureExtractor(mfcc_backend="opensmile")
        np.testing.assert_array_equal(extractor.extract(noise(RATE), RATE), mfcc_opensmile(noise(RATE)))

    def test_another_rate_is_refused_with_both_rates_and_the_way_out(self, extractor):
        with pytest.raises(ValueError, match="44100 .* expects 16000; resample it first, .*soxr"):
            extractor.extract(noise(RATE), 44100)

    def test_a_missing_rate_is_warned_about_once(self, extractor, caplog):
        feature_extraction_wise._warn_rate_missing.cache_clear()
        with caplog.at_level(logging.WARNING, logger=feature_extraction_wise.__name__):
            extractor.extract(noise(RATE), None)
            extractor.extract(noise(RATE), None)
        assert len(caplog.records) == 1 and "16000" in caplog.text


class TestNormalize:
    def test_global_statistics_give_mean_zero_and_deviation_one_over_the_training_frames(self):
        extractor = WISEFeatureExtractor()
        features = [extractor.extract(noise(n, seed), RATE) for seed, n in enumerate((4000, 16000, 9000))]
        extractor.set_statistics(one for one in features)
        normalized = np.concatenate([extractor.normalize(one) for one in features])
        np.testing.assert_allclose(normalized.mean(axis=0), 0.0, atol=1e-4)
        np.testing.assert_allclose(normalized.std(axis=0), 1.0, atol=1e-4)
        assert normalized.dtype == np.float32

    def test_global_without_statistics_says_what_to_call(self):
        with pytest.raises(ValueError, match="call set_statistics"):
            WISEFeatureExtractor().normalize(np.zeros((3, 39)))

    def test_speaker_statistics_are_used_where_given_and_the_stored_ones_for_an_unknown_speaker(self):
        extractor = WISEFeatureExtractor(normalization="speaker", mean=[1.0] * 39, std=[2.0] * 39)
        features = extractor.extract(noise(RATE), RATE)
        given = extractor.normalize(features, (np.full(39, 2.0), np.full(39, 4.0)))
        np.testing.assert_allclose(given, (features - 2) / 4, rtol=1e-6)
        np.testing.assert_allclose(extractor.normalize(features), (features - 1) / 2, rtol=1e-6)

    def test_a_call_with_a_speakers_statistics_normalises_by_them(self):
        extractor = WISEFeatureExtractor(normalization="speaker", mean=[1.0] * 39, std=[2.0] * 39)
        words = make_words([[0.2, 0.3]])
        raw, _ = extractor.select_features(noise(RATE), words, RATE)
        batch = extractor(noise(RATE), words, RATE, statistics=(np.full(39, 2.0), np.full(39, 4.0)))
        np.testing.assert_allclose(batch["input_features"][0], (raw - 2) / 4, rtol=1e-6)

    def test_none_leaves_the_features(self, extractor):
        features = extractor.extract(noise(RATE), RATE)
        np.testing.assert_array_equal(extractor.normalize(features), features)

    @pytest.mark.parametrize("features", [[], [np.zeros((0, 39))], [np.zeros((5, 13))], [np.full((5, 39), np.nan)]])
    def test_statistics_of_nothing_or_of_something_else_are_refused(self, features):
        with pytest.raises(ValueError, match="expected"):
            WISEFeatureExtractor().set_statistics(features)


class TestCall:
    def test_one_utterance_gives_a_batch_of_its_kept_frames(self, trained):
        words = make_words([[0.06, 0.09], [0.12]], start_s=0.2)
        batch = trained(noise(RATE), words, sampling_rate=RATE)
        selection = trained.select_frames(66, words)
        expected = trained.normalize(mfcc_native(noise(RATE))[selection.frame_index])
        np.testing.assert_array_equal(batch["input_features"], expected[None])
        assert batch["phoneme_lengths"].tolist() == [[4, 6, 8]] and batch["word_lengths"].tolist() == [[2, 1]]

    def test_a_list_equals_its_utterances_one_by_one_and_zeros_behind(self, trained):
        audio = [noise(RATE, 1), noise(RATE // 2, 2)]
        words = [make_words([[0.1, 0.2], [0.3]]), make_words([[0.1]])]
        batch = trained(audio, words, sampling_rate=RATE, return_tensors="pt")
        for row in range(2):
            single = trained(audio[row], words[row], sampling_rate=RATE, return_tensors="pt")
            for key in trained.model_input_names:
                size = single[key].shape[1]
                assert torch.equal(batch[key][row, :size], single[key][0])
                assert not batch[key][row, size:].any()

    def test_tensors_have_the_model_types(self, trained):
        batch = trained(noise(RATE), make_words([[0.1]]), sampling_rate=RATE, return_tensors="pt")
        assert list(batch) == trained.model_input_names
        assert [batch[key].dtype for key in batch] == [torch.float32, torch.int64, torch.int64]

    def test_what_the_limits_cut_is_logged(self, trained, caplog):
        with caplog.at_level(logging.WARNING, logger=feature_extraction_wise.__name__):
            trained(noise(3 * RATE), one_phoneme(0.0, 3.0), sampling_rate=RATE)
        assert "135 frames beyond 64 a phoneme" in caplog.text

    def test_missing_words_are_refused_with_the_way_out(self, trained):
        with pytest.raises(ValueError, match="aligned words .* WISEProcessor"):
            trained(noise(RATE), sampling_rate=RATE)

    @pytest.mark.parametrize("words", [make_words([[0.1], [0.1]]), [make_words([[0.1]])]])
    def test_a_list_of_audio_needs_a_list_of_words_each(self, trained, words):
        with pytest.raises(ValueError, match="2 utterances need 2 lists of words"):
            trained([noise(RATE), noise(RATE)], words, sampling_rate=RATE)

    def test_words_of_which_most_start_after_the_audio_are_refused(self, trained):
        with pytest.raises(ValueError, match=r"2 of 2 words start after the audio's end at 1\.00 s"):
            trained(noise(RATE), make_words([[240.0], [30.0]], start_s=970.0), RATE)
        assert trained(noise(RATE), make_words([[1.01], [0.1]]), RATE)["word_lengths"].tolist() == [[1, 1]]

    def test_stereo_is_refused(self, trained):
        with pytest.raises(ValueError, match="expected one channel"):
            trained(np.zeros((RATE, 2), dtype=np.float32), make_words([[0.1]]), sampling_rate=RATE)

    def test_real_speech_gives_finite_features(self, ravdess_root, extractor):
        soundfile = pytest.importorskip("soundfile")
        samples, rate = soundfile.read(sorted(ravdess_root.rglob("*.flac"))[0], dtype="float32")
        words = make_words([[0.1, 0.1], [0.2, 0.05, 0.1]], start_s=1.0)
        batch = extractor(samples, words, sampling_rate=rate)
        assert np.isfinite(batch["input_features"]).all() and batch["phoneme_lengths"].shape == (1, 5)


class TestPadAndDense:
    def ragged(self, seed: int, words: list[list[int]]) -> dict[str, np.ndarray]:
        lengths = np.array([frames for word in words for frames in word])
        return {
            "input_features": np.random.default_rng(seed).normal(size=(lengths.sum(), 39)).astype(np.float32),
            "phoneme_lengths": lengths,
            "word_lengths": np.array([len(word) for word in words]),
        }

    @pytest.fixture
    def encoded(self) -> list[dict[str, np.ndarray]]:
        return [self.ragged(0, [[3, 1], [64]]), self.ragged(1, [[2], [1] * 14, [5, 7]]), self.ragged(2, [[1]])]

    def test_padding_keeps_the_values_and_fills_with_zeros(self, extractor, encoded):
        batch = extractor.pad(encoded)
        assert batch["input_features"].shape == (3, 68, 39)
        for row, one in enumerate(encoded):
            for key, values in one.items():
                np.testing.assert_array_equal(batch[key][row, : len(values)], values)
                assert not batch[key][row, len(values) :].any()

    def test_padding_takes_tensors_and_lists(self, extractor, encoded):
        expected = extractor.pad(encoded)
        for convert in (torch.from_numpy, np.ndarray.tolist):
            batch = extractor.pad([{key: convert(values) for key, values in one.items()} for one in encoded])
            for key in expected:
                np.testing.assert_array_equal(batch[key], expected[key])

    def test_padding_nothing_is_refused(self, extractor):
        with pytest.raises(ValueError, match="No utterances to pad"):
            extractor.pad([])

    @pytest.mark.parametrize("kind", [dict, BatchFeature])
    @pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy, np.ndarray.tolist])
    def test_padding_takes_a_batch_of_lists(self, extractor, encoded, kind, convert):
        expected = extractor.pad(encoded)
        lists = kind({name: [convert(one[name]) for one in encoded] for name in encoded[0]})
        batch = extractor.pad(lists | {"labels": [0, 1, 2]}, padding=True, return_tensors="pt")
        assert list(batch) == list(expected)
        for name, values in batch.items():
            np.testing.assert_array_equal(values, expected[name])

    def test_a_padded_batch_stays_as_it_is(self, extractor, encoded):
        expected = extractor.pad(encoded)
        batch = extractor.pad(extractor.pad(encoded, return_tensors="pt"))
        for name in expected:
            np.testing.assert_array_equal(batch[name], expected[name])

    @pytest.mark.parametrize("padding", [True, "longest", PaddingStrategy.LONGEST])
    def test_what_collators_pass_is_taken(self, extractor, encoded, padding):
        batch = extractor.pad(
            encoded,
            padding=padding,
            max_length=None,
            truncation=False,
            pad_to_multiple_of=None,
            return_attention_mask=None,
            return_tensors="np",
        )
        np.testing.assert_array_equal(batch["input_features"], extractor.pad(encoded)["input_features"])

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("padding", False),
            ("padding", "max_length"),
            ("padding", "do_not_pad"),
            ("padding", None),
            ("max_length", 100),
            ("truncation", True),
            ("pad_to_multiple_of", 8),
            ("return_attention_mask", True),
        ],
    )
    def test_another_padding_is_refused_by_name(self, extractor, encoded, name, value):
        with pytest.raises(ValueError, match=f"does not do {name}={value!r}; it pads"):
            extractor.pad(encoded, **{name: value})

    def test_what_is_no_utterance_is_refused(self, extractor, encoded):
        lists = {name: [one[name] for one in encoded] for name in encoded[0]}
        for wrong, message in (
            (encoded[0], r"hold \[68, 3, 2\] utterances; give a list"),
            (lists | {"word_lengths": lists["word_lengths"][:2]}, r"hold \[3, 3, 2\] utterances"),
            ([{"input_features": one["input_features"]} for one in encoded], "no phoneme_lengths, word_lengths"),
            ({name: [] for name in lists}, "No utterances to pad"),
            (lists | {"word_lengths": [2, 3, 1]}, r"word_lengths of an utterance has the shape \(\)"),
            (lists | {"input_features": lists["word_lengths"]}, r"shape \(2,\), expected \(length, 39\)"),
        ):
            with pytest.raises(ValueError, match=message):
                extractor.pad(wrong)

    @pytest.mark.parametrize("return_tensors", ["np", "pt"])
    def test_dense_holds_each_frame_at_its_word_phoneme_and_place(self, extractor, encoded, return_tensors):
        dense = extractor.to_dense(extractor.pad(encoded, return_tensors=return_tensors))
        expected, mask = np.zeros((3, 3, 14, 64, 39), dtype=np.float32), np.zeros((3, 3, 14, 64), dtype=bool)
        for row, one in enumerate(encoded):
            frames, lengths = iter(one["input_features"]), iter(one["phoneme_lengths"])
            for word, phonemes in enumerate(one["word_lengths"]):
                for phoneme in range(phonemes):
                    for place in range(next(lengths)):
                        expected[row, word, phoneme, place] = next(frames)
                        mask[row, word, phoneme, place] = True
        np.testing.assert_array_equal(dense["input_features"], expected)
        np.testing.assert_array_equal(dense["frame_mask"], mask)
        np.testing.assert_array_equal(dense["phoneme_mask"], mask.any(axis=3))
        np.testing.assert_array_equal(dense["word_mask"], mask.any(axis=(2, 3)))
        assert all(isinstance(values, torch.Tensor) == (return_tensors == "pt") for values in dense.values())

    def test_dense_and_back_is_the_ragged_batch(self, extractor, encoded):
        dense = extractor.to_dense(extractor.pad(encoded))
        frames = dense["input_features"][dense["frame_mask"]]
        np.testing.assert_array_equal(frames, np.concatenate([one["input_features"] for one in encoded]))
        lengths = dense["frame_mask"].sum(axis=3)[dense["phoneme_mask"]]
        np.testing.assert_array_equal(lengths, np.concatenate([one["phoneme_lengths"] for one in encoded]))

    def test_dense_passes_gradients_to_the_frames(self, extractor, encoded):
        batch = extractor.pad(encoded, return_tensors="pt")
        batch["input_features"].requires_grad_()
        extractor.to_dense(batch)["input_features"].sum().backward()
        kept = torch.arange(68) < batch["phoneme_lengths"].sum(dim=1, keepdim=True)
        torch.testing.assert_close(batch["input_features"].grad, kept[..., None].expand(-1, -1, 39).float())

    def test_lengths_that_contradict_each_other_or_the_limits_are_refused(self, extractor, encoded):
        batch = dict(extractor.pad(encoded))
        with pytest.raises(ValueError, match="word_lengths count"):
            extractor.to_dense({**batch, "word_lengths": batch["word_lengths"] + 1})
        with pytest.raises(ValueError, match="input_features hold 60"):
            extractor.to_dense({**batch, "input_features": batch["input_features"][:, :60]})
        with pytest.raises(ValueError, match="make the batch with its limits"):
            WISEFeatureExtractor(max_frames_per_phoneme=32).to_dense(batch)


class TestSaving:
    def test_reloading_after_use_gives_the_same_extractor_and_the_same_features(self, trained, tmp_path):
        words = make_words([[0.1, 0.2]])
        expected = trained(noise(RATE), words, sampling_rate=RATE)
        trained.save_pretrained(tmp_path)
        reloaded = WISEFeatureExtractor.from_pretrained(tmp_path)
        assert reloaded.mean == trained.mean and reloaded.std == trained.std
        np.testing.assert_array_equal(
            reloaded(noise(RATE), words, sampling_rate=RATE)["input_features"], expected["input_features"]
        )

    def test_every_setting_survives_saving(self, tmp_path):
        settings_given = {
            "frame_ms": 20.0,
            "hop_ms": 10.0,
            "sampling_rate": 8000,
            "mfcc_backend": "opensmile",
            "normalization": "speaker",
            "max_frames_per_phoneme": 5,
            "max_phonemes_per_word": 6,
            "max_words": 7,
            "padding_value": -1.0,
        }
        WISEFeatureExtractor(**settings_given).save_pretrained(tmp_path)
        reloaded = WISEFeatureExtractor.from_pretrained(tmp_path)
        assert {name: getattr(reloaded, name) for name in settings_given} == settings_given

    @pytest.mark.parametrize("backend", ["native", "opensmile"])
    def test_use_leaves_nothing_behind_that_json_pickle_or_a_fingerprint_would_see(self, backend):
        if backend == "opensmile":
            pytest.importorskip("opensmile", reason="opensmile is not installed")
        hasher = pytest.importorskip("datasets.fingerprint").Hasher
        extractor = WISEFeatureExtractor(mfcc_backend=backend, normalization="none")
        before = hasher.hash(extractor), extractor.to_json_string()
        extractor(noise(RATE), make_words([[0.1, 0.2]]), sampling_rate=RATE)
        assert (hasher.hash(extractor), extractor.to_json_string()) == before
        assert json.loads(extractor.to_json_string())["mfcc_backend"] == backend
        reloaded = pickle.loads(pickle.dumps(extractor))
        np.testing.assert_array_equal(reloaded.extract(noise(RATE), RATE), extractor.extract(noise(RATE), RATE))


class TestSettings:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"mfcc_backend": "kaldi"}, "'kaldi', expected one of 'native', 'opensmile'"),
            ({"normalization": "batch"}, "'batch', expected one of 'none', 'global', 'speaker'"),
            ({"feature_size": 40}, "feature_size is 40, expected 39"),
            ({"max_words": 0}, "max_words is 0, expected 1 or more"),
            ({"hop_ms": 0.0}, "hold no samples"),
            ({"max_word": 5}, "no argument max_word; did you mean max_words[?]"),
            ({"sample_rate": 8000}, "did you mean sampling_rate[?]"),
            ({"mean": [0.0] * 39}, "Only one of mean and std"),
            ({"mean": [0.0] * 13, "std": [1.0] * 13}, r"expected \(39,\) each"),
            ({"mean": [0.0] * 39, "std": [0.0] * 39}, "std of 0 or below"),
        ],
    )
    def test_bad_settings_are_refused(self, given, message):
        with pytest.raises(ValueError, match=message):
            WISEFeatureExtractor(**given)
