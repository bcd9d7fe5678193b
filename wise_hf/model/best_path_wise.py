"""The cheapest way through a graph of words: Viterbi's search, in a window that moves along the text."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .word_graph_wise import START, WordGraph


BLOCK_FRAMES = 128  # for so many frames the window is set anew
StateCosts = Callable[[slice, slice], np.ndarray]  # of some frames in some states, (frames, states) float32


@dataclass(frozen=True)
class Window:
    """Which states are searched: from the first to the last that costs little more than the best, and some further.

    Attributes:
        beam: so much more.
        states_ahead: so many further.
    """

    beam: float
    states_ahead: int


# Enough for a text that is what is said. One that leaves out the beginning waits longer than the beam allows.
NARROW = Window(beam=5000.0, states_ahead=300)
WHOLE = Window(beam=np.inf, states_ahead=10**9)


@dataclass(frozen=True)
class _Block:
    """Some frames of the search.

    Attributes:
        first: the first state in the window.
        costs: (frames, window) of every state.
        totals: (frames, window + 2) of the cheapest way to every state; infinite to what lies beside the window.
    """

    first: int
    costs: np.ndarray
    totals: np.ndarray


def best_path(
    graph: WordGraph, num_frames: int, state_costs: StateCosts, window: Window
) -> tuple[np.ndarray, np.ndarray] | None:
    """The cheapest state of every frame.

    Args:
        graph: what may be said.
        num_frames: of the recording, above 0.
        state_costs: asked for the frames in their order, a few at a time.
        window: which states are searched; time and memory grow with its size.

    Returns:
        (frames,) states and (frames,) what each costs; None where no way leads to an end.
    """
    first, before = START, np.array([np.inf, 0.0, np.inf], np.float32)
    blocks = []
    for start in range(0, num_frames, BLOCK_FRAMES):
        alive = first - 1 + np.flatnonzero(before < before.min() + window.beam)
        states = slice(int(alive[0]), min(len(graph.senones), int(alive[-1]) + 1 + window.states_ahead))
        costs = state_costs(slice(start, min(start + BLOCK_FRAMES, num_frames)), states)
        before = _row(before - before.min(), first, np.arange(states.start, states.stop))
        before = np.pad(before, 1, constant_values=np.inf)
        blocks.append(_Block(states.start, costs, _totals(graph, states, before, costs)))
        first, before = states.start, blocks[-1].totals[-1]
    return _followed_back(graph, blocks)


def _row(totals: np.ndarray, first: int, states: np.ndarray) -> np.ndarray:
    """The totals of some states, from a row of a window; infinite beside it."""
    return totals.take(states - (first - 1), mode="clip")


def _totals(graph: WordGraph, states: slice, before: np.ndarray, costs: np.ndarray) -> np.ndarray:
    sources, arc_costs, starts = graph.arcs(states)
    sources = np.clip(sources - (states.start - 1), 0, len(before) - 1)
    totals = np.full((len(costs), len(before)), np.inf, np.float32)
    reached = np.empty_like(arc_costs)
    # Each frame needs the one before it; within a frame all arcs go at once.
    for now, its_costs in zip(totals, costs, strict=True):
        before.take(sources, out=reached, mode="clip")  # with a mode it writes straight into `out`
        reached += arc_costs
        np.minimum.reduceat(reached, starts, out=now[1:-1])
        now[1:-1] += its_costs
        before = now
    return totals


def _followed_back(graph: WordGraph, blocks: list[_Block]) -> tuple[np.ndarray, np.ndarray] | None:
    last = blocks[-1]
    ends = last.totals[-1, 1:-1] + graph.ends[last.first : last.first + last.costs.shape[1]]
    if not np.isfinite(ends.min()):
        return None
    state = last.first + int(ends.argmin())
    states, costs = [], []
    for block in reversed(blocks):
        for totals, its_costs in zip(block.totals[::-1], block.costs[::-1], strict=True):
            if states:
                sources, arc_costs, _ = graph.arcs(slice(state, state + 1))
                state = sources[(_row(totals, block.first, sources) + arc_costs).argmin()]
            states.append(state)
            costs.append(its_costs[state - block.first])
    return np.array(states[::-1]), np.array(costs[::-1])
