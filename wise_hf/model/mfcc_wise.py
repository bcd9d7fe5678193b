"""Mel-frequency cepstral coefficients of speech: 39 values a frame, as HTK and openSMILE compute them.

`mfcc_native` needs NumPy only. `mfcc_opensmile` in opensmile_wise.py gives the same frames and the same values within
0.005.
"""

import math
from functools import lru_cache

import numpy as np

from .mel_wise import hz_to_mel, mel_to_hz
from .samples_wise import check_mono


SAMPLING_RATE = 16000
FRAME_MS = 25.0
HOP_MS = 15.0
NUM_CEPSTRA = 13
NUM_MEL_BANDS = 26
HIGH_FREQUENCY_HZ = 8000.0
PRE_EMPHASIS = 0.97
CEPSTRAL_LIFTER = 22.0
WARP_BOUNDARY = 0.6
MEL_FLOOR = 1.0
MAX_PEAK = 16.0
CHUNK_FRAMES = 64


def num_frames(
    num_samples: int, sampling_rate: int = SAMPLING_RATE, frame_ms: float = FRAME_MS, hop_ms: float = HOP_MS
) -> int:
    """How many MFCC frames audio of a given length has: one whole frame at least, then one for each whole hop.

    Args:
        num_samples: length of the audio in samples, above 0.
        sampling_rate: samples a second.
        frame_ms: length of a frame in milliseconds.
        hop_ms: step between the starts of two frames in milliseconds.

    Returns:
        int: 1 + (num_samples - frame) // hop; 1 where the audio is shorter than a frame.
    """
    frame, hop = frame_sizes(sampling_rate, frame_ms, hop_ms)
    return 1 + max(0, num_samples - frame) // hop


def frame_sizes(sampling_rate: int, frame_ms: float, hop_ms: float) -> tuple[int, int]:
    """Length and step of the frames in samples.

    Args:
        sampling_rate: samples a second, above 0.
        frame_ms: length of a frame in milliseconds, above 0.
        hop_ms: step between the starts of two frames in milliseconds, above 0.

    Returns:
        tuple[int, int]: samples in a frame, samples between the starts of two frames; (400, 240) by default.

    Raises:
        ValueError: a size is not positive.
    """
    # Halves go up, as in openSMILE.
    frame, hop = (int(sampling_rate * size_ms / 1000 + 0.5) for size_ms in (frame_ms, hop_ms))
    if frame < 2 or hop < 1:
        raise ValueError(
            f"Frames of {frame_ms} ms every {hop_ms} ms at {sampling_rate} Hz hold no samples; use positive values "
            f"such as {FRAME_MS} and {HOP_MS} at {SAMPLING_RATE} Hz."
        )
    return frame, hop


def mfcc_native(
    samples: np.ndarray,
    sampling_rate: int = SAMPLING_RATE,
    *,
    mel_warp: float = 1.0,
    frame_ms: float = FRAME_MS,
    hop_ms: float = HOP_MS,
) -> np.ndarray:
    """13 cepstra with their deltas and accelerations for each frame of an utterance, with NumPy alone.

    Args:
        samples: mono audio of shape (n,), floating point in [-1, 1].
        sampling_rate: samples a second.
        mel_warp: vocal tract length factor of the mel filters, 0.5 to 2.0; 1.0 leaves them as they are, larger values
            move the filters up. For augmentation.
        frame_ms: length of a frame in milliseconds.
        hop_ms: step between the starts of two frames in milliseconds.

    Returns:
        np.ndarray: float32 of shape (T, 39): c0..c12, their 13 deltas, their 13 accelerations.

    Raises:
        ValueError: the audio is not one channel of finite floating point samples, or a parameter is out of range.

    Source: HTK Book 3.4, 5.2-5.6 and 5.9 (per-frame pre-emphasis, Hamming window, mel filter bank, liftered DCT,
    delta regression), with openSMILE's power spectrum, 16-bit scale and floor of 1 under the logarithm.
    """
    frame, hop = frame_sizes(sampling_rate, frame_ms, hop_ms)
    return with_deltas(_cepstra(whole_frame(samples, frame), frame, hop, sampling_rate, float(mel_warp)))


