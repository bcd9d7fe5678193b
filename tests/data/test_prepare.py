"""Alignment and features of a corpus, made once."""

import os
import signal
import sys
import types

import numpy as np
import pytest
import soundfile

from wise_hf.audio_wise import read_audio
from wise_hf.data import cache
from wise_hf.data.cache import cached_map, save_whole
from wise_hf.data.folder import load_folder
from wise_hf.data.prepare import align_utterance, prepare, report
from wise_hf.feature_extraction_wise import WISEFeatureExtractor


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def small_corpus(tmp_path, monkeypatch):
    monkeypatch.setattr("wise_hf.alignment_wise.check_speech", lambda samples: None)  # its noise stands for speech
    folder = tmp_path / "corpus"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in "abc":
        soundfile.write(folder / f"{name}.wav", 0.1 * rng.normal(size=16_000), 16_000)
    lines = [f"{name}.wav,sad,Kids are talking,{name}" for name in "abc"]
    (folder / "metadata.csv").write_text("\n".join(["file_name,emotion,text,speaker", *lines]) + "\n")
    return folder


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
    made = []
    monkeypatch.setattr(cache, "CHUNK_ROWS", 2)
    monkeypatch.setattr(
        cache, "save_whole", lambda dataset, folder: (made.append(folder), save_whole(dataset, folder))
    )
    first = prepare(load_folder(small_corpus), WISEFeatureExtractor())
    assert len(made) == 4, "two chunks, aligned and extracted"
    assert prepare(load_folder(small_corpus), WISEFeatureExtractor()).to_list() == first.to_list()
    assert len(made) == 4
    prepare(load_folder(small_corpus), WISEFeatureExtractor(max_phonemes_per_word=3))
    assert len(made) == 6, "other settings of the features leave the alignment as it is"


def test_a_changed_recording_is_prepared_anew(small_corpus, own_cache):
    before = prepare(load_folder(small_corpus), WISEFeatureExtractor())
    soundfile.write(small_corpus / "b.wav", np.zeros(20_000), 16_000)
    after = prepare(load_folder(small_corpus), WISEFeatureExtractor())
    assert after[1]["input_features"] != before[1]["input_features"]
    assert after[0]["input_features"] == before[0]["input_features"]


def test_changed_code_makes_chunks_anew(small_corpus, own_cache, monkeypatch):
    dataset = load_folder(small_corpus)
    helper = small_corpus / "helper.py"
    module = types.ModuleType("helper")
    module.__file__ = str(helper)

    def texts(answer: str) -> list[str]:
        monkeypatch.setattr(sys.modules[__name__], "ANSWER", answer)
        options = {"features": dataset.features, "made_by": [module], "settings": {}}
        return cached_map(dataset, answer_utterance, **options)["text"][:]

    helper.write_text("first")
    assert texts("one") == ["one"] * 3 and texts("two") == ["one"] * 3, "kept as long as the code is the same"
    helper.write_text("second")
    assert texts("two") == ["two"] * 3


def interrupted_map(*_: object, **__: object) -> None:
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        raise TimeoutError  # as the pool of `datasets` does


def test_an_interrupt_is_an_interrupt_whatever_the_map_makes_of_it(small_corpus, own_cache, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("datasets.Dataset.map", interrupted_map)
    with pytest.raises(KeyboardInterrupt):
        prepare(load_folder(small_corpus), WISEFeatureExtractor())
    assert signal.getsignal(signal.SIGINT) is before


def raise_error(row: dict) -> dict:
    raise ValueError("it is the row's")


def test_errors_of_a_map_stay_what_they_are(small_corpus, own_cache):
    dataset = load_folder(small_corpus)
    with pytest.raises(ValueError, match="it is the row's"):
        cached_map(dataset, raise_error, features=dataset.features, made_by=[], settings={})


ANSWER = ""


def answer_utterance(row: dict) -> dict:
    return {"text": ANSWER}


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


def test_a_folder_that_cannot_be_written_is_told(small_corpus):
    with pytest.raises(ValueError, match="cannot be written"):
        save_whole(load_folder(small_corpus), "/proc/nowhere/x")
