"""A corpus whose words a recogniser hears."""

import json
from functools import partial

import pytest

from wise_hf.data.cache import _folder
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.prepare import align_corpus
from wise_hf.data.recogniser_options import RecogniserOptions
from wise_hf.data.schema import UTTERANCE_FEATURES, Word
from wise_hf.data.utterance_words import align_utterance, hear_utterance
from wise_hf.model.recognised_wise import Recognised
from wise_hf.model.recognisers_wise import RecogniserSource


def hears(samples, sampling_rate):
    """A recogniser of Polish."""
    words = [{"word": "dzień", "start_s": 0.2, "end_s": 0.5, "confidence": 0.9}]
    return Recognised([*words, {"word": "dobry", "start_s": 0.5, "end_s": 0.9, "confidence": 0.8}], "pl")


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def test_a_recogniser_hears_what_has_no_text_or_everything_where_that_is_asked_for(spoken_corpus):
    row = load_folder(spoken_corpus)[0]
    assert align_utterance(row, recogniser=hears) == {}, "its words are known"
    heard = hear_utterance(row, recogniser=hears)
    assert heard["text"] == "dzień dobry" and heard["alignment"] == "asr" and heard["fit"] is None
    assert align_utterance(row | {"alignment": None, "words": [], "text": None}, recogniser=hears) == heard


def test_what_it_hears_has_the_columns_of_the_schema_alone(spoken_corpus, own_cache):
    corpus = load_folder(spoken_corpus).select(range(2))
    aligned = align_corpus(corpus, align=partial(hear_utterance, recogniser=hears))
    assert aligned.features == UTTERANCE_FEATURES and aligned["alignment"][:] == ["asr", "asr"]
    assert hear_utterance(corpus[0], recogniser=hears)["words"][0].keys() == Word.__annotations__.keys()
    assert aligned["emotion"][:] == corpus["emotion"][:] and aligned["id"][:] == corpus["id"][:]


def test_the_options_name_the_map_function():
    assert RecogniserOptions().align is align_utterance, "so that what was kept before is found again"
    assert RecogniserOptions(recognised_text=True).align is hear_utterance
    align = RecogniserOptions(recogniser="a/b", language="pl", recognised_text=True).align
    assert align.func is hear_utterance and align.keywords == {"recogniser": RecogniserSource("a/b", "pl")}
    assert RecogniserOptions(language="en").align.keywords == {"recogniser": RecogniserSource("pocketsphinx", "en")}


def test_another_recogniser_or_language_or_another_file_of_it_is_another_key(tmp_path, monkeypatch):
    monkeypatch.setattr("wise_hf.model.recognisers_wise._read", lambda source: hears)
    folders = [tmp_path / name for name in ("one", "same", "other")]
    for folder, content in zip(folders, ("a", "a", "b"), strict=True):
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(content))
    one, same, other = (RecogniserSource(str(folder)) for folder in folders)
    assert one.known_by == same.known_by, "it may lie anywhere"
    different = (one, other, RecogniserSource(str(folders[0]), "pl"), RecogniserSource("pocketsphinx"))
    keys = {_folder(partial(align_utterance, recogniser=each), UTTERANCE_FEATURES) for each in different}
    assert len(keys) == len(different)


def test_a_recogniser_that_is_not_there_stops_the_run_before_anything_is_heard(spoken_corpus, own_cache):
    options = RecogniserOptions(recogniser="not/there", recognised_text=True)
    with pytest.raises(ValueError, match="There is no recogniser 'not/there'"):
        align_corpus(load_folder(spoken_corpus), align=options.align)
