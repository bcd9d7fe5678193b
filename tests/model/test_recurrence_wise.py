"""The recurrences of the CPU against PyTorch's, segment by segment, in float64."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.autograd import gradcheck
from torch.nn.functional import linear

from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.interaction_wise import InteractingLSTMs, SeparateLSTM
from wise_hf.model.recurrence_wise import GRURecurrence, LSTMRecurrence, has_weights_here, last_states


lengths_of_segments = st.lists(st.integers(1, 6), min_size=1, max_size=8)
units = pytest.mark.parametrize("unit", [nn.GRU, nn.LSTM])
directions = pytest.mark.parametrize("bidirectional", [False, True])


def make_rnn(unit, bidirectional=False):
    torch.manual_seed(0)
    return unit(3, 4, bidirectional=bidirectional).double()


def random_values(lengths, size=3):
    values = torch.randn(sum(lengths), size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return values.requires_grad_()


def gradients(result, leaves):
    weights = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).view_as(result)  # of each value its own
    return torch.autograd.grad((result * weights).sum(), leaves)


def assert_same(actual, expected, leaves):
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)
    pairs = zip(gradients(actual, leaves), gradients(expected, leaves), strict=True)
    for of_actual, of_expected in pairs:
        torch.testing.assert_close(of_actual, of_expected, rtol=0, atol=1e-11)


@units
@directions
@given(lengths=lengths_of_segments)
def test_last_states_are_those_of_each_segment_alone(unit, bidirectional, lengths):
    rnn, values = make_rnn(unit, bidirectional), random_values(lengths)
    alone = [rnn(segment)[1] for segment in values.split(lengths)]
    hidden = [state[0] if unit is nn.LSTM else state for state in alone]
    expected = torch.stack([each.flatten() for each in hidden])
    assert_same(last_states(rnn, values, torch.tensor(lengths)), expected, [values, *rnn.parameters()])


@given(lengths=lengths_of_segments)
def test_an_lstm_s_states_are_those_of_each_segment_alone(lengths):
    torch.manual_seed(0)
    module, values = SeparateLSTM(3, 4).double(), random_values(lengths)
    expected = torch.cat([module.lstm(segment)[0] for segment in values.split(lengths)])
    assert_same(module(values, torch.tensor(lengths)), expected, [values, *module.parameters()])


def interacting_lstms():
    torch.manual_seed(0)
    module = InteractingLSTMs(3, 5, WISEConfig(vocab_size=2, audio_hidden_size=4, text_hidden_size=6)).double()
    nn.init.normal_(module.interaction_matrix)
    return module


@given(lengths=lengths_of_segments)
def test_lstms_side_by_side_give_what_they_give_as_one(lengths):
    module, audio, text = interacting_lstms(), random_values(lengths), random_values(lengths, 5)
    given_words = audio, text, torch.tensor(lengths)
    leaves = [audio, text, *module.parameters()]
    assert_same(module.run_side_by_side(*given_words), module.run_as_one(*given_words), leaves)


@pytest.mark.parametrize("lengths", [[1], [2, 3, 1]])
def test_gradients_are_those_of_small_differences(lengths):
    gru = make_rnn(nn.GRU)
    assert gradcheck(GRURecurrence.apply, (torch.tensor(lengths), random_values(lengths), *gru.parameters()))
    module = interacting_lstms()
    lstms = random_values(lengths), *module.audio(), random_values(lengths, 5), *module.text()
    assert gradcheck(LSTMRecurrence.apply, (torch.tensor(lengths), module.interaction_matrix, *lstms))


@units
def test_nothing_that_is_given_changes_and_a_second_way_back_gives_the_same(unit):
    rnn, values, lengths = make_rnn(unit), random_values([3, 1, 2]), torch.tensor([3, 1, 2])
    leaves = [values, *rnn.parameters()]
    before = [leaf.detach().clone() for leaf in leaves]
    loss = last_states(rnn, values, lengths).square().sum()
    first, second = (torch.autograd.grad(loss, leaves, retain_graph=True) for _ in range(2))
    for one, other in zip([*first, *before], [*second, *leaves], strict=True):
        assert torch.equal(one, other)


@units
def test_gradients_of_gradients_are_refused(unit):
    rnn, values = make_rnn(unit), random_values([2, 1])
    loss = last_states(rnn, values, torch.tensor([2, 1])).square().sum()
    (gradient,) = torch.autograd.grad(loss, values, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


@units
def test_autocast_leaves_the_recurrence_in_float32(unit):
    rnn, lengths = make_rnn(unit).float(), torch.tensor([3, 1, 2])
    values = random_values([3, 1, 2]).float()
    expected = last_states(rnn, values, lengths)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = linear(values, torch.eye(3))
        assert half.dtype == torch.bfloat16
        states = last_states(rnn, half, lengths)
    assert states.dtype == torch.float32
    torch.testing.assert_close(states, expected, rtol=0, atol=0.01)
    states.sum().backward()
    assert rnn.weight_hh_l0.grad.dtype == torch.float32


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_weights_that_are_elsewhere_or_not_floating_point_are_left_to_pytorch():
    assert has_weights_here(nn.GRU(3, 4)) and has_weights_here(nn.LSTM(3, 4))
    assert not has_weights_here(nn.GRU(3, 4, device="meta"))
    assert not has_weights_here(torch.ao.nn.quantized.dynamic.GRU(3, 4))


@units
def test_a_trace_holds_pytorch_s_own(unit):
    def here(values):
        taken.append(has_weights_here(rnn))
        return values + 1

    rnn, taken = make_rnn(unit), []
    torch.jit.trace(here, torch.zeros(1), check_trace=False)
    torch.compile(here, backend="eager")(torch.zeros(1))
    assert taken == [False, False]
