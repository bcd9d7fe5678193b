"""The recurrences of GRU and LSTM over segments, with their gradients written out, for the CPU.

PyTorch's own makes new tensors at every step, and on the way back adds a gradient of all steps at every step. Here all
steps write into a few tensors, what each gate's gradient is multiplied with is computed for all steps at once, and a
weight's gradient is one product for all steps.

Letters in the shapes: V values of S segments, one after the other; I inputs and H units. Inside, the values stand step
by step: the first of every segment, then the second of those that have one, and so on, the longest segment first.
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.amp import custom_bwd, custom_fwd
from torch.autograd import Function
from torch.autograd.function import FunctionCtx, once_differentiable

from .ragged_wise import packing_of


def on_cpu(values: torch.Tensor) -> bool:
    """Whether these are for the recurrences here: a GPU has cuDNN, and compilers and ONNX know PyTorch's own."""
    traced = torch.jit.is_tracing() or torch.compiler.is_compiling()
    return values.device.type == "cpu" and not traced


def has_weights_here(rnn: nn.Module) -> bool:
    """The same for the weights of an `nn.GRU` or `nn.LSTM`: some are quantised, or elsewhere until it is called."""
    return isinstance(rnn, nn.RNNBase) and on_cpu(rnn.weight_ih_l0)


