"""The model: its values and gradients, its parameters and how they start."""

from dataclasses import replace

import torch
from model_inputs import (
    OUTPUTS,
    assert_equal,
    every_variant,
    gradients,
    make_batch,
    make_model,
    random_utterances,
    variants,
)
from reference import cross_entropy, float64_parameters, run_reference
from torch import nn

from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.interaction_wise import LSTMWeights
from wise_hf.model.modeling_wise import WISEForAudioClassification, WISEModel


@variants(every_variant())
def test_values_and_gradients_are_those_of_the_equations(variant):
    model = make_model(variant)
    utterances = random_utterances(model.config, (3, 1, 2))
    outputs = model(**make_batch(model, utterances))
    outputs.loss.backward()

    parameters = float64_parameters(model)
    references = [run_reference(parameters, model.config, each.word_ids, each.words) for each in utterances]
    losses = [cross_entropy(one.logits, each.label) for one, each in zip(references, utterances, strict=True)]
    loss = sum(losses) / len(losses)
    loss.backward()

    assert_equal(outputs.loss, loss)
    assert_equal(outputs.logits, torch.stack([one.logits for one in references]))
    assert_equal(outputs.pooler_output, torch.stack([one.p_c for one in references]))
    for row, one in enumerate(references):
        for name in OUTPUTS:
            actual, expected = getattr(outputs, name), getattr(one, name)
            assert (actual is None) == (expected is None)
            if expected is not None:
                assert_equal(actual[row, : len(expected)], expected)
                assert not actual[row, len(expected) :].any()
    assert_equal(gradients(model), {name: value.grad for name, value in parameters.items()})


def test_the_reference_and_the_model_agree_in_the_paper_s_sizes():
    torch.manual_seed(0)
    model = WISEForAudioClassification(WISEConfig(vocab_size=12)).double().eval()
    utterances = random_utterances(model.config, (2, 3))
    outputs = model(**make_batch(model, utterances))
    parameters = float64_parameters(model)
    for row, each in enumerate(utterances):
        one = run_reference(parameters, model.config, each.word_ids, each.words)
        assert_equal(outputs.logits[row], one.logits)
        assert_equal(outputs.attention_weights[row, : len(each.words)], one.attention_weights)


@variants(every_variant())
def test_the_scores_after_every_word_are_those_of_the_words_so_far(variant):
    model = make_model(variant, num_members=2)
    utterances = random_utterances(model.config, (3, 1, 4))
    outputs = model(**make_batch(model, utterances), output_words=True)
    for row, each in enumerate(utterances):
        for count in range(1, len(each.words) + 1):
            first = replace(each, word_ids=each.word_ids[:count], words=each.words[:count])
            assert_equal(outputs.word_logits[row, count - 1], model(**make_batch(model, [first])).logits[0])


def test_the_scores_after_every_word_hold_with_padding_before_them_and_with_scores_far_apart():
    model = make_model()
    with torch.no_grad():
        model.wise.word_attention.context.mul_(1000)
    utterances = random_utterances(model.config, (3, 5))
    outputs = model(**make_batch(model, utterances, left=True), output_words=True)
    right = model(**make_batch(model, utterances), output_words=True)
    assert_equal(outputs.word_logits[0, 2:], right.word_logits[0, :3])
    assert_equal(outputs.word_logits[:, -1], outputs.logits)
    assert torch.isfinite(outputs.word_logits).all()


def test_attention_weights_sum_to_one_over_the_words():
    model = make_model()
    weights = model(**make_batch(model)).attention_weights
    assert_equal(weights.sum(1), torch.ones(4, dtype=torch.float64))


