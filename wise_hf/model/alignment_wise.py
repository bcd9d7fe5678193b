"""Words and phonemes on the time line: forced alignment with pocketsphinx's English acoustic model."""

import logging
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .acoustics_wise import acoustic_model, densities, senone_costs
from .best_path_wise import NARROW, WHOLE, Window, best_path
from .cepstra_wise import cepstra_with_slopes
from .decoder_wise import SAMPLING_RATE, check_samples, is_silent, loud_pcm
from .dictionary_wise import dictionary_lookup
from .fit_wise import LEAST_FIT, SURE_FIT, left_out, misfits, text_fit, word_fit
from .pronunciation_wise import pronunciations
from .senones_wise import STATES_A_PHONE
from .speech_wise import check_heard, hear_speech
from .spoken_text_wise import split_words
from .threads_wise import one_thread
from .word_graph_wise import PAUSE, Variants, WordGraph, build_graph
from .word_times_wise import LEAST_PHONEME_S, Span, share_out, timed_word


logger = logging.getLogger(__name__)

FRAME_S = 0.01
# A change of state at frame i is put half a frame after the start of its 25.6 ms window.
FRAME_SHIFT_S = 0.005
MAX_ALIGNED_S = 120.0  # longer recordings are cut at pauses: a model reads 128 words
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


# --- through the text ---


class _Costs:
    """What the frames of a recording cost in the states of a graph and in the phones of the model.

    Attributes:
        of_phones: (frames, phones) of a phone's best state, without context; of the frames that were asked for.
    """

    def __init__(self, samples: np.ndarray, graph: WordGraph):
        self.graph, self._features = graph, cepstra_with_slopes(loud_pcm(samples))
        self.duration_s = len(samples) / SAMPLING_RATE
        self._phones = acoustic_model().definition.all_base_states()
        self.num_frames = self._features.shape[1]
        self.of_phones = np.empty((self.num_frames, len(self._phones)), np.float32)

    def of_states(self, frames: slice, states: slice) -> np.ndarray:
        """(frames, states) the weighted mean of a state's best senone in context and of that without."""
        contexts, starts = self.graph.contexts(states)
        base = self.graph.senones[states]
        senones, places = np.unique(np.concatenate([contexts, base, self._phones.ravel()]), return_inverse=True)
        costs = senone_costs(densities(self._features[:, frames]), senones)[:, places]
        in_context, base, phones = np.split(costs, [len(contexts), len(contexts) + len(base)], axis=1)
        self.of_phones[frames] = phones.reshape(len(costs), *self._phones.shape).min(axis=2)
        in_context = np.minimum.reduceat(in_context, starts, axis=1)
        return np.float32(CONTEXT_WEIGHT) * in_context + np.float32(1 - CONTEXT_WEIGHT) * base


def _segments(places: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Places of every frame -> (word, variant, first frame, frame after) of every phone, in order."""
    changes = np.flatnonzero((np.diff(places, axis=0) != 0).any(axis=1)) + 1
    edges = [0, *changes.tolist(), len(places)]
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
    """Words and phonemes on the best path through the acoustic costs; None where there is none.

    A narrow window finds the words that are said. Where they fit badly, all of the text is searched.
    """
    model = acoustic_model().definition
    costs = _Costs(samples, build_graph(model, variants))
    found = _on_best_path(costs, NARROW, speech, words, variants)
    if found is None or found.fit < LEAST_FIT:
        found = _on_best_path(costs, WHOLE, speech, words, variants) or found
    return found


def _on_best_path(
    costs: _Costs, window: Window, speech: np.ndarray, words: list[str], variants: list[Variants]
) -> Alignment | None:
    found = best_path(costs.graph, costs.num_frames, costs.of_states, window)
    if found is None:
        return None
    path, path_costs = found
    segments = _segments(costs.graph.places[path])
    spans = [(first, after) for *_, first, after in segments]
    if np.mean([after - first < STATES_A_PHONE for first, after in spans]) > MAX_SQUEEZED:
        return None
    its_misfits = misfits(costs.of_phones, path_costs, spans)
    timed = _timed(words, variants, segments, its_misfits, costs.duration_s)
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
        raise ValueError("The text has no word in Latin letters or digits; pass English text, or none.")
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
    """Refuses a text that nobody could say in the time."""
    duration_s = len(samples) / SAMPLING_RATE
    n_phonemes = sum(min(map(len, options)) for options in variants)
    if n_phonemes > duration_s / FRAME_S:
        raise ValueError(
            f"The text has {len(variants)} words of {n_phonemes} phonemes, too many for a recording of "
            f"{duration_s:.2f} s; give the text of this recording alone."
        )


@one_thread()
def align(samples: np.ndarray, text: str | list[str], sampling_rate: int = SAMPLING_RATE) -> Alignment:
    """Finds when each word and phoneme of a text is spoken.

    One Viterbi search over the acoustic model's costs runs through the whole text with optional pauses and alternative
    pronunciations; short phonemes may leave out states. Where the text is far too long for what is said, the words are
    shared out evenly instead. Words that do not fit very well must lie in speech.

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
