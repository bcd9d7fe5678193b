"""Many recordings through a speech encoder, in batches."""

from collections.abc import Iterator, Sequence

import numpy as np

from wise_hf.model.frame_encoder_wise import FrameEncoder


BATCH_S = 120.0  # padding included; what a wav2vec2 first makes of them is 0.8 GB


def encode_by_length(
    encoder: FrameEncoder, waveforms: Sequence[np.ndarray], batch_s: float = BATCH_S
) -> list[np.ndarray]:
    """Frames of recordings, those of similar length in one batch.

    Args:
        encoder: makes the frames.
        waveforms: (n,) float32 each, see `FrameEncoder.encode`.
        batch_s: seconds in a batch, padding included; a longer recording is one of its own.

    Returns:
        For each recording (T, size) float32, in the order of the recordings.
    """
    frames: dict[int, np.ndarray] = {}
    for numbers in _batches([len(each) for each in waveforms], round(batch_s * encoder.input_extractor.sampling_rate)):
        encoded = encoder.encode_batch([waveforms[number] for number in numbers])
        frames |= zip(numbers, encoded, strict=True)
    return [frames[number] for number in range(len(waveforms))]


def _batches(lengths: Sequence[int], limit: int) -> Iterator[list[int]]:
    """The numbers of recordings from the longest to the shortest; none of a batch is longer than its first."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > limit:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch
