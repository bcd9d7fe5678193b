import copy
import json
import pickle

import numpy as np
import pytest
from huggingface_hub.errors import StrictDataclassFieldValidationError

from wise_hf.model.configuration_wise import WISEConfig


def test_the_paper_s_sizes_are_the_defaults():
    config = WISEConfig()
    assert (config.phoneme_hidden_size, config.word_hidden_size) == (50, 100)
    assert (config.audio_hidden_size, config.text_hidden_size) == (100, 150)
    assert (config.attention_size, config.linear_sizes, config.num_labels) == (200, [200, 100], 4)
    assert (config.feature_size, config.word_embedding_size) == (39, 300)
    assert (config.dropout, config.interaction_std, config.input_dropout) == (0.3, 0.05, 0.0)
    assert (config.hierarchy, config.recurrent_unit, config.modality) == ("phoneme", "gru", "both")
    assert config.interaction
    assert config.attention
    assert config.freeze_word_embeddings


def test_the_four_emotions_of_the_paper_are_the_default_labels():
    config = WISEConfig()
    assert config.id2label == {0: "angry", 1: "happy", 2: "neutral", 3: "sad"}
    assert config.label2id == {"angry": 0, "happy": 1, "neutral": 2, "sad": 3}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"linear_sizes": (7, 5), "dropout": 0},
        {"id2label": {0: "calm", 1: "afraid", 2: "sad"}},
        {"num_labels": 7},
        {"modality": "text", "attention": False, "freeze_word_embeddings": False},
    ],
)
def test_save_and_reload_is_exact(tmp_path, changes):
    config = WISEConfig(**changes)
    config.save_pretrained(tmp_path)
    reloaded = WISEConfig.from_pretrained(tmp_path)
    assert reloaded.to_diff_dict() == config.to_diff_dict()
    assert (reloaded.id2label, reloaded.label2id) == (config.id2label, config.label2id)
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "wise"


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda config: pickle.loads(pickle.dumps(config))])
def test_copies_are_equal(clone):
    config = WISEConfig(id2label={0: "calm", 1: "afraid"})
    assert clone(config).to_dict() == config.to_dict()


def test_labels_stand_in_the_order_of_their_numbers():
    config = WISEConfig(id2label={"1": "sad", "10": "k", "0": "calm"} | {str(n): f"label {n}" for n in range(2, 10)})
    assert list(config.id2label) == list(range(11))
    assert config.num_labels == 11
    assert config.label2id["k"] == 10


def test_label2id_alone_gives_the_labels():
    config = WISEConfig(label2id={"calm": 1, "afraid": 0})
    assert config.id2label == {0: "afraid", 1: "calm"}


def test_both_maps_are_kept_where_they_agree():
    config = WISEConfig(id2label={0: "calm", 1: "afraid"}, label2id={"afraid": 1, "calm": 0})
    assert config.label2id == {"calm": 0, "afraid": 1}


def test_numbers_may_be_strings_in_either_map():
    """As transformers' audio-classification tutorial writes them: `label2id[label] = str(i)`."""
    as_strings = {"label2id": {"calm": "0", "afraid": "1"}, "id2label": {"0": "calm", "1": "afraid"}}
    for config in (
        WISEConfig(**as_strings),
        WISEConfig(label2id={"afraid": "1", "calm": "0"}),
        WISEConfig(label2id={"calm": "0", "afraid": "1"}, id2label={0: "calm", 1: "afraid"}, num_labels=2),
        WISEConfig(label2id={"calm": np.int64(0), "afraid": np.int64(1)}, id2label={"1": "afraid", "0": "calm"}),
        WISEConfig.from_dict(WISEConfig().to_dict(), **as_strings),
        WISEConfig.from_dict(WISEConfig().to_dict(), label2id={"calm": "0", "afraid": "1"}),
    ):
        assert config.id2label == {0: "calm", 1: "afraid"}
        assert config.label2id == {"calm": 0, "afraid": 1}
        assert config.num_labels == 2


def test_a_number_of_labels_beside_label2id_keeps_their_names():
    config = WISEConfig(label2id={"calm": 0, "afraid": 1}, num_labels=2)
    assert config.id2label == {0: "calm", 1: "afraid"}


@pytest.mark.parametrize("problem_type", [None, "single_label_classification"])
def test_one_emotion_an_utterance_is_what_is_learnt(tmp_path, problem_type):
    WISEConfig(problem_type=problem_type).save_pretrained(tmp_path)
    assert WISEConfig.from_pretrained(tmp_path).problem_type == problem_type


