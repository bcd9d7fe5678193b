"""WISE for Hugging Face: the emotion of a recording from its words and their sound, and how much each word counts."""

from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModel,
    AutoModelForAudioClassification,
    AutoProcessor,
)

from wise_hf.hub.starter_model import starter_model
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.loading import load_pipeline
from wise_hf.model.modeling_wise import WISEForAudioClassification, WISEModel
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.model.streaming_wise import WISEStreamer


__all__ = [
    "WISEAudioClassificationPipeline",
    "WISEConfig",
    "WISEFeatureExtractor",
    "WISEForAudioClassification",
    "WISEModel",
    "WISEProcessor",
    "WISEStreamer",
    "load_pipeline",
    "read_audio",
    "starter_model",
]
__version__ = "0.1.0"

# Once wise_hf is imported, the Auto classes load WISE models with the installed code.
AutoConfig.register("wise", WISEConfig)
AutoModel.register(WISEConfig, WISEModel)
AutoModelForAudioClassification.register(WISEConfig, WISEForAudioClassification)
AutoFeatureExtractor.register(WISEConfig, WISEFeatureExtractor)
AutoProcessor.register(WISEConfig, WISEProcessor)

# Whatever is saved carries its code, so that it loads where wise_hf is not installed.
WISEConfig.register_for_auto_class()
WISEModel.register_for_auto_class("AutoModel")
WISEForAudioClassification.register_for_auto_class("AutoModelForAudioClassification")
WISEFeatureExtractor.register_for_auto_class("AutoFeatureExtractor")
WISEProcessor.register_for_auto_class("AutoProcessor")


def __dir__() -> list[str]:
    """The public names, without the modules that carry them."""
    return [*__all__, "__version__"]