def test_every_parameter_has_the_paper_s_shape():
    model = WISEForAudioClassification(WISEConfig(vocab_size=50))
    rnn = {
        "wise.hierarchy.frames.rnn": (3 * 50, 39, 50),
        "wise.hierarchy.phonemes.rnn": (3 * 100, 50, 100),
        "wise.interacting_lstms.audio": (4 * 100, 100, 100),
        "wise.interacting_lstms.text": (4 * 150, 300, 150),
    }
    expected = {
        "wise.word_embeddings.weight": (50, 300),
        "wise.interacting_lstms.interaction_matrix": (250, 250),
        "wise.joint.audio.weight": (200, 100),
        "wise.joint.text.weight": (200, 150),
        "wise.word_attention.context": (200,),
        "linear_1.weight": (200, 200),
        "linear_2.weight": (100, 200),
        "linear_3.weight": (4, 100),
    }
    for name, (rows, input_size, hidden_size) in rnn.items():
        expected |= {f"{name}.weight_ih_l0": (rows, input_size), f"{name}.weight_hh_l0": (rows, hidden_size)}
        expected |= {f"{name}.bias_ih_l0": (rows,), f"{name}.bias_hh_l0": (rows,)}
    assert {name: tuple(value.shape) for name, value in model.named_parameters()} == expected


def test_the_interaction_matrix_starts_from_a_normal_distribution_of_deviation_0_05():
    torch.manual_seed(0)
    matrix = WISEModel(WISEConfig(vocab_size=2)).interacting_lstms.interaction_matrix
    assert matrix.mean().abs() < 0.001
    assert abs(matrix.std() - 0.05) < 0.001
    within_one_deviation = (matrix.abs() < 0.05).float().mean()
    assert abs(within_one_deviation - 0.683) < 0.01


def test_dropout_stands_before_the_first_two_linear_maps_and_nowhere_else():
    model = make_model(dropout=0.5)
    dropped_inputs = []
    for layer in (model.linear_1, model.linear_2, model.linear_3):
        layer.register_forward_pre_hook(lambda layer, given: dropped_inputs.append(given[0]))
    batch = make_batch(model)
    clean = model(**batch)
    model.train()
    noisy = model(**batch)
    p_c, p1, p2 = dropped_inputs[3:]
    assert_equal(noisy.pooler_output, clean.pooler_output)
    assert_equal(p_c[p_c != 0], 2 * clean.pooler_output[p_c != 0])
    assert (p_c == 0).any()
    undropped = (p_c @ model.linear_1.weight.T).relu()
    assert_equal(p1[p1 != 0], 2 * undropped[p1 != 0])
    assert ((p1 == 0) & (undropped != 0)).any()
    assert_equal(p2, (p1 @ model.linear_2.weight.T).relu())


def test_input_dropout_acts_in_training_only():
    model = make_model(input_dropout=0.5)
    batch = make_batch(model)
    clean = model(**batch).logits
    assert_equal(model(**batch).logits, clean)
    assert not torch.allclose(model.train()(**batch).logits, clean)


def test_pytorch_s_own_start_is_kept():
    torch.manual_seed(0)
    model = WISEForAudioClassification(WISEConfig(vocab_size=50))
    assert 0.9 / 10 < model.wise.hierarchy.phonemes.rnn.weight_hh_l0.abs().max() <= 1 / 10  # 100 units
    assert 0.9 / 200**0.5 < model.linear_1.weight.abs().max() <= 1 / 200**0.5
    assert model.wise.hierarchy.frames.rnn.bias_ih_l0.std() > 0


def test_the_same_seed_gives_the_same_model():
    states = [make_model().state_dict() for _ in range(2)]
    assert_equal(states[0], states[1], tolerance=0)


def test_lstm_weights_are_those_of_pytorch_s_lstm():
    torch.manual_seed(0)
    ours = LSTMWeights(3, 5)
    torch.manual_seed(0)
    theirs = nn.LSTM(3, 5)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert_equal(ours.state_dict(), theirs.state_dict(), tolerance=0)
    assert_equal(list(ours()), list(theirs.parameters()), tolerance=0)


def test_modules_are_those_that_the_variant_asks_for():
    assert not hasattr(make_model(modality="text").wise, "hierarchy")
    assert not hasattr(make_model(modality="audio").wise, "word_embeddings")
    assert not hasattr(make_model(attention=False).wise, "word_attention")
    assert isinstance(make_model(recurrent_unit="bilstm").wise.hierarchy.frames.rnn, nn.LSTM)
    assert make_model(modality="audio").get_input_embeddings() is None
