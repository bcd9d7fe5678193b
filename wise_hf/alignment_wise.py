"""Words and phonemes on the time line: forced alignment with pocketsphinx's English acoustic model."""

import logging
import math
import os
import re
import shutil
import tempfile
import uuid
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .pronunciation_wise import (
    drop_decoder,
    import_pocketsphinx,
    pronounce,
    pronunciations,
    shared_decoder,
    split_words,
)


logger = logging.getLogger(__name__)

SAMPLING_RATE = 16000
FRAME_S = 0.01
# A change of state at frame i is put half a frame after the start of its 25.6 ms window.
FRAME_SHIFT_S = 0.005
# Longer recordings, or more frames x states, would take gigabytes: they are shared out evenly.
MAX_ALIGNED_S = 120.0
MAX_CELLS = 10**8
SILENT_PEAK = 1e-4
# Costs in the acoustic model's unit (0.1 nat): leaving out a state of a phoneme, and pausing between words.
SKIP_COST = 60.0
PAUSE_COST = 20.0
# States in context find the words more surely, states without context put the boundaries more exactly.
CONTEXT_WEIGHT = 0.7
# With more phonemes than this left with fewer frames than the model has states, the text is not what was said: it is
# 1 % of phonemes in real speech, 11 % in speech at twice its speed, 75 % when the text is four times as long.
MAX_SQUEEZED = 0.75
SEARCH = "scores"
PURPOSE = "align"
# What label files write where nobody speaks.
SILENCE_MARKS = {"sil", "sp", "spn", "eps"}
NO_WORD = re.compile(r"<.*>|\[.*\]|\{.*\}|\+\+.*")
LEAST_PHONEME_S = 0.01
USUAL_PHONEME_S = 0.08

Span = tuple[float, float]


@dataclass
class Alignment:
    """Words with times, and how they were found.

    Attributes:
        words: {"word", "start_s", "end_s", "phonemes": [{"phoneme", "start_s", "end_s"}]}, in order.
        source: "aligner", or "uniform" when the speech was shared out evenly.
    """

    words: list[dict]
    source: str


# --- the acoustic model ---


@dataclass(frozen=True)
class ModelDefinition:
    """Which three states (senones) a phone in its context has. Source: pocketsphinx bin_mdef.c, binary format 1.

    Attributes:
        phones: name -> number of the phone without context.
        keys: (n,) int64 sorted triphone keys.
        sequences: (n,) the state sequence of each key.
        base_sequences: (phones,) the state sequence of each phone without context.
        senones: (sequences, 3) uint16 state numbers.
        n_senones: how many states the model has.
    """

    phones: dict[str, int]
    keys: np.ndarray
    sequences: np.ndarray
    base_sequences: np.ndarray
    senones: np.ndarray
    n_senones: int

    def base_states(self, phone: str) -> np.ndarray:
        """The (3,) senones of a phone without context."""
        return self.senones[self.base_sequences[self.phones[phone]]]

    def states(self, phone: str, left: str, right: str, position: int) -> np.ndarray:
        """The (3,) senones of a phone between two others; position 0 inside, 1 begins, 2 ends, 3 is a word."""
        context = [self.phones[name] for name in (phone, left, right)]
        for place in (position, 0, 1, 2, 3):
            key = _triphone_key(place, *context)
            found = np.searchsorted(self.keys, key)
            if found < len(self.keys) and self.keys[found] == key:
                return self.senones[self.sequences[found]]
        return self.base_states(phone)


def _triphone_key(position, phone, left, right):
    return ((position * 256 + phone) * 256 + left) * 256 + right


