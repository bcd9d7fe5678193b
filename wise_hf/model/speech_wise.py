"""Whether anybody speaks in a recording: Silero's detector, a small network whose weights the package silero-vad has.

The network is written in NumPy: what PyTorch's threads have touched hangs in the processes that `datasets` forks.
"""

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from .decoder_wise import SAMPLING_RATE, check_samples, is_silent
from .threads_wise import one_thread


WEIGHTS = Path("data", "silero_vad_16k.safetensors")
WINDOW = 512  # samples that are judged at once, 32 ms ...
CONTEXT = 64  # ... after the last 4 ms before them
WINDOW_S = WINDOW / SAMPLING_RATE
HIDDEN = 128  # values of the network's state
PART = 938 * WINDOW  # samples that are heard at once, 30 s
# Every recording is brought to this root mean square of its loud parts (10 ms, louder than 90 % of all): unlike its
# peak, that is not the loudness of a click.
LEVEL = 0.2
# Speech has this probability for so many windows in a row; how often that errs stands in docs/performance.md.
ANY_SPEECH_PROBABILITY = 0.05
SPEECH_WINDOWS = 3


class NoSpeechError(ValueError):
    """Nobody speaks in the recording, as far as can be heard."""


def check_speech(samples: np.ndarray, sampling_rate: int = SAMPLING_RATE) -> None:
    """The one check whether there is a voice in a recording, without which its emotion would be made up.

    Args:
        samples: (n,) float, mono, in [-1, 1].
        sampling_rate: in Hz, 16000.

    Raises:
        NoSpeechError: nobody speaks in it.
        ValueError: no finite mono audio at 16 kHz.
        ImportError: silero-vad is not installed.
    """
    samples = check_samples(samples, sampling_rate)
    check_heard(samples, hear_speech(samples))


def check_heard(samples: np.ndarray, probabilities: np.ndarray) -> None:
    """`check_speech` for samples whose speech has been heard already.

    Args:
        samples: (n,) float from `check_samples`.
        probabilities: (windows,) of `hear_speech`.

    Raises:
        NoSpeechError: nobody speaks in them.
    """
    told = "No word was heard in the recording"
    if is_silent(samples):
        raise NoSpeechError(f"{told}: it is silent; check the microphone, and record it again.")
    if len(samples) < SPEECH_WINDOWS * WINDOW:
        raise NoSpeechError(f"{told}: {len(samples) / SAMPLING_RATE:.3f} s are too short for one; give all of it.")
    likely = probabilities >= ANY_SPEECH_PROBABILITY
    if not (np.convolve(likely, np.ones(SPEECH_WINDOWS), "valid") == SPEECH_WINDOWS).any():
        raise NoSpeechError(f"{told}: it sounds like noise or music; give one in which somebody speaks.")


@one_thread()
def hear_speech(samples: np.ndarray, least_level: float = 0.0) -> np.ndarray:
    """`speech_probabilities` of a recording of any loudness and length.

    Args:
        samples: (n,) float from `check_samples`.
        least_level: root mean square that the loud parts have at least; what is known of a longer recording, of which
            the samples may be a part where almost nobody speaks.

    Returns:
        (windows,) float32 in [0, 1], one each WINDOW_S.
    """
    levelled = _levelled(samples, max(least_level, 1e-9))
    return np.concatenate(
        [speech_probabilities(levelled[start : start + PART]) for start in range(0, len(levelled), PART)]
    )


def _levelled(samples: np.ndarray, least_level: float) -> np.ndarray:
    """The samples as loud as those of any other recording, clipped at 1."""
    hop = SAMPLING_RATE // 100
    powers = np.add.reduceat(samples**2, np.arange(0, len(samples), hop)) / hop
    return np.clip(samples * (LEVEL / max(np.sqrt(np.quantile(powers, 0.9)), least_level)), -1.0, 1.0)


# --- the network ---


