"""A model on the frames of a small speech encoder, as a training of a fold leaves it, but with fresh weights."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from datasets import Dataset

from wise_hf.data.collator import WISECollator, load_utterances, speaker_statistics
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.wise_frames import Frames
from wise_hf.model.pretrained_encoder import FrameEncoderSource
from wise_hf.training.recipe import ENCODER
from wise_hf.training.wise_system import add_encoders, build_wise


EMOTIONS = ["angry", "happy", "neutral", "sad"]


@dataclass
class Trained:
    """What a training leaves, and what it was of."""

    folder: Path
    frames: Frames
    prepared: Dataset
    collator: WISECollator

    def batch(self, numbers: list[int]) -> dict[str, torch.Tensor]:
        """Utterances as training sees them: of frames that were made beforehand."""
        rows = load_utterances(self.prepared)
        return self.collator([rows[number] for number in numbers])


def train(corpus: Path, encoder: Path, folder: Path, normalization: str = "global", **choices: object) -> Trained:
    """Prepare a corpus, and save a model of its frames.

    Args:
        corpus: a folder corpus.
        encoder: a folder of `encoders.save_encoder`.
        folder: for the model.
        normalization: of the features.
        choices: `layers`, `mix` and `padding` of `FrameEncoderSource`, and fields of `Frames`.
    """
    of_source = {name: choices.pop(name) for name in ("layers", "mix", "padding") if name in choices}
    frames = Frames(encoder=FrameEncoderSource(str(encoder), **{"layers": (1, 3)} | of_source), **choices)
    prepared = frames.prepare(load_folder(corpus))
    rows = load_utterances(prepared)
    recipe = replace(ENCODER, normalization=normalization, dropout=0.0)
    torch.manual_seed(0)
    model, collator = build_wise(rows, EMOTIONS, None, recipe, frames, {"frame_projection_size": 8})
    model.save_pretrained(folder)
    collator.processor.save_pretrained(folder)
    add_encoders(folder, frames.encoder, None)
    hop_ms = collator.processor.feature_extractor.hop_ms
    statistics = speaker_statistics(rows, hop_ms) if normalization == "speaker" else {}
    return Trained(folder, frames, prepared, WISECollator(collator.processor, collator.label2id, statistics))
