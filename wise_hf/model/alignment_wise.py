"""Words and phonemes on the time line: forced alignment with pocketsphinx's English acoustic model."""

import logging
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .acoustics_wise import acoustic_model, senone_costs
from .decoder_wise import SAMPLING_RATE, check_samples, is_silent
from .dictionary_wise import dictionary_lookup
from .fit_wise import LEAST_FIT, SURE_FIT, left_out, misfits, text_fit, word_fit
from .pronunciation_wise import pronunciations
from .senones_wise import ModelDefinition
from .speech_wise import check_heard, hear_speech
from .spoken_text_wise import split_words
from .threads_wise import one_thread
from .word_times_wise import LEAST_PHONEME_S, Span, share_out, timed_word


logger = logging.getLogger(__name__)

Variants = list[list[str]]  # the phonemes of a word, in each of its pronunciations

FRAME_S = 0.01
# A change of state at frame i is put half a frame after the start of its 25.6 ms window.
FRAME_SHIFT_S = 0.005
# Longer recordings, or more frames x states, would take gigabytes.
MAX_ALIGNED_S = 120.0
MAX_CELLS = 10**8
# Costs in the acoustic model's unit (0.1 nat): leaving out a state of a phoneme, and pausing between words.
SKIP_COST = 60.0
PAUSE_COST = 20.0
# States in context find the words more surely, states without context put the boundaries more exactly.
CONTEXT_WEIGHT = 0.7
# With more phonemes than this left with fewer frames than the model has states, the text is not what was said: it is
# 1 % of phonemes in real speech, 11 % in speech at twice its speed, 75 % when the text is four times as long.
MAX_SQUEEZED = 0.75


@dataclass
class Alignment:
    """Words with times, and how they were found.

    Attributes:
        words: {"word", "start_s", "end_s", "phonemes": [{"phoneme", "start_s", "end_s"}], "fit"}, in order.
        source: "aligner"; "doubtful" where the words fit the audio so badly that something else is said in it, or much
            more; or "uniform" where the speech was shared out evenly.
        fit: how well the words fit the audio, from 0 to 1, as each word's does; low, too, where they leave out much
            of what is said. None when they were shared out.
    """

    words: list[dict]
    source: str
    fit: float | None = None


# --- the graph of everything the speaker may have said ---


@dataclass(frozen=True)
class _State:
    """One state: its senone without context, those its contexts may have, its place, its (state, cost) entries."""

    senone: int
    in_context: tuple[int, ...]
    word: int
    variant: int
    phone: int
    sources: list[tuple[int, float]]


PAUSE = -1
START = -1


def _phone_senones(model: ModelDefinition, phones: list[str], place: int, left: set, right: set) -> list[tuple]:
    """(senone, senones in context) of a phone's three states; at the word's edges, of every neighbour it may have."""
    first, last = place == 0, place == len(phones) - 1
    before = left if first else {phones[place - 1]}
    after = right if last else {phones[place + 1]}
    position = {(True, True): 3, (True, False): 1, (False, True): 2}.get((first, last), 0)
    options = np.array([model.states(phones[place], b, a, position) for b in sorted(before) for a in sorted(after)])
    return [(base, tuple(set(options[:, n]))) for n, base in enumerate(model.base_states(phones[place]))]


def _add_phone(graph: list[_State], senones: list[tuple], place: tuple, sources: list[tuple]) -> list[tuple]:
    """Adds a phone's three states; its last ones may be left out at a cost. Returns its ways out."""
    first = len(graph)
    graph.append(_State(*senones[0], *place, sources))
    graph.append(_State(*senones[1], *place, [(first, 0.0)]))
    graph.append(_State(*senones[2], *place, [(first + 1, 0.0), (first, SKIP_COST)]))
    return [(first + 2, 0.0), (first + 1, SKIP_COST), (first, 2 * SKIP_COST)]


def _add_pause(graph: list[_State], model: ModelDefinition, sources: list[tuple]) -> list[tuple]:
    """Adds an optional stretch of silence or noise; returns the ways past it."""
    first = len(graph)
    silence, noise = model.base_states("SIL"), model.base_states("+NSN+")
    entries = [(source, cost + PAUSE_COST) for source, cost in sources]
    for number, ways in enumerate(([*entries, (first + 2, 0.0)], [(first, 0.0)], [(first + 1, 0.0)])):
        graph.append(_State(silence[number], (silence[number], noise[number]), PAUSE, 0, 0, ways))
    return [*sources, (first + 2, 0.0)]