def validate_samples(samples: np.ndarray) -> np.ndarray:
    """The audio as contiguous float32, or one clear sentence on what is wrong with it.

    Args:
        samples: mono audio of shape (n,), floating point in [-1, 1].

    Returns:
        np.ndarray: float32 of shape (n,).

    Raises:
        ValueError: not what `check_mono` lets pass, or on another scale.
    """
    audio, peak = check_mono(samples)
    if peak > MAX_PEAK:
        raise ValueError(f"Audio peaks at {peak:g}, expected values in [-1, 1]; divide 16-bit samples by 32768.")
    return np.ascontiguousarray(audio, dtype=np.float32)


def to_int16_scale(audio: np.ndarray) -> np.ndarray:
    """Audio in [-1, 1] as the nearest 16-bit values, which is what HTK, openSMILE and the speech corpora work on.

    Args:
        audio: float32 of shape (n,) in [-1, 1]; louder samples are clipped.

    Returns:
        np.ndarray: float32 of shape (n,), whole numbers in [-32768, 32767].
    """
    scaled = audio * np.float32(32768.0)
    return np.clip(np.rint(scaled, out=scaled), -32768.0, 32767.0, out=scaled)


def pad_to_frame(audio: np.ndarray, frame: int) -> np.ndarray:
    """Audio shorter than a frame, with zeros up to one frame.

    Args:
        audio: (n,) samples.
        frame: samples in a frame.

    Returns:
        np.ndarray: (max(n, frame),) samples.
    """
    return audio if audio.size >= frame else np.pad(audio, (0, frame - audio.size))


def whole_frame(samples: np.ndarray, frame: int) -> np.ndarray:
    """Audio as the front end takes it: checked, on the scale of 16 bits, at least a frame long.

    Args:
        samples: see `validate_samples`.
        frame: samples in a frame.

    Returns:
        np.ndarray: float32 of shape (max(n, frame),), whole numbers in [-32768, 32767].
    """
    return pad_to_frame(to_int16_scale(validate_samples(samples)), frame)


def _cepstra(audio: np.ndarray, frame: int, hop: int, sampling_rate: int, mel_warp: float) -> np.ndarray:
    """(n,) float32 audio to (T, 13) float32 liftered cepstra, in chunks that stay in the processor's cache."""
    emphasised = np.empty_like(audio)
    emphasised[0] = 0.0
    np.subtract(audio[1:], np.float32(PRE_EMPHASIS) * audio[:-1], out=emphasised[1:])
    frames = np.lib.stride_tricks.sliding_window_view(emphasised, frame)[::hop]
    starts = np.float32(1.0 - PRE_EMPHASIS) * audio[: (len(frames) - 1) * hop + 1 : hop]
    logs = [
        _log_mel(frames[i : i + CHUNK_FRAMES], starts[i : i + CHUNK_FRAMES], sampling_rate, mel_warp)
        for i in range(0, len(frames), CHUNK_FRAMES)
    ]
    return np.concatenate(logs) @ dct_matrix()


def _log_mel(frames: np.ndarray, starts: np.ndarray, sampling_rate: int, mel_warp: float) -> np.ndarray:
    """(T, frame) pre-emphasised frames, (T,) their first samples to (T, 26) log mel energies."""
    frame = frames.shape[1]
    fft_size = fft_length(frame)
    windowed = frames * hamming_window(frame)
    windowed[:, 0] = starts * hamming_window(frame)[0]
    spectrum = np.fft.rfft(windowed, fft_size)
    power = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    energies = power.astype(np.float32, copy=False) @ mel_matrix(sampling_rate, fft_size, mel_warp)
    return np.log(np.maximum(energies, np.float32(MEL_FLOOR), out=energies), out=energies)


def fft_length(frame: int) -> int:
    """The power of two that holds a frame.

    Args:
        frame: samples in a frame.

    Returns:
        int: 512 for frames of 400 samples.
    """
    return 1 << (frame - 1).bit_length()


@lru_cache(maxsize=8)
def hamming_window(frame: int) -> np.ndarray:
    """The Hamming window of one frame.

    Args:
        frame: samples in a frame.

    Returns:
        np.ndarray: float32 of shape (frame,), read-only.

    Source: HTK Book 3.4, equation 5.2.
    """
    return _constant(np.hamming(frame))


