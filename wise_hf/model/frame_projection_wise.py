"""From a frame as it is given to the frame f_ij that the hierarchy reads: layers weighed, values projected."""

import torch
from torch import nn

from .configuration_wise import WISEConfig


class FrameProjection(nn.Module):
    """A weighted mean of an encoder's layers, then a linear layer, each where the configuration asks for it.

    Source: weights of layers as in ELMo (Peters et al., 2018, equation 1), where all layers are normalised alike.
    """

    def __init__(self, config: WISEConfig):
        super().__init__()
        self.config = config
        self.output_size = config.feature_size
        if config.mixed_layers > 1:
            self.layer_scores = nn.Parameter(torch.zeros(config.mixed_layers))
            self.output_size = config.layer_size + config.values_beside_layers
        self.dropout = nn.Dropout(config.frame_dropout)
        if config.frame_projection_size:
            self.linear = nn.Linear(self.output_size, config.frame_projection_size)
            self.output_size = config.frame_projection_size

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(F, feature_size) -> (F, output_size)"""
        if self.config.mixed_layers > 1:
            frames = self._mix(frames)
        frames = self.dropout(frames)
        return self.linear(frames).relu() if self.config.frame_projection_size else frames

    def _mix(self, frames: torch.Tensor) -> torch.Tensor:
        beside = self.config.values_beside_layers
        layers, others = frames.split([frames.shape[1] - beside, beside], dim=1)
        weights = self.layer_scores.softmax(0)
        mixed = torch.einsum("flv,l->fv", layers.unflatten(1, (self.config.mixed_layers, -1)), weights)
        return torch.cat([mixed, others], dim=1)