@lru_cache(maxsize=1)
def _model_definition(path: str) -> ModelDefinition:
    data = Path(path).read_bytes()
    header = 12 + int.from_bytes(data[8:12], "little")
    counts = [int(count) for count in np.frombuffer(data, "<i4", 10, header)]
    n_phones, n_triphones, n_states, _, n_senones, _, n_sequences, _, n_nodes, _ = counts
    if data[:4] != b"BMDF" or n_states != 3:
        raise ValueError(f"{path} is no three-state binary model definition; use pocketsphinx's embedded model.")
    names_at = header + 40
    names = data[names_at : names_at + 64 * n_phones].split(b"\0")[:n_phones]
    # Names are padded to 4 bytes; a tree of 8 byte nodes, a table of phones and a count stand before the states.
    tree_at = names_at + (sum(len(name) + 1 for name in names) + 3) // 4 * 4
    entry = np.dtype([("sequence", "<i4"), ("matrix", "<i4"), ("position", "u1"), ("context", "u1", 3)])
    entries = np.frombuffer(data, entry, n_triphones, tree_at + 8 * n_nodes)
    senones_at = tree_at + 8 * n_nodes + entry.itemsize * n_triphones + 4
    triphones = entries[n_phones:]
    keys = _triphone_key(triphones["position"].astype(np.int64), *triphones["context"].astype(np.int64).T)
    order = np.argsort(keys)
    return ModelDefinition(
        phones={name.decode(): number for number, name in enumerate(names)},
        keys=keys[order],
        sequences=triphones["sequence"][order],
        base_sequences=entries["sequence"][:n_phones].copy(),
        senones=np.frombuffer(data, "<u2", n_sequences * 3, senones_at).reshape(-1, 3).copy(),
        n_senones=n_senones,
    )


def _make_aligner() -> Any:
    # What is wanted are the scores of all states, which pocketsphinx writes to senlogdir; any grammar will do.
    folder = os.path.join(tempfile.gettempdir(), f"wise-{os.getpid()}-{uuid.uuid4().hex}")
    decoder = import_pocketsphinx().Decoder(lm=None, senlogdir=folder, compallsen=True, loglevel="FATAL")
    decoder.add_jsgf_string(SEARCH, f"#JSGF V1.0; grammar {SEARCH}; public <{SEARCH}> = a;")
    decoder.activate_search(SEARCH)
    return decoder


def dictionary_lookup(word: str) -> str | None:
    """The embedded pronunciation dictionary.

    Args:
        word: a lower-case word, or an alternative such as "the(2)".

    Returns:
        Its ARPAbet phonemes joined by blanks, or None.
    """
    lock, decoder = shared_decoder(PURPOSE, _make_aligner)
    with lock:
        return decoder.lookup_word(word)


