import pytest
import torch
from model_inputs import collate, random_utterances, tiny_config

from wise_hf.baselines.straightforward import StraightforwardWISE, dense_batch
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.modeling_wise import WISEForAudioClassification


def model_and_straightforward(config, dtype):
    torch.manual_seed(0)
    model = WISEForAudioClassification(config).to(dtype).eval()
    other = StraightforwardWISE(config).to(dtype).eval()
    other.load_state_dict(model.state_dict())
    return model, other


def batch_of(config, dtype=torch.float64):
    return collate(random_utterances(config), dtype=dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_logits_and_loss_are_those_of_the_model(dtype, tolerance):
    model, other = model_and_straightforward(tiny_config(), dtype)
    batch = batch_of(model.config, dtype)
    ours = model(**batch)
    loss, logits = other(**dense_batch(batch, max_words=7))
    torch.testing.assert_close(logits, ours.logits, rtol=0, atol=tolerance)
    torch.testing.assert_close(loss, ours.loss, rtol=0, atol=tolerance)


def test_gradients_are_those_of_the_model():
    model, other = model_and_straightforward(tiny_config(), torch.float64)
    batch = batch_of(model.config)
    model(**batch).loss.backward()
    other(**dense_batch(batch, max_words=6))[0].backward()
    ours = {name: parameter.grad for name, parameter in model.named_parameters()}
    theirs = {name: parameter.grad for name, parameter in other.named_parameters()}
    torch.testing.assert_close(theirs, ours, rtol=0, atol=1e-12)


def test_it_has_the_parameters_of_the_model_in_the_paper_s_sizes():
    config = WISEConfig(vocab_size=20)
    expected = {name: value.shape for name, value in WISEForAudioClassification(config).state_dict().items()}
    assert {name: value.shape for name, value in StraightforwardWISE(config).state_dict().items()} == expected


def test_dense_batch_is_padded_to_the_paper_s_limits():
    config = tiny_config()
    dense = dense_batch(batch_of(config))
    assert dense["input_features"].shape == (4, 128, 14, 64, config.feature_size)
    assert dense["frame_mask"].shape == (4, 128, 14, 64)
    assert dense["phoneme_mask"].shape == (4, 128, 14)
    assert dense["word_mask"].sum(1).tolist() == [3, 1, 5, 2]
    assert dense["input_ids"].shape == (4, 128)


def test_dense_batch_refuses_more_words_than_it_has_room_for():
    with pytest.raises(ValueError, match="5 words; give 4"):
        dense_batch(batch_of(tiny_config()), max_words=4)


def test_another_model_than_the_paper_s_is_refused():
    with pytest.raises(ValueError, match="no {'recurrent_unit': 'lstm'}"):
        StraightforwardWISE(tiny_config(recurrent_unit="lstm"))
