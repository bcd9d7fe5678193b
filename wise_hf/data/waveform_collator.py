"""Waveforms of prepared utterances -> a padded batch, for a model that trains its encoder."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from datasets import Dataset

from wise_hf.data.collator import WISECollator
from wise_hf.data.mapped import arrays_of
from wise_hf.data.schema import PreparedUtterance


# Those that need no frames.
WAVEFORM_AUGMENTATIONS = ("unknown_speakers",)


def with_waveforms(utterances: Sequence[PreparedUtterance], waveforms: Sequence[Dataset]) -> list[PreparedUtterance]:
    """Utterances with what their frames are made of.

    Args:
        utterances: of `load_utterances`, with as many copies as there are data sets but one.
        waveforms: of `wise_hf.data.prepare.prepare_waveforms`.

    Returns:
        The same, and their copies, with `waveform` (n, 1) float16 and `frame_index` (T,).
    """
    made = zip(*(arrays_of(each, ["waveform", "frame_index"]) for each in waveforms), strict=True)
    return [
        each | own | {"copies": [copy | its for copy, its in zip(each["copies"], others, strict=True)]}
        for each, (own, *others) in zip(utterances, made, strict=True)
    ]


@dataclass
class WaveformCollator(WISECollator):
    """Batches of utterances whose frames the model makes, normalised as `WISECollator` normalises those of the frozen
    encoder: by the mean and deviation that its frames had before training."""

    def __post_init__(self):
        unfit = [name for name in self.augment if name not in WAVEFORM_AUGMENTATIONS]
        if unfit:
            raise ValueError(
                f"The augmentations {', '.join(unfit)} change frames, which a model that trains its encoder makes "
                f"itself; give --augment {','.join(WAVEFORM_AUGMENTATIONS)}."
            )

    def _encode(self, utterances: Sequence[PreparedUtterance]) -> list[dict]:
        return [self._encode_one(each) for each in utterances]

    def _encode_one(self, utterance: PreparedUtterance) -> dict:
        recording, copy = self._draw_recording(utterance)
        extractor = self.processor.feature_extractor
        mean, std = extractor.normalized_by(self.statistics.get((self._draw_speaker(utterance), 1.0, copy)))
        encoded = {
            "input_values": np.asarray(recording["waveform"][:, 0], dtype=np.float32),
            "frame_index": recording["frame_index"],
            "feature_mean": mean,
            "feature_std": std,
            "phoneme_lengths": recording["phoneme_lengths"],
            "word_lengths": recording["word_lengths"],
            "label": self._label(utterance),
        }
        encoded |= self._words(utterance, len(recording["word_lengths"]))
        if extractor.size_beside:
            encoded["input_features"] = recording["input_features"][:, -extractor.size_beside :]
        return encoded
