from itertools import pairwise, product

import numpy as np
import pytest

from wise_hf.model import best_path_wise
from wise_hf.model.best_path_wise import NARROW, WHOLE, best_path
from wise_hf.model.decoder_wise import model_file
from wise_hf.model.senones_wise import read_definition
from wise_hf.model.word_graph_wise import START, WordGraph, build_graph


def graph_of(arcs: list[dict[int, float]], ends: dict[int, float]) -> WordGraph:
    """A graph of states with these entries (source: cost); the first is before the first frame."""
    ways = [(START, {START: np.inf})] + [(number, {number: 0.0} | its) for number, its in enumerate(arcs, start=1)]
    nothing = np.zeros(len(ways), np.int64)
    return WordGraph(
        places=np.zeros((len(ways), 3), np.int64),
        senones=nothing,
        in_context=nothing,
        context_starts=np.arange(len(ways) + 1),
        sources=np.array([source for _, its in ways for source in its]),
        arc_costs=np.array([cost for _, its in ways for cost in its.values()], np.float32),
        arc_starts=np.cumsum([0, *(len(its) for _, its in ways)]),
        ends=np.array([ends.get(number, np.inf) for number in range(len(ways))], np.float32),
    )


def searched(graph: WordGraph, costs: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    return best_path(graph, len(costs), lambda frames, states: costs[frames, states], WHOLE)


def test_the_path_is_the_cheapest_of_all_paths():
    arcs = [{START: 1.0}, {1: 0.0}, {START: 0.5, 1: 2.0}, {2: 0.0, 3: 3.0}]
    ends = {4: 0.0, 3: 1.5}
    costs = np.random.default_rng(1).uniform(0, 10, (6, 5)).astype(np.float32)
    path, path_costs = searched(graph_of(arcs, ends), costs)

    def cost(states):
        ways = [arcs[states[0] - 1].get(START, np.inf), ends.get(states[-1], np.inf)]
        ways += [0.0 if now == before else arcs[now - 1].get(before, np.inf) for before, now in pairwise(states)]
        return sum(ways) + sum(costs[frame, state] for frame, state in enumerate(states))

    assert cost(tuple(path)) == pytest.approx(min(map(cost, product(range(1, 5), repeat=6))), rel=1e-5)
    np.testing.assert_array_equal(path_costs, costs[np.arange(6), path])


def test_there_is_no_path_where_the_end_is_too_far_away():
    chain = graph_of([{START: 0.0}, {1: 0.0}, {2: 0.0}], {3: 0.0})
    assert searched(chain, np.ones((2, 4), np.float32)) is None
    assert searched(chain, np.ones((3, 4), np.float32))[0].tolist() == [1, 2, 3]


@pytest.fixture
def long_text() -> tuple[WordGraph, np.ndarray]:
    """The graph of 120 words, and costs that follow it, with noise: 8 frames a phoneme."""
    pytest.importorskip("pocketsphinx")
    rng = np.random.default_rng(0)
    words = [[["D", "AO", "R"]], [["K", "IH", "D", "Z"], ["K", "IH", "T", "S"]], [["AH"]]] * 40
    graph = build_graph(read_definition(model_file("en-us/mdef")), words)
    said = np.repeat(np.flatnonzero((graph.places[:, 0] >= 0) & (graph.places[:, 1] == 0)), 3)
    costs = rng.uniform(80, 160, (len(said), len(graph.senones))).astype(np.float32)
    costs[np.arange(len(said)), said] = rng.uniform(0, 60, len(said))
    return graph, costs


@pytest.mark.parametrize("block_frames", [1, 100, 128])
def test_a_window_that_moves_along_a_long_text_finds_what_the_whole_search_finds(long_text, monkeypatch, block_frames):
    graph, costs = long_text
    monkeypatch.setattr(best_path_wise, "BLOCK_FRAMES", block_frames)
    widest = []

    def costs_of(frames: slice, states: slice) -> np.ndarray:
        widest.append(states.stop - states.start)
        return costs[frames, states]

    path, path_costs = best_path(graph, len(costs), costs_of, NARROW)
    assert max(widest) < len(graph.senones) / 2
    monkeypatch.setattr(best_path_wise, "BLOCK_FRAMES", 10**9)
    whole, whole_costs = searched(graph, costs)
    np.testing.assert_array_equal(path, whole)
    np.testing.assert_array_equal(path_costs, whole_costs)