@lru_cache(maxsize=64)
def mel_matrix(sampling_rate: int, fft_size: int, mel_warp: float = 1.0) -> np.ndarray:
    """The triangular mel filters as one matrix from a power spectrum to band energies.

    Args:
        sampling_rate: samples a second.
        fft_size: length of the Fourier transform.
        mel_warp: vocal tract length factor on the filters' centre frequencies, 0.5 to 2.0; 1.0 = none.

    Returns:
        np.ndarray: float32 of shape (fft_size // 2 + 1, 26), read-only.

    Raises:
        ValueError: mel_warp is out of range.

    Source: HTK Book 3.4, section 5.4 and equation 5.13.
    """
    high_hz = min(HIGH_FREQUENCY_HZ, sampling_rate / 2)
    centres_hz = mel_to_hz(np.linspace(0.0, hz_to_mel(high_hz), NUM_MEL_BANDS + 2))
    centres = hz_to_mel(warp_frequencies(centres_hz, mel_warp, high_hz))
    bins = hz_to_mel(np.arange(fft_size // 2 + 1) * (sampling_rate / fft_size))[:, None]
    rising = (bins - centres[:-2]) / (centres[1:-1] - centres[:-2])
    falling = (centres[2:] - bins) / (centres[2:] - centres[1:-1])
    return _constant(np.maximum(0.0, np.minimum(rising, falling)))


def warp_frequencies(frequency_hz: np.ndarray, mel_warp: float, high_hz: float) -> np.ndarray:
    """Vocal tract length perturbation: frequencies times a factor, bent above a boundary so that `high_hz` stays.

    Args:
        frequency_hz: float64 frequencies in Hz, any shape, 0 to high_hz.
        mel_warp: the factor, 0.5 to 2.0.
        high_hz: the frequency in Hz that maps to itself.

    Returns:
        np.ndarray: float64 frequencies in Hz, same shape, in the same order.

    Raises:
        ValueError: mel_warp is out of range.

    Source: Jaitly and Hinton, Vocal Tract Length Perturbation (VTLP) improves speech recognition, 2013, equation 1;
    their boundary of 4800 Hz at 16 kHz is 0.6 of the band.
    """
    if not 0.5 <= mel_warp <= 2.0:
        raise ValueError(f"mel_warp is {mel_warp}, expected 0.5 to 2.0; 1.0 is no warp and 0.9 to 1.1 is usual.")
    warped_boundary = WARP_BOUNDARY * high_hz * min(mel_warp, 1.0)
    boundary = warped_boundary / mel_warp
    return np.interp(frequency_hz, [0.0, boundary, high_hz], [0.0, warped_boundary, high_hz])


@lru_cache(maxsize=1)
def dct_matrix() -> np.ndarray:
    """Log mel energies to c0..c12: the cosine transform with the cepstral lifter in it.

    Returns:
        np.ndarray: float32 of shape (26, 13), read-only.

    Source: HTK Book 3.4, equations 5.14 and 5.12.
    """
    order = np.arange(NUM_CEPSTRA)
    cosines = np.cos(np.pi / NUM_MEL_BANDS * np.outer(np.arange(NUM_MEL_BANDS) + 0.5, order))
    lifter = 1.0 + CEPSTRAL_LIFTER / 2.0 * np.sin(np.pi * order / CEPSTRAL_LIFTER)
    return _constant(cosines * lifter * math.sqrt(2.0 / NUM_MEL_BANDS))


def _constant(values: np.ndarray) -> np.ndarray:
    """Float32 and read-only: what a cache hands out must not change."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    values.flags.writeable = False
    return values


def with_deltas(cepstra: np.ndarray) -> np.ndarray:
    """Cepstra with their deltas and accelerations, with openSMILE's treatment of the first and last frames.

    The first and last cepstra repeat past the edges. The deltas go on over those repeated last frames, and the
    accelerations look at them there; before the first frame the first delta repeats.

    Args:
        cepstra: float32 of shape (T, C), T above 0.

    Returns:
        np.ndarray: float32 of shape (T, 3 C): cepstra, deltas, accelerations.

    Source: HTK Book 3.4, equation 5.16 with a window of 2; the edges are those of openSMILE 3 (cDeltaRegression).
    """
    last = len(cepstra) - 1
    deltas = _slope(cepstra[np.clip(np.arange(-2, last + 5), 0, last)])
    accelerations = _slope(deltas[np.maximum(np.arange(-2, last + 3), 0)])
    return np.concatenate([cepstra, deltas[:-2], accelerations], axis=1)


def _slope(features: np.ndarray) -> np.ndarray:
    """(T + 4, C) to the (T, C) regression slopes over two frames to either side."""
    near, far = features[3:-1] - features[1:-3], features[4:] - features[:-4]
    return (near + np.float32(2.0) * far) * np.float32(0.1)
