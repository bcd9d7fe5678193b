"""Word-level interaction-based speech emotion recognition (WISE) for Hugging Face."""

from .configuration_wise import WISEConfig
from .modeling_wise import WISEForAudioClassification, WISEModel


__all__ = ["WISEConfig", "WISEForAudioClassification", "WISEModel"]
