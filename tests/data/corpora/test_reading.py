"""The corpus that options name is read, by its own options and no other's."""

import shutil
from pathlib import Path

import pytest
from datasets import Dataset

from wise_hf.data import corpora
from wise_hf.data.corpora import CORPORA, Corpus, register
from wise_hf.data.corpora.reading import CorpusOptions, as_emotions, emotions_in_order, read_corpus
from wise_hf.data.corpora.recordings import Recording, read_recordings
from wise_hf.data.unusable import UnusableUtterances


def options(**given: object) -> CorpusOptions:
    return CorpusOptions(**{"data_dir": "somewhere"} | given)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"corpus_options": {"allow_incomplete": True}}, "--allow_incomplete: this is for iemocap; leave"),
        ({"corpus_options": {"frame_offset": 0}}, "--frame_offset: this is for iemocap; leave"),
        ({"corpus_options": {"scenario": "scripted"}}, "--scenario: this is for iemocap; leave"),
        ({"emotions": "six"}, "--emotions six: this is for iemocap; leave"),
        ({"emotions": "four"}, "--emotions four: this is for iemocap or ravdess or crema_d; leave"),
        ({"corpus_options": {"bogus": 1}}, "--bogus: no corpus has this option"),
        ({"dataset": "imocap"}, "There is no corpus 'imocap'; choose one of folder, iemocap, ravdess, crema_d"),
    ],
)
def test_options_of_another_corpus_are_refused(given, named):
    with pytest.raises(ValueError, match=named):
        read_corpus(options(**given))


def test_iemocap_is_read_with_the_options_given_and_its_own_defaults(monkeypatch):
    asked = []
    monkeypatch.setattr(
        corpora.iemocap,
        "load_iemocap",
        lambda *given, **options: asked.append((*given, options)) or Dataset.from_list([]),
    )
    read_corpus(options(dataset="iemocap"))
    read_corpus(options(dataset="iemocap", emotions="happy,sad", corpus_options={"end_rule": "plain"}))
    assert [given[1] for given in asked] == ["four", ["happy", "sad"]]
    assert asked[0][2] == {"label_map": {}, "num_proc": 2} and asked[1][2]["end_rule"] == "plain"


def test_recordings_that_cannot_be_read_are_counted_where_they_are_passed_over(spoken_corpus, tmp_path):
    folder = shutil.copytree(spoken_corpus, tmp_path / "corpus")
    next(folder.rglob("*.wav")).unlink()
    with pytest.raises(UnusableUtterances, match="1 of 32 recordings"):
        read_corpus(options(data_dir=folder))
    corpus, unread = read_corpus(options(data_dir=folder, skip_unusable=True))
    assert (len(corpus), unread) == (31, 1)


def test_results_call_a_corpus_by_its_name(tmp_path):
    root = tmp_path / "recordings"
    assert options(data_dir=root).corpus_title == "recordings"
    assert options(data_dir=root, dataset="iemocap").corpus_title == "IEMOCAP"


def test_classes_are_in_the_order_asked_for_without_those_that_no_utterance_has():
    corpus = Dataset.from_list([{"emotion": emotion} for emotion in ("sad", "happy", "angry")])
    assert emotions_in_order(corpus, options(dataset="iemocap", emotions="four")) == ["angry", "happy", "sad"]
    assert emotions_in_order(corpus, options(emotions=["sad", "happy"])) == ["sad", "happy"]
    assert emotions_in_order(corpus, options()) == ["angry", "happy", "sad"]


@pytest.mark.parametrize("value", ["angry", "angry,,sad", "sad,sad"])
def test_emotions_are_two_or_more_different_names_or_a_set(value):
    with pytest.raises(ValueError, match="is not"):
        as_emotions(value)
    assert as_emotions("angry, sad") == ["angry", "sad"] and as_emotions("six") == "six"


def test_a_corpus_of_ones_own_is_read_by_its_name(spoken_corpus, monkeypatch):
    """What docs/adding_a_corpus.md shows: one function and one entry."""

    def read(data_dir: Path, emotions, label_map, num_proc):
        clips = sorted(Path(data_dir).rglob("*.wav"))
        found = [
            Recording(path.stem, path, ["up", "down"][i % 2], speaker=path.parent.name) for i, path in enumerate(clips)
        ]
        return read_recordings(Path(data_dir), found, emotions, label_map)

    monkeypatch.setattr(corpora, "CORPORA", dict(CORPORA))
    toy = Corpus(name="toy", what="clips", read=read, title=lambda data_dir: "Toy", protocol="speaker", num_folds=2)
    monkeypatch.setitem(CORPORA, "toy", toy)
    with pytest.raises(ValueError, match="There is a corpus 'folder' already"):
        register(Corpus(name="folder", what="another", read=read))
    given = options(data_dir=spoken_corpus, dataset="toy", emotions="up,down")
    corpus, unread = read_corpus(given)
    assert (len(corpus), unread, given.corpus_title) == (32, 0, "Toy")
    assert emotions_in_order(corpus, given) == ["up", "down"]
