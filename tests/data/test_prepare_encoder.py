"""Frames of a frozen encoder: made once, kept in half precision, and known by what made them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset
from encoder_model import train
from encoders import SIZE

from wise_hf.data import cache
from wise_hf.data.collator import load_utterances
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.mapped import mapped_arrays
from wise_hf.data.utterance_features import extract_utterance, faster
from wise_hf.data.wise_frames import Frames
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.frame_encoder_wise import FrameEncoder
from wise_hf.model.pretrained_encoder import FrameEncoderSource


@pytest.fixture
def own_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def corpus(spoken_corpus) -> Dataset:
    return load_folder(spoken_corpus).select(range(5))


@pytest.fixture
def encoded(monkeypatch) -> list[int]:
    """The lengths of all waveforms that an encoder of this process was run on."""
    lengths, encode_batch = [], FrameEncoder.encode_batch

    def counted(self: FrameEncoder, recordings: list[np.ndarray]) -> list[np.ndarray]:
        lengths.extend(map(len, recordings))
        return encode_batch(self, recordings)

    monkeypatch.setattr(FrameEncoder, "encode_batch", counted)
    return lengths


def frames_of(folder: Path, layers: tuple[int, ...] = (1, 3), **choices: object) -> Frames:
    return Frames(encoder=FrameEncoderSource(str(folder), layers), **choices)


def arrays(prepared: Dataset) -> list[np.ndarray]:
    return list(mapped_arrays(prepared, "input_features"))


def assert_same(first: Dataset, second: Dataset) -> None:
    assert first["phoneme_lengths"][:] == second["phoneme_lengths"][:]
    for one, other in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_frames_are_those_of_the_encoder_in_half_precision(corpus, encoder_folders, own_cache):
    frames = frames_of(encoder_folders / "whisper", with_mfcc=True)
    prepared = frames.prepare(corpus)
    assert prepared.features["input_features"].dtype == "float16"
    extractor, row = frames.feature_extractor(), prepared[2]
    made = extractor.extract(read_audio(row["audio"]), 16_000, frames.encoder.read().encode)
    index = extractor.select_frames(len(made), row["words"]).frame_index
    assert made.shape[1] == SIZE + 39
    np.testing.assert_array_equal(arrays(prepared)[2], made[index].astype(np.float16))


def test_frames_stay_in_their_files(corpus, encoder_folders, own_cache):
    prepared = frames_of(encoder_folders / "whisper").prepare(corpus)
    for array in arrays(prepared.select([3, 0])):
        assert array.dtype == np.float16 and not array.flags.owndata and not array.flags.writeable


def test_several_processes_make_the_same(corpus, encoder_folders, own_cache, monkeypatch):
    frames = frames_of(encoder_folders / "wav2vec2-group")
    one = frames.prepare(corpus)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", own_cache / "second")
    assert_same(frames.prepare(corpus, num_proc=2), one)


def test_an_encoder_on_a_gpu_is_run_by_one_process(corpus, encoder_folders, own_cache, encoded, monkeypatch):
    frames = frames_of(encoder_folders / "whisper")
    frames.prepare(corpus, num_proc=2)
    assert not encoded, "others did the work"
    monkeypatch.setattr(FrameEncoderSource, "is_on_gpu", True)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", own_cache / "second")
    frames.prepare(corpus, num_proc=2)
    assert len(encoded) == len(corpus)


def test_an_encoder_that_was_moved_is_not_run_again(corpus, encoder_folders, own_cache, encoded, tmp_path):
    frames_of(encoder_folders / "whisper").prepare(corpus)
    assert len(encoded) == 5
    moved = shutil.copytree(encoder_folders / "whisper", tmp_path / "moved")
    frames_of(moved).prepare(corpus)
    assert len(encoded) == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: frames_of(folder, (1, 2)),
        lambda folder: Frames(encoder=FrameEncoderSource(str(folder), (1, 3), "learnt")),
        lambda folder: Frames(encoder=FrameEncoderSource(str(folder), (1, 3), "mean", "window")),
        lambda folder: frames_of(folder, level="speech"),
        lambda folder: frames_of(folder, with_mfcc=True),
        lambda folder: frames_of(folder.parent / "hubert"),
    ],
)
def test_other_frames_are_made_anew(corpus, encoder_folders, own_cache, encoded, change):
    frames_of(encoder_folders / "whisper").prepare(corpus)
    change(encoder_folders / "whisper").prepare(corpus)
    assert len(encoded) == 10


def test_the_encoder_in_a_saved_model_is_known_as_the_one_that_it_was(
    corpus, spoken_corpus, encoder_folders, own_cache, encoded, tmp_path
):
    made = train(spoken_corpus, encoder_folders / "wavlm", tmp_path / "model", mix="learnt", with_mfcc=True)
    count = len(encoded)
    saved = Frames(encoder=FrameEncoderSource(str(tmp_path / "model")), with_mfcc=True)
    assert saved.encoder.known_by == made.frames.encoder.known_by
    assert saved.name == made.frames.name and saved.model_choices == made.frames.model_choices
    saved.prepare(corpus)
    assert len(encoded) == count


def test_a_preparation_that_was_interrupted_goes_on(corpus, encoder_folders, own_cache, monkeypatch):
    frames, encode, runs = frames_of(encoder_folders / "whisper"), FrameEncoder.encode, []
    monkeypatch.setattr(cache, "CHUNK_ROWS", 2)

    def interrupted(self: FrameEncoder, samples: np.ndarray) -> np.ndarray:
        runs.append(len(samples))
        if len(runs) == 4:
            raise KeyboardInterrupt
        return encode(self, samples)

    monkeypatch.setattr(FrameEncoder, "encode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        frames.prepare(corpus)
    after = frames.prepare(corpus)
    assert len(runs) == 4 + 3, "the first two were kept"
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", own_cache / "second")
    assert_same(frames.prepare(corpus), after)


def test_copies_are_made_once_each_its_own_and_in_the_order_of_the_corpus(corpus, encoder_folders, own_cache, encoded):
    frames = frames_of(encoder_folders / "whisper")
    prepared = frames.prepare(corpus)
    copies = frames.prepare_copies(prepared, 2)
    assert len(encoded) == 15
    backwards = frames.prepare_copies(prepared.select([4, 3, 2, 1, 0]), 2)
    assert len(encoded) == 15, "a copy is known by the recording and its number"
    for copy, other in zip(copies, backwards, strict=True):
        assert copy["id"][:] == prepared["id"][:]
        assert_same(copy, other.select([4, 3, 2, 1, 0]))
    first, second = copies
    assert first["phoneme_lengths"][:] != second["phoneme_lengths"][:], "they are of other speeds"
    assert first["word_lengths"][:] == second["word_lengths"][:] == prepared["word_lengths"][:]


def test_utterances_come_with_their_copies(corpus, encoder_folders, own_cache):
    frames = frames_of(encoder_folders / "whisper")
    prepared = frames.prepare(corpus)
    rows = load_utterances(prepared, copies=frames.prepare_copies(prepared, 2))
    for row in rows:
        assert len(row["copies"]) == 2
        for copy in row["copies"]:
            assert copy["phoneme_lengths"].sum() == len(copy["input_features"])
            assert not np.array_equal(copy["input_features"][:5], row["input_features"][:5])


def test_words_of_a_copy_lie_where_they_are_said(corpus, encoder_folders):
    frames, heard = frames_of(encoder_folders / "whisper"), []
    row = frames.prepare(corpus)[0]

    class Listening(type(frames.feature_extractor())):
        def select_features(self, samples: np.ndarray, words: list[dict], *others: object) -> tuple:
            heard.append((len(samples), words))
            return super().select_features(samples, words, *others)

    extractor = Listening(**frames.feature_extractor().to_dict())
    for copy in (0, 1, 1, 2):
        extract_utterance(row, extractor, frames.encoder, copy)
    (own_length, own_words), *others = heard
    assert own_words == row["words"] and others[0] == others[1] != others[2]
    for length, words in others:
        speed = own_length / length
        for word, own in zip(words, own_words, strict=True):
            assert word["word"] == own["word"] and [each["phoneme"] for each in word["phonemes"]] == [
                each["phoneme"] for each in own["phonemes"]
            ]
            for name in ("start_s", "end_s"):
                assert word[name] == pytest.approx(own[name] / speed, rel=1e-3)
                assert word["phonemes"][0][name] == pytest.approx(own["phonemes"][0][name] / speed, rel=1e-3)


def test_words_that_are_said_faster_are_new_ones():
    words = [
        {"word": "a", "start_s": 1.0, "end_s": 2.0, "phonemes": [{"phoneme": "AH", "start_s": 1.0, "end_s": 2.0}]}
    ]
    said = faster(words, 2.0)
    assert said[0]["start_s"] == 0.5 and said[0]["phonemes"][0]["end_s"] == 1.0 and said[0]["word"] == "a"
    assert words[0]["phonemes"][0]["end_s"] == 2.0


def test_a_recording_that_no_frames_can_be_made_of_is_told(encoder_folders):
    extractor = frames_of(encoder_folders / "whisper").feature_extractor()
    with pytest.raises(ValueError, match='The frames are "encoder"; give the encoder that makes them'):
        extractor.extract(np.zeros(1000, np.float32), 16_000)
