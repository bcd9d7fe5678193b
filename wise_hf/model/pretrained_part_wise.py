"""A part of the model with pretrained weights, frozen unless told otherwise."""

import torch
from torch import nn


class PretrainedPart(nn.Module):
    """Base of what encodes waveforms or words with a pretrained `encoder`."""

    encoder: nn.Module

    def train(self, mode: bool = True) -> "PretrainedPart":
        """As ever, but that an encoder that is not trained drops nothing out."""
        return super().train(mode and not self.is_frozen)

    @property
    def is_frozen(self) -> bool:
        """Nothing of the encoder is trained."""
        return not any(each.requires_grad for each in self.encoder.parameters())

    @property
    def device(self) -> torch.device:
        """Where the encoder is."""
        return next(self.encoder.parameters()).device