def test_labels_given_at_loading_replace_both_maps(tmp_path):
    WISEConfig().save_pretrained(tmp_path)
    config = WISEConfig.from_pretrained(tmp_path, id2label={0: "calm", 1: "afraid"})
    assert config.id2label == {0: "calm", 1: "afraid"}
    assert config.label2id == {"calm": 0, "afraid": 1}


def test_a_number_of_labels_given_at_loading_replaces_both_maps(tmp_path):
    WISEConfig().save_pretrained(tmp_path)
    config = WISEConfig.from_pretrained(tmp_path, num_labels=2)
    assert config.id2label == {0: "LABEL_0", 1: "LABEL_1"}
    assert config.label2id == {"LABEL_0": 0, "LABEL_1": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocab_size": -1}, "vocab_size is -1; it is 0 .no word embedding. or above"),
        ({"attention_size": -3}, "attention_size is -3"),
        ({"linear_sizes": [200, 0]}, "linear_sizes is 0"),
        ({"linear_sizes": [200]}, "give the sizes of the first two linear layers"),
        ({"dropout": 1.0}, "dropout is 1.0; it is a share"),
        ({"dropout": float("nan")}, "dropout is nan"),
        ({"input_dropout": -0.1}, "input_dropout is -0.1"),
        ({"interaction_std": -1.0}, "interaction_std is -1.0"),
        ({"interaction_std": float("inf")}, "interaction_std is inf"),
        ({"num_labels": 0}, "number of labels is 0"),
        ({"id2label": {}}, "number of labels is 0"),
        ({"id2label": {0: "calm", 2: "sad"}}, "has the keys .0, 2.; number the labels"),
        ({"id2label": {0: "calm", 1: "calm"}}, "names a label twice"),
        ({"id2label": {"calm": 0}}, "give numbers and labels"),
        ({"id2label": ["calm", "sad"]}, "give numbers and labels"),
        ({"id2label": {0: "calm", 1: "sad"}, "label2id": {"calm": 1, "sad": 0}}, "contradicts id2label"),
        ({"id2label": {0: "calm", 1: "sad"}, "label2id": {"calm": "1", "sad": "0"}}, "contradicts id2label"),
        ({"id2label": {0: "calm", 1: "sad"}, "label2id": {"calm": "0"}}, "contradicts id2label"),
        ({"id2label": {0: "calm", "0": "sad"}}, "has the keys .0, 0.; number the labels"),
        ({"id2label": {0.5: "calm"}}, "give numbers and labels"),
        ({"label2id": {"calm": "0", "sad": "2"}}, "label2id, turned round, has the keys .0, 2."),
        ({"label2id": {"calm": "first"}}, "label2id, turned round, is .*; give numbers and labels"),
        ({"label2id": {"calm": 0, "sad": 0}}, "gives two labels one number"),
        ({"label2id": ["calm", "sad"]}, "give labels and numbers"),
        ({"problem_type": "multi_label_classification"}, "learns one emotion an utterance: leave it out"),
        ({"problem_type": "regression"}, "problem_type is 'regression'; WISE learns one emotion"),
    ],
)
def test_bad_values_raise_one_sentence(changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        WISEConfig(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vocab_size", "20000"),
        ("vocab_size", 20000.0),
        ("vocab_size", True),
        ("linear_sizes", 200),
        ("linear_sizes", ["a", "b"]),
        ("dropout", None),
        ("attention", 1),
        ("hierarchy", "frame"),
        ("recurrent_unit", "rnn"),
        ("modality", "video"),
    ],
)
def test_a_wrong_type_or_choice_raises_and_names_the_field(name, value):
    with pytest.raises(StrictDataclassFieldValidationError, match=f"field '{name}'"):
        WISEConfig(**{name: value})
    with pytest.raises(StrictDataclassFieldValidationError, match=f"field '{name}'"):
        setattr(WISEConfig(), name, value)


def test_no_field_is_a_generation_parameter(tmp_path):
    WISEConfig().save_pretrained(tmp_path)  # refuses those
    fields = json.loads((tmp_path / "config.json").read_text())
    assert not {"max_length", "temperature", "top_k", "num_beams"} & set(fields)


@pytest.mark.parametrize("labels", [{"id2label": {"x" * 9_999: "a"}}, {"label2id": ["x" * 9_999]}])
def test_labels_without_end_are_told_in_part(labels):
    with pytest.raises(ValueError, match="give (numbers and labels|labels and numbers)") as error:
        WISEConfig(**labels)
    assert len(str(error.value)) < 400
