"""What the arguments of the scripts mean."""

import argparse
import shutil
from dataclasses import replace

import pytest
from datasets import Dataset

from wise_hf.data.unusable import UnusableUtterances
from wise_hf.training import options as arguments
from wise_hf.training.recipe import RECIPES


def parse(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    arguments.add_feature_arguments(parser)
    arguments.add_model_arguments(parser)
    arguments.add_recipe_arguments(parser)
    return parser.parse_args(given)


def test_a_recipe_is_taken_by_name_and_changed_by_single_values():
    assert arguments.recipe_of(parse()) == RECIPES["wise_hf"]
    assert arguments.recipe_of(parse("--recipe", "paper")) == RECIPES["paper"]
    changed = arguments.recipe_of(
        parse("--recipe", "paper", "--epochs", "3", "--augment", "tempo,warp", "--learning_rate", "0.01")
    )
    assert (changed.epochs, changed.augment, changed.learning_rate) == (3, ("tempo", "warp"), 0.01)
    assert changed.normalization == RECIPES["paper"].normalization


def test_recordings_as_they_are_are_not_heard_through_other_channels():
    assert arguments.recipe_of(parse("--augment", "tempo,channel")).augment == ("tempo", "channel")
    as_recorded = replace(RECIPES["wise_hf"], augment=("tempo", "channel")).as_recorded()
    assert as_recorded.level == "as_recorded" and as_recorded.augment == ("tempo",)
    assert arguments.recipe_of(parse("--level", "as_recorded")).level == "as_recorded"
    with pytest.raises(ValueError, match="'channel' is for recordings at one level, .* or give --level speech"):
        arguments.recipe_of(parse("--recipe", "paper", "--augment", "tempo,channel"))


def test_the_papers_recipe_has_the_papers_values():
    paper = RECIPES["paper"]
    assert (paper.learning_rate, paper.weight_decay, paper.schedule) == (1e-3, 1e-4, "inverse")
    assert paper.dropout == 0.3 and not paper.steady_start and not paper.refit
    assert (
        paper.level == "as_recorded" and not paper.augment and paper.input_dropout == 0 and paper.label_smoothing == 0
    )


def test_variants_become_fields_of_the_configuration():
    choices = arguments.model_choices_of(parse("--no-interaction", "--hierarchy", "word", "--recipe", "paper"))
    assert choices["interaction"] is False and choices["hierarchy"] == "word" and choices["attention"] is True


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (arguments.names, "angry"),
        (arguments.names, "angry,,sad"),
        (arguments.names, "sad,sad"),
        (arguments.label_map, "calm"),
        (arguments.label_map, "calm="),
        (arguments.positive, "0"),
        (arguments.positive, "1.5"),
        (arguments.positive, "²"),
        (arguments.share, "1"),
        (arguments.share, "nan"),
        (arguments.positive_number, "0"),
        (arguments.not_negative, "inf"),
        (arguments.vocabulary, "some"),
        (arguments.augmentations, "reverb"),
    ],
)
def test_values_that_make_no_sense_are_refused(function, text):
    with pytest.raises(argparse.ArgumentTypeError, match="is not"):
        function(text)


def parse_corpus(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    arguments.add_corpus_arguments(parser)
    return parser.parse_args(["--data_dir", "somewhere", *given])


@pytest.mark.parametrize(
    "options", [["--emotions", "four"], ["--allow_incomplete"], ["--frame_offset", "0"], ["--scenario", "scripted"]]
)
def test_iemocaps_options_are_refused_for_a_folder(options):
    with pytest.raises(ValueError, match=f"{options[0]}.* for IEMOCAP; leave"):
        arguments.read_corpus(parse_corpus(*options))


def test_iemocap_is_read_with_the_options_given_and_its_own_defaults(monkeypatch):
    asked = []
    monkeypatch.setattr(arguments, "load_iemocap", lambda *given, **options: asked.append((*given, options)))
    arguments.read_corpus(parse_corpus("--dataset", "iemocap"))
    arguments.read_corpus(parse_corpus("--dataset", "iemocap", "--emotions", "happy,sad", "--end_rule", "plain"))
    assert [given[1] for given in asked] == ["four", ["happy", "sad"]]
    assert asked[0][2] == {"label_map": {}, "num_proc": 2} and asked[1][2]["end_rule"] == "plain"


def test_recordings_that_cannot_be_read_are_counted_where_they_are_passed_over(spoken_corpus, tmp_path):
    folder = shutil.copytree(spoken_corpus, tmp_path / "corpus")
    next(folder.rglob("*.wav")).unlink()
    with pytest.raises(UnusableUtterances, match="1 of 32 recordings"):
        arguments.read_corpus(parse_corpus("--data_dir", str(folder)))
    corpus, unread = arguments.read_corpus(parse_corpus("--data_dir", str(folder), "--skip_unusable"))
    assert (len(corpus), unread) == (31, 1)


def test_results_call_a_corpus_by_its_name(tmp_path):
    root = tmp_path / "recordings"
    assert arguments.corpus_name(parse_corpus("--data_dir", str(root))) == "recordings"
    assert arguments.corpus_name(parse_corpus("--data_dir", str(root), "--dataset", "iemocap")) == "IEMOCAP"


def test_classes_are_in_the_order_asked_for_without_those_that_no_utterance_has():
    corpus = Dataset.from_list([{"emotion": emotion} for emotion in ("sad", "happy", "angry")])
    assert arguments.emotions_of(corpus, "four") == ["angry", "happy", "sad"]
    assert arguments.emotions_of(corpus, ["sad", "happy"]) == ["sad", "happy"]
    assert arguments.emotions_of(corpus, None) == ["angry", "happy", "sad"]


def test_lists_and_maps_are_read():
    assert arguments.names("angry, sad") == ["angry", "sad"]
    assert arguments.label_map("calm=neutral,excited=happy") == {"calm": "neutral", "excited": "happy"}
    assert arguments.vocabulary("all") == "all" and arguments.vocabulary("100") == 100
