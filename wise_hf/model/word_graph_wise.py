"""The graph of everything that the speaker of a text may have said: its words, their variants, and pauses."""

from dataclasses import dataclass

import numpy as np

from .senones_wise import ModelDefinition


Variants = list[list[str]]  # the phonemes of a word, in each of its pronunciations

# Costs in the acoustic model's unit (0.1 nat): leaving out a state of a phoneme, and pausing between words.
SKIP_COST = 60.0
PAUSE_COST = 20.0
PAUSE = -1  # stands for the word of a pause
START = 0  # the state before the first frame


@dataclass(frozen=True)
class WordGraph:
    """States in the order in which a text goes through them; a state's arcs come from states that stand before it.

    Attributes:
        places: (states, 3) the word, variant and phone of each; PAUSE for the word of a pause.
        senones: (states,) the senone of each without context.
        in_context: the senones that its contexts may have, of one state after the other.
        context_starts: (states + 1,) where each state's begin.
        sources: the states that arcs come from, of one target after the other; each state is its own first source.
        arc_costs: float32, of the same arcs.
        arc_starts: (states + 1,) where each target's begin.
        ends: (states,) float32, what it costs to end in a state; infinite where that cannot be.
    """

    places: np.ndarray
    senones: np.ndarray
    in_context: np.ndarray
    context_starts: np.ndarray
    sources: np.ndarray
    arc_costs: np.ndarray
    arc_starts: np.ndarray
    ends: np.ndarray

    def contexts(self, states: slice) -> tuple[np.ndarray, np.ndarray]:
        """The senones in context of some states, and where each state's begin among them."""
        return _part(self.in_context, self.context_starts, states)

    def arcs(self, states: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The sources and costs of the arcs to some states, and where each state's begin among them."""
        sources, starts = _part(self.sources, self.arc_starts, states)
        return sources, _part(self.arc_costs, self.arc_starts, states)[0], starts


def _part(values: np.ndarray, starts: np.ndarray, states: slice) -> tuple[np.ndarray, np.ndarray]:
    first = starts[states.start]
    return values[first : starts[states.stop]], starts[states] - first


@dataclass(frozen=True)
class _State:
    """One state: its senone without context, those its contexts may have, its place, its (state, cost) entries."""

    senone: int
    in_context: tuple[int, ...]
    word: int
    variant: int
    phone: int
    sources: list[tuple[int, float]]


def build_graph(model: ModelDefinition, words: list[Variants]) -> WordGraph:
    """The states of words with their pronunciations and optional pauses around them.

    Args:
        model: names the senones.
        words: the phonemes of each word, in each of its pronunciations.
    """
    states = [_State(0, (0,), PAUSE, 0, 0, [])]  # START
    lasts = [{"SIL"}, *({phones[-1] for phones in variants} | {"SIL"} for variants in words)]
    firsts = [*({phones[0] for phones in variants} | {"SIL"} for variants in words[1:]), {"SIL"}]
    ways = _add_pause(states, model, [(START, 0.0)])
    for number, variants in enumerate(words):
        exits = []
        for variant, phones in enumerate(variants):
            inner = ways
            for place in range(len(phones)):
                senones = _phone_senones(model, phones, place, lasts[number], firsts[number])
                inner = _add_phone(states, senones, (number, variant, place), inner)
            exits += inner
        ways = _add_pause(states, model, exits)
    return _to_arrays(states, ways)


def _phone_senones(model: ModelDefinition, phones: list[str], place: int, left: set, right: set) -> list[tuple]:
    """(senone, senones in context) of a phone's three states; at the word's edges, of every neighbour it may have."""
    first, last = place == 0, place == len(phones) - 1
    before = left if first else {phones[place - 1]}
    after = right if last else {phones[place + 1]}
    position = {(True, True): 3, (True, False): 1, (False, True): 2}.get((first, last), 0)
    options = np.array([model.states(phones[place], b, a, position) for b in sorted(before) for a in sorted(after)])
    return [(base, tuple(set(options[:, n]))) for n, base in enumerate(model.base_states(phones[place]))]


def _add_phone(states: list[_State], senones: list[tuple], place: tuple, sources: list[tuple]) -> list[tuple]:
    """Adds a phone's three states; its last ones may be left out at a cost. Returns its ways out."""
    first = len(states)
    states.append(_State(*senones[0], *place, sources))
    states.append(_State(*senones[1], *place, [(first, 0.0)]))
    states.append(_State(*senones[2], *place, [(first + 1, 0.0), (first, SKIP_COST)]))
    return [(first + 2, 0.0), (first + 1, SKIP_COST), (first, 2 * SKIP_COST)]


def _add_pause(states: list[_State], model: ModelDefinition, sources: list[tuple]) -> list[tuple]:
    """Adds an optional stretch of silence or noise; returns the ways past it."""
    first = len(states)
    silence, noise = model.base_states("SIL"), model.base_states("+NSN+")
    entries = [(source, cost + PAUSE_COST) for source, cost in sources]
    for number, ways in enumerate(([*entries, (first + 2, 0.0)], [(first, 0.0)], [(first + 1, 0.0)])):
        states.append(_State(silence[number], (silence[number], noise[number]), PAUSE, 0, 0, ways))
    return [*sources, (first + 2, 0.0)]


def _to_arrays(states: list[_State], ends: list[tuple[int, float]]) -> WordGraph:
    arcs = [[(number, 0.0), *state.sources] for number, state in enumerate(states)]
    arcs[START] = [(START, np.inf)]  # nobody stays before the first frame
    sources, costs = zip(*(arc for its_arcs in arcs for arc in its_arcs), strict=True)
    end_costs = np.full(len(states), np.inf, np.float32)
    for state, cost in ends:
        end_costs[state] = cost
    return WordGraph(
        places=np.array([(state.word, state.variant, state.phone) for state in states]),
        senones=np.array([state.senone for state in states]),
        in_context=np.concatenate([state.in_context for state in states]),
        context_starts=_starts([state.in_context for state in states]),
        sources=np.array(sources),
        arc_costs=np.array(costs, np.float32),
        arc_starts=_starts(arcs),
        ends=end_costs,
    )


def _starts(parts: list) -> np.ndarray:
    return np.cumsum([0, *map(len, parts)])