def _build_graph(model: ModelDefinition, words: list[Variants]) -> tuple[list[_State], list[tuple]]:
    """The states of words with their pronunciations and the pauses around them; and the (state, cost) to end in."""
    graph: list[_State] = []
    lasts = [{"SIL"}, *({phones[-1] for phones in variants} | {"SIL"} for variants in words)]
    firsts = [*({phones[0] for phones in variants} | {"SIL"} for variants in words[1:]), {"SIL"}]
    ways = _add_pause(graph, model, [(START, 0.0)])
    for number, variants in enumerate(words):
        exits = []
        for variant, phones in enumerate(variants):
            inner = ways
            for place in range(len(phones)):
                senones = _phone_senones(model, phones, place, lasts[number], firsts[number])
                inner = _add_phone(graph, senones, (number, variant, place), inner)
            exits += inner
        ways = _add_pause(graph, model, exits)
    return graph, ways


def _costs(samples: np.ndarray, graph: list[_State], model: ModelDefinition) -> tuple[np.ndarray, np.ndarray]:
    """What each frame costs in every state of the graph (frames, states), and in every phone (frames, phones).

    A state's cost is the weighted mean of its best senone in context and of that without; a phone's is its best
    state's, without context.
    """
    in_context = np.concatenate([state.in_context for state in graph])
    starts = np.cumsum([0] + [len(state.in_context) for state in graph[:-1]])
    base = np.array([state.senone for state in graph])
    phones = model.all_base_states()
    senones, places = np.unique(np.concatenate([in_context, base, phones.ravel()]), return_inverse=True)
    costs = senone_costs(samples, senones)[:, places]
    in_context, base, of_phones = np.split(costs, [len(in_context), len(in_context) + len(base)], axis=1)
    in_context = np.minimum.reduceat(in_context, starts, axis=1)
    of_states = np.float32(CONTEXT_WEIGHT) * in_context + np.float32(1 - CONTEXT_WEIGHT) * base
    return of_states, of_phones.reshape(len(costs), *phones.shape).min(axis=2)


