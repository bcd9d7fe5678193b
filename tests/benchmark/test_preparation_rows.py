"""The preparation of a corpus is made anew each time."""

from dataclasses import replace

import datasets
import numpy as np
import pytest

from wise_hf.benchmark import preparation_rows
from wise_hf.benchmark.preparation_rows import (
    align_text,
    compare_transcribed,
    compare_untranscribed,
    preparation,
    some_recordings,
)


@pytest.fixture(autouse=True)
def speaker():
    pytest.importorskip("espeakng_loader")
    pytest.importorskip("pocketsphinx")


def test_both_are_compared_with_real_time(setting, monkeypatch):
    monkeypatch.setattr(preparation_rows, "preparation", lambda corpus, folder, align: lambda: None)
    plays_s = {compare(setting, 4)[0].theirs for compare in (compare_transcribed, compare_untranscribed)}
    assert len(plays_s) == 1
    assert 4 < plays_s.pop() < 20


def test_nothing_is_taken_from_a_cache_nor_left_in_it(setting, monkeypatch):
    before, made = datasets.config.HF_DATASETS_CACHE, []
    monkeypatch.setattr(preparation_rows, "prepare", lambda *_, **__: made.append(datasets.config.HF_DATASETS_CACHE))
    run = preparation(some_recordings(setting, 4), setting.folder)
    run()
    run()
    assert before == datasets.config.HF_DATASETS_CACHE
    assert len({before, *made}) == 3


def test_a_preparation_runs(setting):
    preparation(some_recordings(setting, 1), setting.folder, num_proc=None)()


def test_the_text_is_aligned_where_words_are_known(setting):
    (utterance,) = some_recordings(setting, 1)
    aligned = align_text(utterance)
    assert utterance["alignment"] == "corpus"
    assert aligned["alignment"] == "aligner"
    assert " ".join(word["word"] for word in aligned["words"]) == utterance["text"].rstrip(".?!")


def test_recordings_are_taken_from_all_over_a_corpus(setting, monkeypatch):
    corpus = datasets.Dataset.from_dict({"number": np.arange(100)})
    monkeypatch.setattr(preparation_rows, "load_folder", lambda folder: corpus)
    assert some_recordings(replace(setting, data_dir=setting.folder), 4)["number"][:] == [0, 33, 66, 99]
