"""The recurrences of GRU and LSTM over segments, with their gradients written out, for the CPU.

PyTorch's own makes new tensors at every step, and on the way back adds a gradient of all steps at every step. Here all
steps write into a few tensors, what each gate's gradient is multiplied with is computed for all steps at once, and a
weight's gradient is one product for all steps.

Letters in the shapes: V values of S segments, one after the other; I inputs and H units. Inside, the values stand step
by step: the first of all segments, the second of those that have one, and so on, the longest segment first.
"""

import torch
from torch import nn
from torch.amp import custom_bwd, custom_fwd
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from .ragged_wise import packing_of


def runs_here(rnn: nn.Module) -> bool:
    """Whether its weights are there to be read, on the CPU: neither quantised nor offloaded."""
    return isinstance(rnn, nn.RNNBase) and rnn.weight_ih_l0.device.type == "cpu"


def last_states(rnn: nn.GRU | nn.LSTM, members: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """(V, I), (S,) -> (S, directions * H)"""
    one_way = _last_gru_states if isinstance(rnn, nn.GRU) else _last_lstm_states
    forward, *backward = rnn.all_weights
    states = [one_way(members, lengths, forward)]
    states += [one_way(members.flip(0), lengths.flip(0), weights).flip(0) for weights in backward]
    return torch.cat(states, dim=1)


def _last_gru_states(members: torch.Tensor, lengths: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    return GRURecurrence.apply(members, lengths, *weights)


def _last_lstm_states(members: torch.Tensor, lengths: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    return LSTMRecurrence.apply(lengths, None, members, *weights).index_select(0, lengths.cumsum(0) - 1)


class GRURecurrence(Function):
    """The last states of segments under an `nn.GRU`.

    The gates are m, r, z, n, where n = tanh(input + r m) and h = (1 - z) n + z h: the first three read the state, the
    last three the input.
    """

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx, values, lengths, w_ih, w_hh, b_ih, b_hh) -> torch.Tensor:
        """(V, I), (S,), (3 H, I), (3 H, H), (3 H,), (3 H,) -> (S, H)"""
        index, sizes, order = packing_of(lengths)
        values = values.index_select(0, index)
        of_input = w_ih.unflatten(0, (3, -1))
        of_state = w_hh.unflatten(0, (3, -1)).roll(1, 0)  # m, r, z
        bias = b_hh.view(3, 1, -1).roll(1, 0)
        gates = values.new_empty(4, len(values), w_hh.shape[1])
        torch.baddbmm(b_ih.view(3, 1, -1), values.expand(3, -1, -1), of_input.mT, out=gates[1:])
        gates[1:3] += bias[1:]
        gates[0] = bias[0]
        before = torch.empty_like(gates[0])
        last = values.new_zeros(len(lengths), w_hh.shape[1])
        for step, state in zip(gates.split(sizes, 1), before.split(sizes), strict=True):
            h = last[: len(state)]
            state.copy_(h)
            step[:3].baddbmm_(h.expand(3, -1, -1), of_state.mT)
            step[1:3].sigmoid_()
            m, r, z, n = step
            n.addcmul_(r, m)
            n.add_(n).sigmoid_().mul_(2.0).sub_(1.0)  # tanh, several times as fast
            torch.lerp(n, h, z, out=h)
        ctx.save_for_backward(values, of_input, of_state, gates, before)
        ctx.packing = index, sizes, order
        return torch.empty_like(last).index_copy_(0, order, last)

    @staticmethod
    @once_differentiable
    @custom_bwd(device_type="cpu")
    def backward(ctx, grad_last):
        values, of_input, of_state, gates, before = ctx.saved_tensors
        index, sizes, order = ctx.packing
        m, r, z, n = gates
        grad = torch.empty_like(gates)
        torch.mul(1 - z, 1 - n * n, out=grad[3])
        torch.mul(grad[3], r, out=grad[0])
        torch.mul(grad[0] * m, 1 - r, out=grad[1])
        torch.mul((before - n) * z, 1 - z, out=grad[2])
        grad_state = grad_last.index_select(0, order)
        for step, z in zip(reversed(grad.split(sizes, 1)), reversed(z.split(sizes)), strict=True):
            h = grad_state[: len(z)]
            step *= h
            h *= z
            for gate, weight in zip(step[:3], of_state, strict=True):
                h.addmm_(gate, weight)
        grad_values = None
        if ctx.needs_input_grad[0]:
            grad_values = torch.empty_like(values).index_copy_(0, index, torch.bmm(grad[1:], of_input).sum(0))
        w_ih = torch.bmm(values.mT.expand(3, -1, -1), grad[1:]).mT.flatten(0, 1)
        w_hh = torch.bmm(before.mT.expand(3, -1, -1), grad[:3]).mT.roll(-1, 0).flatten(0, 1)
        biases = grad.sum(1)
        return grad_values, None, w_ih, w_hh, biases[1:].flatten(), biases[:3].roll(-1, 0).flatten()


class LSTMRecurrence(Function):
    """The states of segments under LSTMs that run side by side and may exchange their states.

    Before a step, the states of all LSTMs, one after the other, are multiplied with the mixing matrix.
    """

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx, lengths, mixing, *lstms) -> torch.Tensor:
        """(S,), (H, H) or `None`, then values (V, I) and the weights of each LSTM -> (V, H), H units of all together

        The weights are (4 H_k, I), (4 H_k, H_k), (4 H_k,) and (4 H_k,), as `nn.LSTM` has them.
        """
        index, sizes, _ = packing_of(lengths)
        values = [each.index_select(0, index) for each in lstms[::5]]
        of_input = [each.unflatten(0, (4, -1)) for each in lstms[1::5]]
        # Copies: MKL rounds a product with one row by where the matrix starts in memory.
        of_state = [each.unflatten(0, (4, -1)).clone() for each in lstms[2::5]]
        mixing = None if mixing is None else mixing.clone()
        units = [each.shape[2] for each in of_state]
        gates = values[0].new_empty(4, len(index), sum(units))  # i, f, g, o
        for part, x, weight, *biases in zip(gates.split(units, 2), values, of_input, lstms[3::5], lstms[4::5], strict=True):
            torch.baddbmm(sum(biases).view(4, 1, -1), x.expand(4, -1, -1), weight.mT, out=part)
        before, mixed, cells, squashed, states = gates.new_empty(5, len(index), sum(units))
        h = c = gates.new_zeros(len(lengths), sum(units))
        of_steps = (each.split(sizes) for each in (before, mixed, cells, squashed, states))
        for step, h_before, h_mixed, c_before, s, h_after in zip(gates.split(sizes, 1), *of_steps, strict=True):
            h_before.copy_(h[: len(s)])
            c_before.copy_(c[: len(s)])
            h_mixed.copy_(h_before) if mixing is None else torch.mm(h_before, mixing.mT, out=h_mixed)
            for part, x, weight in zip(step.split(units, 2), h_mixed.split(units, 1), of_state, strict=True):
                part.baddbmm_(x.expand(4, -1, -1), weight.mT)
            i, f, g, o = step
            step[:2].sigmoid_()
            g.tanh_()
            o.sigmoid_()
            c = (c_before * f).addcmul_(i, g)
            torch.tanh(c, out=s)
            h = torch.mul(o, s, out=h_after)
        ctx.save_for_backward(mixing, gates, before, mixed, cells, squashed, *values, *of_input, *of_state)
        ctx.packing = index, sizes, units
        return torch.empty_like(states).index_copy_(0, index, states)

    @staticmethod
    @once_differentiable
    @custom_bwd(device_type="cpu")
    def backward(ctx, grad_states):
        mixing, gates, before, mixed, cells, squashed, *lstms = ctx.saved_tensors
        index, sizes, units = ctx.packing
        k = len(units)
        values, of_input, of_state = lstms[:k], lstms[k:2*k], lstms[2*k:]
        i, f, g, o = gates
        grad = torch.empty_like(gates)
        torch.mul(g * i, 1 - i, out=grad[0])
        torch.mul(cells * f, 1 - f, out=grad[1])
        torch.mul(i, 1 - g * g, out=grad[2])
        torch.mul(squashed * o, 1 - o, out=grad[3])
        through = o * (1 - squashed * squashed)
        grad_mixed = torch.empty_like(mixed)
        grad_h, grad_c = grad_states.new_zeros(2, sizes[0], sum(units))
        of_steps = (reversed(each.split(sizes)) for each in (grad_states.index_select(0, index), grad_mixed, through, f))
        for step, grad_after, gm, th, f in zip(reversed(grad.split(sizes, 1)), *of_steps, strict=True):
            h, c = grad_h[: len(f)], grad_c[: len(f)]
            h += grad_after
            c.addcmul_(h, th)
            step[:3] *= c
            step[3] *= h
            c *= f
            for part, x, weight in zip(step.split(units, 2), gm.split(units, 1), of_state, strict=True):
                torch.mm(part[0], weight[0], out=x)
                for gate, gate_weight in zip(part[1:], weight[1:], strict=True):
                    x.addmm_(gate, gate_weight)
            h.copy_(gm) if mixing is None else torch.mm(gm, mixing, out=h)
        grads = [None, None if mixing is None else grad_mixed.mT @ before]
        for part, x, x_state, weight in zip(grad.split(units, 2), values, mixed.split(units, 1), of_input, strict=True):
            bias = part.sum(1).flatten()
            x_grad = torch.empty_like(x).index_copy_(0, index, torch.bmm(part, weight).sum(0)) if ctx.needs_input_grad[len(grads)] else None
            of_weights = [torch.bmm(each.mT.expand(4, -1, -1), part).mT.flatten(0, 1) for each in (x, x_state)]
            grads += [x_grad, *of_weights, bias, bias]
        return tuple(grads)