def _acoustic_costs(samples: np.ndarray) -> tuple[np.ndarray, ModelDefinition]:
    """How badly every state of the model fits every 10 ms frame.

    Args:
        samples: (n,) float from `check_samples`, not silent.

    Returns:
        (frames, senones) int16 costs, 0 = the frame's best, and the model that names the columns.
    """
    lock, decoder = shared_decoder(PURPOSE, _make_aligner)
    with lock:
        folder = decoder.config["senlogdir"]
        definition = _model_definition(os.path.join(decoder.config["hmm"], "mdef"))
        # The folder lives only as long as the call, so that nothing is left behind by a process that is ended.
        os.mkdir(folder, mode=0o700)
        try:
            # A new stream forgets the noise of the recording before.
            decoder.start_stream()
            decoder.start_utt()
            decoder.process_raw(to_pcm(samples), full_utt=True)
            decoder.end_utt()
            (log,) = os.listdir(folder)
            return _read_costs(os.path.join(folder, log), definition.n_senones), definition
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _read_costs(path: str, n_senones: int) -> np.ndarray:
    data = Path(path).read_bytes()
    # A text header, a byte-order mark of 4 bytes, then (count, count scores) a frame.
    start = data.index(b"endhdr\n") + 11
    values = np.frombuffer(data, "<i2", (len(data) - start) // 2, start)
    frames = values[: len(values) - len(values) % (n_senones + 1)].reshape(-1, n_senones + 1)
    if (frames[:, 0] != n_senones).any():
        raise ValueError(f"pocketsphinx did not score all {n_senones} states of every frame; use another release.")
    return frames[:, 1:]


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


def _build_graph(model: ModelDefinition, words: list[list[list[str]]]) -> tuple[list[_State], list[tuple]]:
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


def _state_costs(costs: np.ndarray, graph: list[_State]) -> np.ndarray:
    """(frames, states) float32: the weighted costs of a state's best senone in context and of that without."""
    columns = np.concatenate([state.in_context for state in graph])
    starts = np.cumsum([0] + [len(state.in_context) for state in graph[:-1]])
    in_context = np.minimum.reduceat(costs[:, columns], starts, axis=1)
    base = costs[:, [state.senone for state in graph]]
    return np.float32(CONTEXT_WEIGHT) * in_context + np.float32(1 - CONTEXT_WEIGHT) * base


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
    # Each frame needs the one before it; within a frame all arcs go at once.
    for frame in range(1, len(emissions)):
        reached = totals[frame - 1][sources] + arc_costs
        np.add(np.minimum.reduceat(reached, starts), emissions[frame], out=totals[frame])
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


def _word(word: str, phonemes: list[str], times: np.ndarray) -> dict:
    """One aligned word from its phonemes and their len + 1 boundaries in seconds."""
    edges = [float(time) for time in times]
    parts = [
        {"phoneme": phoneme, "start_s": start_s, "end_s": end_s}
        for phoneme, (start_s, end_s) in zip(phonemes, pairwise(edges), strict=True)
    ]
    return {"word": word, "start_s": edges[0], "end_s": edges[-1], "phonemes": parts}


def _share_out(words: list[str], phonemes: list[list[str]], start_s: float, end_s: float) -> list[dict]:
    """Words without gaps between two times, every phoneme as long as the others."""
    edges = np.cumsum([0, *map(len, phonemes)])
    times = np.linspace(start_s, end_s, edges[-1] + 1)
    spans = pairwise(edges.tolist())
    return [
        _word(word, sounds, times[first : last + 1])
        for word, sounds, (first, last) in zip(words, phonemes, spans, strict=True)
    ]


def _loud_part(samples: np.ndarray, least_s: float) -> Span:
    """Start and end of the louder part (above 3 % of the loudest sample), in seconds; of all when it is too short."""
    hop = int(SAMPLING_RATE * FRAME_S)
    peaks = np.maximum.reduceat(np.abs(samples), np.arange(0, len(samples), hop))
    loud = np.flatnonzero(peaks > 0.03 * peaks.max())
    duration_s = len(samples) / SAMPLING_RATE
    start_s, end_s = (loud[0] * FRAME_S, min(duration_s, (loud[-1] + 1) * FRAME_S)) if loud.size else (0.0, 0.0)
    return (start_s, end_s) if end_s - start_s >= least_s else (0.0, duration_s)


def _find_words(samples: np.ndarray, words: list[str], variants: list[list[list[str]]]) -> list[dict] | None:
    """Words and phonemes on the best path through the acoustic costs; None where there is none."""
    n_states = 3 * sum(len(phones) for options in variants for phones in options)
    if len(samples) > MAX_ALIGNED_S * SAMPLING_RATE or n_states * len(samples) > MAX_CELLS * FRAME_S * SAMPLING_RATE:
        return None
    costs, model = _acoustic_costs(samples)
    if len(costs) == 0:
        return None
    graph, ends = _build_graph(model, variants)
    path = _best_path(_state_costs(costs, graph), graph, ends)
    if path is None:
        return None
    segments = _segments(path, graph)
    squeezed = np.mean([after - first < len(model.base_states("SIL")) for *_, first, after in segments])
    return _timed(words, variants, segments, len(samples) / SAMPLING_RATE) if squeezed <= MAX_SQUEEZED else None


def _timed(words: list[str], variants: list[list[list[str]]], segments: list[tuple], duration_s: float) -> list[dict]:
    """The words of the path's segments, their frames turned into seconds."""
    phones: list[list[tuple]] = [[] for _ in words]
    for word, variant, first, after in segments:
        phones[word].append((variant, first, after))
    timed = []
    for word, options, parts in zip(words, variants, phones, strict=True):
        frames = np.array([first for _, first, _ in parts] + [parts[-1][2]])
        times = np.where(frames == 0, 0.0, np.minimum(frames * FRAME_S + FRAME_SHIFT_S, duration_s))
        timed.append(_word(word, options[parts[0][0]], times))
    return timed


def check_samples(samples: np.ndarray, sampling_rate: int) -> np.ndarray:
    """Audio as the recogniser takes it, without its mean.

    Args:
        samples: (n,) float, mono, in [-1, 1].
        sampling_rate: in Hz, 16000.

    Returns:
        (n,) float64.

    Raises:
        ValueError: another rate or shape, no samples, integers, or samples that are not finite.
    """
    if sampling_rate != SAMPLING_RATE:
        raise ValueError(f"The audio has {sampling_rate} Hz, the recogniser needs {SAMPLING_RATE} Hz; resample it.")
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise ValueError(f"The audio has the shape {samples.shape}, expected one channel (n,); mix the channels down.")
    if not samples.size:
        raise ValueError("The audio is empty, expected at least one sample; leave the recording out.")
    if samples.dtype.kind != "f":
        raise ValueError(f"The audio is {samples.dtype}, expected float in [-1, 1]; divide it by its full scale.")
    if not np.isfinite(samples).all():
        raise ValueError("The audio has samples that are NaN or infinite, expected finite ones; repair the recording.")
    # Scaled first, so that not even the largest floats overflow.
    samples = samples.astype(np.float64) / max(1.0, float(np.abs(samples).max()))
    return samples - samples.mean()


def is_silent(samples: np.ndarray) -> bool:
    """Whether there is nothing to hear.

    Args:
        samples: (n,) float from `check_samples`.

    Returns:
        True where no sample reaches -80 dB of full scale.
    """
    return bool(np.abs(samples).max() < SILENT_PEAK)


def to_pcm(samples: np.ndarray) -> bytes:
    """The samples as the recogniser's 16 bit little-endian integers, as loud as they go.

    Quiet recordings are brought up; a last bit of fixed noise keeps digital silence from being a spectrum of zeros.

    Args:
        samples: (n,) float from `check_samples`, not silent.

    Returns:
        2 n bytes.
    """
    loud = samples * (29000 / np.abs(samples).max())
    noise = np.random.default_rng(0).integers(-1, 2, len(samples))
    return np.round(loud + noise).astype("<i2").tobytes()


def _check_words(text: str | list[str]) -> list[str]:
    words = [word for part in ([text] if isinstance(text, str) else text) for word in split_words(part)]
    if not words:
        shown = f"{str(text)[:60]!r}"
        raise ValueError(f"The text {shown} has no word in Latin letters or digits; pass the English transcript.")
    return words


def align(samples: np.ndarray, text: str | list[str], sampling_rate: int = SAMPLING_RATE) -> Alignment:
    """Finds when each word and phoneme of a text is spoken.

    One Viterbi search over the acoustic model's costs of all states runs through the whole text with optional pauses
    and alternative pronunciations. Nothing is pruned and short phonemes may leave out states, so it succeeds wherever
    the audio has a frame for every phoneme. Silence, audio far too short for its words or longer than MAX_ALIGNED_S
    is shared out evenly instead.

    Args:
        samples: (n,) float, mono, in [-1, 1].
        text: what is said, or its words.
        sampling_rate: in Hz, 16000.

    Returns:
        The words of `split_words` with times in seconds inside the audio.

    Raises:
        ValueError: no word in the text, or no finite mono audio at 16 kHz.
        ImportError: pocketsphinx is not installed.
    """
    samples = check_samples(samples, sampling_rate)
    words = _check_words(text)
    variants = [pronunciations(word, dictionary_lookup) for word in words]
    found = None
    if not is_silent(samples):
        try:
            found = _find_words(samples, words, variants)
        except (RuntimeError, OSError, ValueError) as error:
            drop_decoder(PURPOSE)
            logger.warning("The aligner failed (%s); the words are shared out evenly.", error)
    if found:
        return Alignment(found, "aligner")
    phonemes = [options[0] for options in variants]
    least_s = LEAST_PHONEME_S * sum(map(len, phonemes))
    return Alignment(_share_out(words, phonemes, *_loud_part(samples, least_s)), "uniform")


# --- times that somebody else found ---


@dataclass
class _Spoken:
    """A word with the times it came with, which may be missing or wrong."""

    word: str
    start_s: float | None
    end_s: float | None
    phonemes: list[str]
    phoneme_starts_s: list[float | None]


def _seconds(value: object) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return seconds if math.isfinite(seconds) else None


def _spoken(entry: dict) -> list[_Spoken]:
    """The entry's spoken words: none for a silence mark, several for "11:30" or "well-known"."""
    if not isinstance(entry, dict) or not isinstance(entry.get("word"), str):
        raise ValueError(f"The entry {str(entry)[:60]!r} has no string 'word'; give word, start_s and end_s.")
    mark = entry["word"].strip()
    parts = [] if mark.lower() in SILENCE_MARKS or NO_WORD.fullmatch(mark) else split_words(mark)
    start_s, end_s = _seconds(entry.get("start_s")), _seconds(entry.get("end_s"))
    if len(parts) == 1:
        names, starts_s = _given_phonemes(entry.get("phonemes"))
        return [_Spoken(parts[0], start_s, end_s, names or pronounce(parts[0], dictionary_lookup), starts_s)]
    sounds = [pronounce(part, dictionary_lookup) for part in parts]
    if not parts or start_s is None or end_s is None:
        return [_Spoken(part, None, None, names, []) for part, names in zip(parts, sounds, strict=True)]
    shared = _share_out(parts, sounds, start_s, end_s)
    return [_Spoken(w["word"], w["start_s"], w["end_s"], s, []) for w, s in zip(shared, sounds, strict=True)]


def _given_phonemes(given: list[dict] | None) -> tuple[list[str], list[float | None]]:
    """Names without stress and start times of the phonemes a word came with; nothing when one has no name."""
    names = [re.sub(r"\d", "", str(phoneme.get("phoneme") or "")).upper() for phoneme in given or []]
    starts_s = [_seconds(phoneme.get("start_s")) for phoneme in given or []]
    return (names, starts_s) if all(names) else ([], [])


def _fill_missing(words: list[_Spoken], duration_s: float) -> list[tuple[float | None, float | None]]:
    """A missing end is the next word's start, a missing start the last word's end; else phonemes of usual length."""
    nexts = [word.start_s for word in words[1:]] + [duration_s]
    lasts = [0.0] + [word.end_s for word in words[:-1]]
    filled = []
    for word, last, following in zip(words, lasts, nexts, strict=True):
        start_s, end_s = word.start_s, word.end_s
        usual_s = USUAL_PHONEME_S * len(word.phonemes)
        if start_s is None and end_s is not None:
            start_s = end_s - usual_s if last is None else last
        elif end_s is None and start_s is not None:
            end_s = start_s + usual_s if following is None else following
        filled.append((start_s, end_s))
    return filled


def _clip(span: tuple[float | None, float | None], duration_s: float) -> Span | None:
    """The part of a span inside the audio; None where there is none."""
    if None in span:
        return None
    start_s, end_s = (min(max(time, 0.0), duration_s) for time in span)
    return (start_s, end_s) if start_s < end_s else None


def _part(before: Span, span: Span) -> tuple[Span, Span | None]:
    """Two spans without their overlap, halved between them; the later one is dropped where it is not later."""
    if span[0] >= before[1]:
        return before, span
    middle = (span[0] + before[1]) / 2
    if before[0] < span[0] < middle < before[1] < span[1]:
        return (before[0], middle), (middle, span[1])
    return before, None


def _settle(spans: list[Span | None]) -> list[Span | None]:
    """The spans in order and without overlap; None for those that cannot be right."""
    settled: list[Span | None] = []
    last = None
    for span in spans:
        if span and last is not None:
            settled[last], span = _part(settled[last], span)
        settled.append(span)
        last = len(settled) - 1 if span else last
    return settled


def _gaps(spans: list[Span | None]) -> list[tuple[int, int]]:
    """(first, one after) of every run of words without times."""
    missing = np.array([0, *(span is None for span in spans), 0], int)
    return list(zip(np.flatnonzero(np.diff(missing) == 1), np.flatnonzero(np.diff(missing) == -1), strict=True))


def _interpolate(spans: list[Span | None], counts: list[int], duration_s: float) -> list[Span]:
    """Gives words without times the room between their neighbours, or shares the neighbours' time with them.

    Args:
        spans: start and end of each word in seconds, None where missing.
        counts: phonemes of each word, to which the times are proportional.
        duration_s: length of the audio in seconds.

    Returns:
        The spans, all present.
    """
    spans = list(spans)
    for first, after in _gaps(spans):
        start_s = spans[first - 1][1] if first else 0.0
        end_s = spans[after][0] if after < len(spans) else duration_s
        if end_s - start_s < LEAST_PHONEME_S * sum(counts[first:after]):
            if first:
                first, start_s = first - 1, spans[first - 1][0]
            if after < len(spans):
                after, end_s = after + 1, spans[after][1]
        edges = np.cumsum([0, *counts[first:after]]) / sum(counts[first:after]) * (end_s - start_s) + start_s
        spans[first:after] = pairwise([*edges[:-1].tolist(), end_s])
    return spans


def _with_phonemes(word: _Spoken, span: Span) -> dict:
    """The word with its phonemes at their given times where these fit the span, else spread evenly."""
    times = np.linspace(*span, len(word.phonemes) + 1)
    inner = word.phoneme_starts_s[1:]
    if len(inner) == len(times) - 2 and None not in inner and (np.diff([span[0], *inner, span[1]]) > 0).all():
        times[1:-1] = inner
    return _word(word.word, word.phonemes, times)


def words_from_times(words: list[dict], duration_s: float) -> list[dict]:
    """Aligned words from the word times of a recogniser, a TextGrid or another aligner.

    Silence marks are left out, words are spelt as by `split_words`, times are clipped to the audio, overlaps halved,
    missing or impossible times interpolated; phonemes without times are spread evenly.

    Args:
        words: {"word", "start_s", "end_s"} in order, times in seconds or None, with or without
            "phonemes": [{"phoneme", "start_s", ...}].
        duration_s: length of the audio in seconds.

    Returns:
        Words with times and phonemes inside the audio, in order, without overlap.

    Raises:
        ValueError: no word is left, an entry is no word, or the duration is not positive.
    """
    if not (_seconds(duration_s) or 0.0) > 0:
        raise ValueError(f"The duration is {duration_s!r} s, expected a positive number; pass the audio's length.")
    spoken = [word for entry in words for word in _spoken(entry)]
    if not spoken:
        raise ValueError(f"None of the {len(words)} entries is a word in Latin letters or digits; pass spoken words.")
    duration_s = float(duration_s)
    given = _fill_missing(spoken, duration_s)
    settled = _settle([_clip(span, duration_s) for span in given])
    spans = _interpolate(settled, [len(word.phonemes) for word in spoken], duration_s)
    repaired = sum((word.start_s, word.end_s) != span for word, span in zip(spoken, spans, strict=True))
    if repaired:
        logger.info("%d of %d word times were missing or impossible and repaired.", repaired, len(spoken))
    return [_with_phonemes(word, span) for word, span in zip(spoken, spans, strict=True)]
