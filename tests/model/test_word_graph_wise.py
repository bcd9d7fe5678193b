import numpy as np
import pytest

from wise_hf.model.decoder_wise import model_file
from wise_hf.model.senones_wise import read_definition
from wise_hf.model.word_graph_wise import PAUSE, PAUSE_COST, SKIP_COST, START, build_graph


pytest.importorskip("pocketsphinx")


@pytest.fixture(scope="module")
def definition():
    return read_definition(model_file("en-us/mdef"))


def entries(graph, state: int) -> dict[int, float]:
    sources, costs, _ = graph.arcs(slice(state, state + 1))
    return dict(zip(sources.tolist(), costs.tolist(), strict=True))


def test_a_word_of_one_phoneme_can_be_said_with_pauses_around_it_and_with_states_left_out(definition):
    graph = build_graph(definition, [[["AA"]]])
    # The start, a pause, the phoneme, a pause.
    assert graph.places[:, 0].tolist() == [PAUSE] * 4 + [0] * 3 + [PAUSE] * 3
    assert entries(graph, START) == {START: np.inf}
    assert entries(graph, 1) == {1: 0.0, START: PAUSE_COST, 3: 0.0}
    assert entries(graph, 4) == {4: 0.0, START: 0.0, 3: 0.0}
    assert entries(graph, 6) == {6: 0.0, 5: 0.0, 4: SKIP_COST}
    ends = {number: cost for number, cost in enumerate(graph.ends) if np.isfinite(cost)}
    assert ends == {6: 0.0, 5: SKIP_COST, 4: 2 * SKIP_COST, 9: 0.0}


def test_variants_stand_side_by_side(definition):
    graph = build_graph(definition, [[["DH", "AH"], ["DH", "IY"]], [["EH"]]])
    words, variants, phones = graph.places.T
    first_of_second = np.flatnonzero((words == 0) & (variants == 1) & (phones == 0))[0]
    assert set(entries(graph, int(first_of_second))) == {START, 3, int(first_of_second)}
    into_next = entries(graph, int(np.flatnonzero(words == 1)[0]))
    ways = {(variants[source], phones[source]) for source in into_next if words[source] == 0}
    assert ways == {(0, 1), (1, 1)}


def test_a_phoneme_at_the_edge_of_a_word_may_have_any_neighbour(definition):
    alone, followed = build_graph(definition, [[["AA"]]]), build_graph(definition, [[["AA"]], [["T"], ["S"]]])
    states = slice(4, 7)
    contexts, starts = alone.contexts(states)
    assert starts.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(contexts, definition.states("AA", "SIL", "SIL", 3))
    more, _ = followed.contexts(states)
    expected = [definition.states("AA", "SIL", right, 3) for right in ("SIL", "T", "S")]
    assert set(more.tolist()) == set(np.ravel(expected).tolist())
