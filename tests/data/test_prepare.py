"""Alignment and features of a corpus, made once."""

import json
import os
import shutil
import signal
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wise_hf.data import cache
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.prepare import align_corpus, align_utterance, prepare, report
from wise_hf.data.unusable import UnusableUtterances, without_unusable
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def small_corpus(spoken_corpus, tmp_path):
    """Three recordings whose words are still to be found."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    rows = [row for row in load_folder(spoken_corpus) if '"' not in row["text"]][:3]
    for name, row in zip("abc", rows, strict=True):
        shutil.copyfile(row["audio"], folder / f"{name}.wav")
    lines = [f'{name}.wav,sad,"{row["text"]}",{name}' for name, row in zip("abc", rows, strict=True)]
    (folder / "metadata.csv").write_text("\n".join(["file_name,emotion,text,speaker", *lines]) + "\n")
    return folder


def test_missing_opensmile_is_told_before_anything_is_aligned(small_corpus, own_cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "opensmile", None)
    with pytest.raises(ImportError, match="needs opensmile, which is free for research only .*pip install opensmile"):
        prepare(load_folder(small_corpus), WISEFeatureExtractor(mfcc_backend="opensmile"))
    assert not own_cache.exists()


def test_features_are_those_of_the_kept_frames_and_read_as_float32(spoken_corpus):
    extractor = WISEFeatureExtractor()
    prepared = prepare(load_folder(spoken_corpus), extractor)
    row = prepared.with_format("numpy")[3]
    mfcc = extractor.extract(read_audio(row["audio"]), 16_000)
    selection = extractor.select_frames(len(mfcc), prepared[3]["words"])
    assert row["input_features"].dtype == np.float32
    np.testing.assert_array_equal(row["input_features"], mfcc[selection.frame_index])
    assert prepared[3]["alignment"] == "corpus", "words that the corpus brings are not aligned again"


def test_several_processes_give_the_same(small_corpus, own_cache, monkeypatch):
    one = prepare(load_folder(small_corpus), WISEFeatureExtractor())
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", own_cache / "second")
    two = prepare(load_folder(small_corpus), WISEFeatureExtractor(), num_proc=2)
    assert one.to_list() == two.to_list()


def test_a_finished_chunk_is_never_made_again(small_corpus, own_cache, monkeypatch):
    monkeypatch.setattr(cache, "CHUNK_ROWS", 2)
    first = prepare(load_folder(small_corpus), WISEFeatureExtractor())
    assert len(shards(own_cache)) == 4, "two chunks, aligned and extracted"
    assert prepare(load_folder(small_corpus), WISEFeatureExtractor()).to_list() == first.to_list()
    assert len(shards(own_cache)) == 4
    prepare(load_folder(small_corpus), WISEFeatureExtractor(max_phonemes_per_word=3))
    assert len(shards(own_cache)) == 6, "other settings of the features leave the alignment as it is"


def shards(own_cache: Path) -> list[Path]:
    return list(own_cache.glob("wise_hf/*/*"))


def test_labels_places_and_normalisation_decide_on_no_features(small_corpus, own_cache, tmp_path):
    before = prepare(load_folder(small_corpus), WISEFeatureExtractor())
    kept = shards(own_cache)
    normalised = WISEFeatureExtractor(normalization="speaker", mean=[1.0] * 39, std=[2.0] * 39)
    assert prepare(load_folder(small_corpus), normalised).to_list() == before.to_list()
    relabelled = prepare(load_folder(small_corpus, label_map={"sad": "calm"}), WISEFeatureExtractor())
    assert relabelled["emotion"][:] == ["calm"] * 3
    moved = shutil.copytree(small_corpus, tmp_path / "moved", copy_function=shutil.copyfile)
    lines = (moved / "metadata.csv").read_text().splitlines()
    (moved / "metadata.csv").write_text("\n".join([lines[0], lines[3], lines[1]]) + "\n")
    after = prepare(load_folder(moved), WISEFeatureExtractor())
    assert after["id"][:] == ["c.wav", "a.wav"] and after["audio"][0] == str(moved / "c.wav")
    assert after["input_features"][:] == [before["input_features"][row] for row in (2, 0)]
    assert shards(own_cache) == kept


def test_a_setting_of_an_extractor_that_nobody_listed_decides_on_its_features(small_corpus, own_cache):
    prepare(load_folder(small_corpus), WISEFeatureExtractor())
    louder = prepare(load_folder(small_corpus), LouderExtractor(gain=2.0))
    softer = prepare(load_folder(small_corpus), LouderExtractor(gain=0.5))
    assert louder[0]["input_features"] != softer[0]["input_features"]


class LouderExtractor(WISEFeatureExtractor):
    """An extractor with a setting of its own."""

    def __init__(self, gain: float = 1.0, **options: object):
        super().__init__(**options)
        self.gain = gain

    def extract(self, samples: np.ndarray, sampling_rate: int | None) -> np.ndarray:
        return super().extract(samples * self.gain, sampling_rate)


def test_a_changed_recording_is_prepared_anew(small_corpus, own_cache):
    before = prepare(load_folder(small_corpus), WISEFeatureExtractor())
    shutil.copyfile(small_corpus / "c.wav", small_corpus / "b.wav")
    after = prepare(load_folder(small_corpus), WISEFeatureExtractor())
    assert after[1]["input_features"] != before[1]["input_features"]
    assert after[0]["input_features"] == before[0]["input_features"]


def interrupted_map(*_: object, **__: object) -> None:
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        raise TimeoutError  # as the pool of `datasets` does


def test_processes_that_cannot_be_started_are_told(small_corpus, own_cache, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/proc")
    with pytest.raises(ValueError, match="/proc cannot be written .*, and several processes need it; make room"):
        align_corpus(load_folder(small_corpus), num_proc=2)


def test_an_interrupt_is_an_interrupt_whatever_the_map_makes_of_it(small_corpus, own_cache, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("datasets.Dataset.map", interrupted_map)
    with pytest.raises(KeyboardInterrupt):
        prepare(load_folder(small_corpus), WISEFeatureExtractor())
    assert signal.getsignal(signal.SIGINT) is before


def spoil(folder: Path) -> None:
    """A corpus of which only c.wav can be used."""
    soundfile.write(folder / "a.wav", np.zeros(16_000), 16_000)
    soundfile.write(folder / "b.wav", np.full(16_000, np.nan), 16_000, subtype="FLOAT")
    words = [{"word": "hello", "start_s": 0.1, "end_s": 0.6}]
    (folder / "b.words.json").write_text(json.dumps(words))
    lines = (folder / "metadata.csv").read_text().splitlines()
    lines[1] = "a.wav,sad,,anna"
    shutil.copyfile(folder / "a.wav", folder / "d.wav")
    (folder / "metadata.csv").write_text("\n".join([*lines, "d.wav,sad,,anna"]) + "\n")


def test_all_recordings_that_cannot_be_used_are_told_at_once_and_the_rest_is_kept(
    small_corpus, own_cache, caplog, monkeypatch
):
    spoil(small_corpus)
    with pytest.raises(UnusableUtterances) as told:
        prepare(load_folder(small_corpus), WISEFeatureExtractor())
    assert list(told.value.reasons) == [0, 1, 3], "without words, and with words but without a usable recording"
    for part in ("3 of 4 recordings", "a.wav, ", "d.wav: No word was heard", "b.wav: the recording has samples that"):
        assert part in str(told.value)
    assert "--skip_unusable" in str(told.value)
    for name in "abd":
        assert f"{name}.wav cannot be used: " in caplog.text
    monkeypatch.setattr("datasets.Dataset.map", None)
    with pytest.raises(UnusableUtterances, match="3 of 4 recordings"):
        prepare(load_folder(small_corpus), WISEFeatureExtractor())


def test_recordings_that_cannot_be_used_are_passed_over(small_corpus, own_cache):
    spoil(small_corpus)
    make = partial(prepare, feature_extractor=WISEFeatureExtractor())
    usable = without_unusable(load_folder(small_corpus), make)
    assert usable["id"][:] == ["c.wav"]
    assert "passed over: 3 recordings" in report(make(usable), num_skipped=3).to_text(elapsed_s=1.0)


def test_a_recording_beyond_the_limit_is_told_with_the_limit(small_corpus, own_cache, monkeypatch):
    limit = "The recording is 146.0 s long, and 120 s is the most that is aligned; cut it."

    def refuse(*_: object) -> dict:
        raise ValueError(limit)

    monkeypatch.setattr("wise_hf.data.utterance_words.find_words", refuse)
    with pytest.raises(UnusableUtterances, match=f"3 of 3 .*c.wav: {limit}"):
        prepare(load_folder(small_corpus), WISEFeatureExtractor())


def test_a_recording_with_words_is_held_to_the_same_limit(small_corpus, own_cache):
    for name, duration_s in (("a", 120), ("b", 121)):
        soundfile.write(small_corpus / f"{name}.wav", np.full(duration_s * 8000, 0.1), 8000)
        (small_corpus / f"{name}.words.json").write_text(json.dumps([{"word": "no", "start_s": 1.0, "end_s": 1.5}]))
    with pytest.raises(
        UnusableUtterances, match=r"1 of 3 .*b.wav: The recording lasts 121.0 s, at most 120 s are taken"
    ):
        align_corpus(load_folder(small_corpus))


@pytest.mark.parametrize(
    ("source", "told"), [("uniform", "shared out evenly"), ("doubtful", "is hardly what is said")]
)
def test_words_that_are_not_to_be_relied_upon_are_told(small_corpus, own_cache, monkeypatch, caplog, source, told):
    words = [
        {"word": "hello", "start_s": 0.1, "end_s": 0.6, "phonemes": [{"phoneme": "AH", "start_s": 0, "end_s": 1}]}
    ]
    found = {"text": "hello", "words": words, "alignment": source, "of no column": 1}
    monkeypatch.setattr("wise_hf.data.utterance_words.find_words", lambda *_: found)
    corpus = load_folder(small_corpus)
    aligned = align_corpus(corpus)
    assert aligned["alignment"][:] == [source] * 3 and aligned.column_names == corpus.column_names
    assert "3 of 3 recordings: " in caplog.text and told in caplog.text and "c.wav" in caplog.text
    caplog.clear()
    align_corpus(aligned)
    assert caplog.text == "", "what the corpus says of its words is not told again"


def test_an_utterance_without_text_is_transcribed_and_says_so(spoken_corpus):
    row = load_folder(spoken_corpus)[0] | {"words": [], "alignment": None, "text": None}
    found = align_utterance(row)
    assert found["alignment"] in ("asr+aligner", "uniform") and len(found["words"]) == len(found["text"].split())


def test_what_cannot_be_aligned_names_the_recording(small_corpus):
    row = load_folder(small_corpus)[0]
    with pytest.raises(ValueError, match="a.wav: .*no word in Latin letters"):
        align_utterance(row | {"text": "привет"})
    soundfile.write(small_corpus / "a.wav", np.zeros(16_000), 16_000)
    with pytest.raises(ValueError, match="a.wav: No word was heard"):
        align_utterance(row | {"text": None})


def test_the_report_counts_every_source_of_words(spoken_corpus):
    counted = report(prepare(load_folder(spoken_corpus), WISEFeatureExtractor()))
    assert counted.num_utterances == 32 and counted.alignments["corpus"] == 32 and counted.num_words > 100
    text = counted.to_text(elapsed_s=2.0)
    for line in ("32 utterances", "aligned by aligner: 0", "aligned by asr+aligner: 0", "aligned by uniform: 0"):
        assert line in text
    assert f"{counted.duration_s / 2:.0f} times as fast" in text