def speech_probabilities(samples: np.ndarray) -> np.ndarray:
    """How surely each 32 ms of a recording are speech.

    The network hears the recording twice and is asked the second time: what it has never heard it takes for speech
    too easily, music above all.

    Args:
        samples: (n,) float, as loud as speech usually is.

    Returns:
        (windows,) float32 in [0, 1], of n / 512 windows, rounded up.
    """
    padded = np.pad(samples.astype(np.float32), (CONTEXT, -len(samples) % WINDOW))
    inputs = _inputs(padded)
    _, state = _recurrent(inputs, np.zeros((2, HIDDEN), np.float32))
    recalled, _ = _recurrent(inputs, state)
    return _probabilities(recalled)


class SpeechListener:
    """The network on a stream: it remembers what it has heard, so that parts give what all of them at once give."""

    def __init__(self):
        self._before = np.zeros(CONTEXT, np.float32)
        self._state = np.zeros((2, HIDDEN), np.float32)  # hidden state, cell

    def hear(self, samples: np.ndarray) -> np.ndarray:
        """How surely each of the next windows is speech.

        Args:
            samples: (n,) float32, as loud as speech usually is, of whole windows, at least one.

        Returns:
            (n / 512,) float32 in [0, 1].
        """
        heard = np.concatenate([self._before, samples])
        self._before = heard[len(heard) - CONTEXT :].copy()
        recalled, self._state = _recurrent(_inputs(heard), self._state)
        return _probabilities(recalled)


@lru_cache(maxsize=1)
def _weights() -> dict[str, np.ndarray]:
    # The package itself is not imported: that would set PyTorch's number of threads to one.
    package = importlib.util.find_spec("silero_vad")
    path = Path(package.submodule_search_locations[0]) / WEIGHTS if package else None
    if path is None or not path.is_file():
        raise ImportError("Telling speech from other sounds needs silero-vad: pip install 'silero-vad>=6.2.3,<7'")
    return load_file(path)


def _inputs(samples: np.ndarray) -> np.ndarray:
    """(64 + 512 n,) samples -> (n, 512) what the LSTM's gates are given of each window and the 64 before it."""
    weights = _weights()
    windows = np.lib.stride_tricks.sliding_window_view(samples, CONTEXT + WINDOW)[::WINDOW]
    hidden = _spectra(windows, weights["stft_conv.weight"])
    for layer, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
        hidden = _convolved(hidden, weights[f"{layer}.weight"], weights[f"{layer}.bias"], stride)
    biases = weights["lstm_cell.bias_ih"] + weights["lstm_cell.bias_hh"]
    return hidden[:, 0] @ weights["lstm_cell.weight_ih"].T + biases


def _spectra(windows: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """(n, samples) -> (n, 4, 129) the magnitudes of 256 samples, every 128."""
    padded = np.pad(windows, ((0, 0), (0, CONTEXT)), mode="reflect")
    parts = np.lib.stride_tricks.sliding_window_view(padded, basis.shape[2], axis=1)[:, ::128] @ basis[:, 0].T
    cosine, sine = np.split(parts, 2, axis=2)
    return np.hypot(cosine, sine)


def _convolved(values: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    """(n, times, channels) -> (n, times / stride, new channels), each of three neighbouring times, none below 0."""
    padded = np.pad(values, ((0, 0), (1, 1), (0, 0)))
    neighbours = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=1)[:, ::stride]
    return np.maximum(np.tensordot(neighbours, weight, axes=([2, 3], [1, 2])) + bias, 0)


def _recurrent(inputs: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 512) and a hidden state and cell (2, 128) -> (n, 128) an LSTM's hidden states, and its last two."""
    recurrent_weight = _weights()["lstm_cell.weight_hh"]
    hidden, cell = state
    states = np.empty((len(inputs), HIDDEN), np.float32)
    # Each window needs the one before it.
    for window, given in enumerate(inputs):
        gates = given + recurrent_weight @ hidden
        let_in, keep, _, let_out = _sigmoid(gates).reshape(4, -1)
        cell = keep * cell + let_in * np.tanh(gates[2 * HIDDEN : 3 * HIDDEN])
        hidden = states[window] = let_out * np.tanh(cell)
    return states, np.stack([hidden, cell])


def _probabilities(states: np.ndarray) -> np.ndarray:
    """(n, 128) hidden states -> (n,) of speech"""
    weights = _weights()
    return _sigmoid(np.maximum(states, 0) @ weights["final_conv.weight"][0, :, 0] + weights["final_conv.bias"])


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * values)