def _arcs(graph: list[_State]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sources and costs of all arcs in the order of their targets, where each target's begin, and the first frame."""
    initial = np.full(len(graph), np.inf, np.float32)
    sources, costs, starts = [], [], []
    for number, state in enumerate(graph):
        starts.append(len(sources))
        for source, cost in [(number, 0.0), *state.sources]:
            if source == START:
                initial[number] = min(initial[number], cost)
            else:
                sources.append(source)
                costs.append(cost)
    return np.array(sources), np.array(costs, np.float32), np.array(starts), initial


def _best_path(emissions: np.ndarray, graph: list[_State], ends: list[tuple]) -> np.ndarray | None:
    """Viterbi: the cheapest state of every frame, or None where no path reaches an end."""
    sources, arc_costs, starts, initial = _arcs(graph)
    totals = np.empty_like(emissions)
    totals[0] = initial + emissions[0]
    reached = np.empty_like(arc_costs)
    # Each frame needs the one before it; within a frame all arcs go at once.
    for before, now, emission in zip(totals, totals[1:], emissions[1:], strict=False):
        before.take(sources, out=reached, mode="clip")  # with a mode it writes straight into `out`
        reached += arc_costs
        np.minimum.reduceat(reached, starts, out=now)
        now += emission
    cost, state = min((totals[-1, end] + cost, end) for end, cost in ends if end != START)
    if not np.isfinite(cost):
        return None
    bounds = np.append(starts, len(sources))
    path = np.empty(len(emissions), np.int64)
    path[-1] = state
    for frame in range(len(emissions) - 1, 0, -1):
        arcs = slice(bounds[state], bounds[state + 1])
        state = sources[arcs][np.argmin(totals[frame - 1][sources[arcs]] + arc_costs[arcs])]
        path[frame - 1] = state
    return path


def _segments(path: np.ndarray, graph: list[_State]) -> list[tuple[int, int, int, int]]:
    """(word, variant, first frame, frame after) of every phone on the path, in order."""
    places = np.array([(state.word, state.variant, state.phone) for state in graph])[path]
    changes = np.flatnonzero((np.diff(places, axis=0) != 0).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(path)]
    return [(*places[begin, :2].tolist(), begin, end) for begin, end in pairwise(edges) if places[begin, 0] != PAUSE]


# --- from frames to words with times ---


def _loud_part(samples: np.ndarray, least_s: float) -> Span:
    """Start and end of the louder part (above 3 % of the loudest sample), in seconds; of all when it is too short."""
    hop = int(SAMPLING_RATE * FRAME_S)
    peaks = np.maximum.reduceat(np.abs(samples), np.arange(0, len(samples), hop))
    loud = np.flatnonzero(peaks > 0.03 * peaks.max())
    duration_s = len(samples) / SAMPLING_RATE
    start_s, end_s = (loud[0] * FRAME_S, min(duration_s, (loud[-1] + 1) * FRAME_S)) if loud.size else (0.0, 0.0)
    return (start_s, end_s) if end_s - start_s >= least_s else (0.0, duration_s)


def _find_words(
    samples: np.ndarray, speech: np.ndarray, words: list[str], variants: list[Variants]
) -> Alignment | None:
    """Words and phonemes on the best path through the acoustic costs; None where there is none."""
    model = acoustic_model().definition
    graph, ends = _build_graph(model, variants)
    state_costs, phone_costs = _costs(samples, graph, model)
    path = _best_path(state_costs, graph, ends)
    if path is None:
        return None
    segments = _segments(path, graph)
    spans = [(first, after) for *_, first, after in segments]
    if np.mean([after - first < len(model.base_states("SIL")) for first, after in spans]) > MAX_SQUEEZED:
        return None
    its_misfits = misfits(phone_costs, state_costs[np.arange(len(path)), path], spans)
    timed = _timed(words, variants, segments, its_misfits, len(samples) / SAMPLING_RATE)
    fit = text_fit(its_misfits, left_out(timed, speech))
    return Alignment(timed, "aligner" if fit >= LEAST_FIT else "doubtful", fit)


def _timed(
    words: list[str], variants: list[Variants], segments: list[tuple], its_misfits: np.ndarray, duration_s: float
) -> list[dict]:
    """The words of the path's segments, their frames turned into seconds, each with its fit."""
    phones: list[list[tuple]] = [[] for _ in words]
    for (word, variant, first, after), misfit in zip(segments, its_misfits, strict=True):
        phones[word].append((variant, first, after, misfit))
    timed = []
    for word, options, parts in zip(words, variants, phones, strict=True):
        chosen, firsts, afters, misfit = zip(*parts, strict=True)
        frames = np.array([*firsts, afters[-1]])
        times = np.where(frames == 0, 0.0, np.minimum(frames * FRAME_S + FRAME_SHIFT_S, duration_s))
        timed.append(timed_word(word, options[chosen[0]], times) | {"fit": word_fit(np.array(misfit))})
    return timed


def _check_words(text: str | list[str]) -> list[str]:
    words = [word for part in ([text] if isinstance(text, str) else text) for word in split_words(part)]
    if not words:
        raise ValueError(f"The text {str(text)[:60]!r} has no word in Latin letters or digits; pass English text.")
    return words


def check_length(duration_s: float) -> None:
    """Whether a recording is short enough to be aligned and scored as one.

    Args:
        duration_s: its length.

    Raises:
        ValueError: it lasts longer than MAX_ALIGNED_S.
    """
    if duration_s > MAX_ALIGNED_S:
        raise ValueError(
            f"The recording lasts {duration_s:.1f} s, at most {MAX_ALIGNED_S:g} s are taken; cut it at pauses and "
            "give its parts, as `wise-hf predict --output_dir` does."
        )


def _check_room(samples: np.ndarray, variants: list[Variants]) -> None:
    """Refuses a text that nobody could say in the time, and one whose search would take gigabytes."""
    duration_s = len(samples) / SAMPLING_RATE
    frames = duration_s / FRAME_S
    n_phonemes = sum(min(map(len, options)) for options in variants)
    n_states = 3 * sum(len(phones) for options in variants for phones in options)
    if n_phonemes > frames or n_states * frames > MAX_CELLS:
        raise ValueError(
            f"The text has {len(variants)} words of {n_phonemes} phonemes, too many for a recording of "
            f"{duration_s:.2f} s; give the text of this recording alone."
        )


@one_thread()
def align(samples: np.ndarray, text: str | list[str], sampling_rate: int = SAMPLING_RATE) -> Alignment:
    """Finds when each word and phoneme of a text is spoken.

    One Viterbi search over the acoustic model's costs of all states runs through the whole text with optional pauses
    and alternative pronunciations. Nothing is pruned and short phonemes may leave out states, so it succeeds wherever
    the audio has a frame for every phoneme. Where the text is far too long for what is said, or the search fails, the
    words are shared out evenly instead. Words that do not fit very well must lie in speech.

    Args:
        samples: (n,) float, mono, in [-1, 1], at most MAX_ALIGNED_S long.
        text: what is said, or its words.
        sampling_rate: in Hz, 16000.

    Returns:
        The words of `split_words` with times in seconds inside the audio.

    Raises:
        NoSpeechError: the words do not fit, and nobody speaks.
        ValueError: no word in the text, more of them than the audio has time for, no finite mono audio at 16 kHz, or
            too long a recording.
        ImportError: pocketsphinx or silero-vad is not installed.
    """
    samples = check_samples(samples, sampling_rate)
    words = _check_words(text)
    check_length(len(samples) / sampling_rate)
    variants = [pronunciations(word, dictionary_lookup) for word in words]
    speech = hear_speech(samples)
    found = None
    if not is_silent(samples):
        _check_room(samples, variants)
        found = _find_words(samples, speech, words, variants)
    if found is None or found.fit < SURE_FIT:
        check_heard(samples, speech)
    if found is None:
        phonemes = [options[0] for options in variants]
        least_s = LEAST_PHONEME_S * sum(map(len, phonemes))
        return Alignment(share_out(words, phonemes, *_loud_part(samples, least_s)), "uniform")
    if found.source == "doubtful":
        logger.warning("The words fit the recording badly (%.2f of 1); is this all that is said?", found.fit)
    return found