def last_states(rnn: nn.GRU | nn.LSTM, members: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """(V, I), (S,) -> the last states of the segments, (S, directions * H)"""
    one_way = _last_gru_states if isinstance(rnn, nn.GRU) else _last_lstm_states
    forward, *backward = rnn.all_weights
    states = [one_way(members, lengths, forward)]
    states += [one_way(members.flip(0), lengths.flip(0), weights).flip(0) for weights in backward]
    return torch.cat(states, dim=1)


def _last_gru_states(members: torch.Tensor, lengths: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    return GRURecurrence.apply(lengths, members, *weights)


def _last_lstm_states(members: torch.Tensor, lengths: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    return LSTMRecurrence.apply(lengths, None, members, *weights).index_select(0, lengths.cumsum(0) - 1)


class GRURecurrence(Function):
    """The last states of segments under an `nn.GRU`.

    The gates are m, r, z, n, where n = tanh(input + r m) and h = (1 - z) n + z h: the first three read the state, the
    last three the input.
    """

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx: FunctionCtx, lengths: torch.Tensor, values: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        """(S,), (V, I), and the weights (3 H, I), (3 H, H), (3 H,), (3 H,) -> (S, H)"""
        index, sizes, order = packing_of(lengths)
        values = values.index_select(0, index)
        of_input, of_state, input_bias, state_bias = (each.unflatten(0, (3, -1)) for each in weights)
        bias = torch.cat([input_bias[:2] + state_bias[:2], input_bias[2:]])  # that of m is inside its product with r
        of_state = of_state.roll(1, 0)  # from r, z, m to m, r, z
        gates = values.new_empty(4, len(values), of_state.shape[2])
        torch.baddbmm(bias[:, None], values.expand(3, -1, -1), of_input.mT, out=gates[1:])
        gates[0] = state_bias[2]
        states = torch.empty_like(gates[0])
        h = states.new_zeros(len(lengths), states.shape[1])
        for step, after in zip(gates.split(sizes, 1), states.split(sizes), strict=True):
            h = h[: len(after)]
            step[:3].baddbmm_(h.expand(3, -1, -1), of_state.mT)
            step[1:3].sigmoid_()
            m, r, z, n = step
            n.addcmul_(r, m)
            n.add_(n).sigmoid_().mul_(2.0).sub_(1.0)  # tanh(n), several times as fast
            h = torch.lerp(n, h, z, out=after)
        ctx.save_for_backward(values, of_input, of_state, gates, states)
        ctx.packing = index, sizes, order
        last = _last_of(states, sizes)
        return torch.empty_like(last).index_copy_(0, order, last)

    @staticmethod
    @once_differentiable
    @custom_bwd(device_type="cpu")
    def backward(ctx: FunctionCtx, grad_last: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        values, of_input, of_state, gates, states = ctx.saved_tensors
        index, sizes, order = ctx.packing
        before = _before(states, sizes)
        m, r, z, n = gates
        grad = torch.empty_like(gates)
        _less_(torch.sub(before, n, out=grad[2]).mul_(z), z)
        _less_(torch.mul(n, n, out=grad[3]).neg_().add_(1.0), z)
        torch.mul(grad[3], r, out=grad[0])
        _less_(torch.mul(grad[0], m, out=grad[1]), r)
        grad_state = grad_last.index_select(0, order)
        for step, kept in reversed([*zip(grad.split(sizes, 1), z.split(sizes), strict=True)]):
            h = grad_state[: len(kept)]
            step *= h
            h *= kept
            for gate, weight in zip(step[:3], of_state, strict=True):
                h.addmm_(gate, weight)
        of_values = _unpacked(torch.bmm(grad[1:], of_input).sum(0), index) if ctx.needs_input_grad[1] else None
        of_input = _of_weight(values, grad[1:]).flatten(0, 1)
        of_state = _of_weight(before, grad[:3]).roll(-1, 0).flatten(0, 1)
        biases = grad.sum(1)
        return None, of_values, of_input, of_state, biases[1:].flatten(), biases[:3].roll(-1, 0).flatten()


class LSTMRecurrence(Function):
    """The states of segments under LSTMs that run side by side and may exchange their states.

    Before a step, the states of all LSTMs, one after the other, are multiplied with the mixing matrix.
    """

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(
        ctx: FunctionCtx, lengths: torch.Tensor, mixing: torch.Tensor | None, *lstms: torch.Tensor
    ) -> torch.Tensor:
        """(S,), (H, H), and of each LSTM values (V, I) and weights (4 H', I), (4 H', H'), (4 H',), (4 H',) -> (V, H)

        H are the units of all LSTMs together.
        """
        index, sizes, _ = packing_of(lengths)
        values = [each.index_select(0, index) for each in lstms[::5]]
        # Copies, since MKL rounds a product with one row by where the matrix starts in memory.
        of_state = [each.unflatten(0, (4, -1)).clone() for each in lstms[2::5]]
        mixing = None if mixing is None else mixing.clone()
        units = [each.shape[2] for each in of_state]
        gates = values[0].new_empty(4, len(index), sum(units))  # i, f, g, o
        biases = [first + second for first, second in zip(lstms[3::5], lstms[4::5], strict=True)]
        for part, x, weight, bias in zip(gates.split(units, 2), values, lstms[1::5], biases, strict=True):
            part.copy_(torch.addmm(bias, x, weight.mT).unflatten(1, (4, -1)).transpose(0, 1))
        mixed, cells, squashed, states = gates.new_empty(4, len(index), sum(units))
        h = c = gates.new_zeros(len(lengths), sum(units))
        of_steps = (each.split(sizes) for each in (mixed, cells, squashed, states))
        for step, h_mixed, c_after, s, h_after in zip(gates.split(sizes, 1), *of_steps, strict=True):
            h, c = h[: len(s)], c[: len(s)]
            h_mixed.copy_(h) if mixing is None else torch.mm(h, mixing.mT, out=h_mixed)
            for part, x, weight in zip(step.split(units, 2), h_mixed.split(units, 1), of_state, strict=True):
                part.baddbmm_(x.expand(4, -1, -1), weight.mT)
            i, f, g, o = step
            step[:2].sigmoid_()
            g.tanh_()
            o.sigmoid_()
            c = torch.mul(f, c, out=c_after).addcmul_(i, g)
            torch.tanh(c, out=s)
            h = torch.mul(o, s, out=h_after)
        ctx.save_for_backward(mixing, gates, mixed, cells, squashed, states, *values, *lstms[1::5], *of_state)
        ctx.packing = index, sizes, units
        return _unpacked(states, index)

    @staticmethod
    @once_differentiable
    @custom_bwd(device_type="cpu")
    def backward(ctx: FunctionCtx, grad_states: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        mixing, gates, mixed, cells, squashed, states, *lstms = ctx.saved_tensors
        index, sizes, units = ctx.packing
        num = len(units)
        values, of_input, of_state = lstms[:num], lstms[num : 2 * num], lstms[2 * num :]
        i, f, g, o = gates
        grad = torch.empty_like(gates)
        _less_(torch.mul(g, i, out=grad[0]), i)
        _less_(torch.mul(_before(cells, sizes), f, out=grad[1]), f)
        torch.mul(g, g, out=grad[2]).neg_().add_(1.0).mul_(i)
        _less_(torch.mul(squashed, o, out=grad[3]), o)
        to_cells = (squashed * squashed).neg_().add_(1.0).mul_(o)
        grad_mixed = torch.zeros_like(mixed)
        grad_h, grad_c = grad_states.new_zeros(2, sizes[0], sum(units))
        grad_states = grad_states.index_select(0, index)
        of_steps = (each.split(sizes) for each in (grad_states, grad_mixed, to_cells, f))
        for step, given, h_mixed, to_cell, f in reversed([*zip(grad.split(sizes, 1), *of_steps, strict=True)]):
            h, c = grad_h[: len(f)], grad_c[: len(f)]
            h += given
            c.addcmul_(h, to_cell)
            step[:3] *= c
            step[3] *= h
            c *= f
            for part, x, weights in zip(step.split(units, 2), h_mixed.split(units, 1), of_state, strict=True):
                for gate, weight in zip(part, weights, strict=True):
                    x.addmm_(gate, weight)
            h.copy_(h_mixed) if mixing is None else torch.mm(h_mixed, mixing, out=h)
        grads = [None, None if mixing is None else grad_mixed.mT @ _before(states, sizes)]
        for part, x, h, weight in zip(grad.split(units, 2), values, mixed.split(units, 1), of_input, strict=True):
            rows = part.transpose(0, 1).flatten(1)  # (V, 4 H'), as the weights' rows are
            of_values = _unpacked(rows @ weight, index) if ctx.needs_input_grad[len(grads)] else None
            bias = rows.sum(0)
            grads += [of_values, (x.mT @ rows).mT, (h.mT @ rows).mT, bias, bias]
        return tuple(grads)


def _before(states: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """(V, H) of each step -> (V, H) of the step before, 0 before the first"""
    steps = zip(states.split(sizes), sizes[1:], strict=False)
    return torch.cat([states.new_zeros(sizes[0], states.shape[1]), *(step[:size] for step, size in steps)])


def _last_of(states: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """(V, H) of each step -> (S, H) of the last steps of the segments, the longest segment first"""
    steps = zip(states.split(sizes), [*sizes[1:], 0], strict=True)
    return torch.cat([step[size:] for step, size in steps][::-1])


def _less_(values: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """(1 - share) * values, in place"""
    return values.addcmul_(values, share, value=-1.0)


def _unpacked(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """(V, .) step by step -> segment by segment"""
    return torch.empty_like(values).index_copy_(0, index, values)


def _of_weight(inputs: torch.Tensor, grad: torch.Tensor) -> torch.Tensor:
    """(V, I) and the gradients of gates (G, V, H) -> the gradients of their weights (G, H, I)"""
    return torch.bmm(inputs.mT.expand(len(grad), -1, -1), grad).mT
