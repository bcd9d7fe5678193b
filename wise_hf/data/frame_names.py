"""What the frames are that WISE and the systems beside it read."""

from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.frames_wise import frame_extractor


MFCC = "MFCC"
_MFCC_NAMES = {"native": MFCC, "opensmile": "MFCC of openSMILE"}


def frames_are_mfcc(feature_extractor: WISEFeatureExtractor) -> bool:
    """Whether the values of a frame are MFCC and nothing else."""
    return frame_extractor(feature_extractor.mfcc_backend).is_mfcc


def frames_name(feature_extractor: WISEFeatureExtractor) -> str:
    """What results and tables call the frames: `MFCC`, or what makes them."""
    name = feature_extractor.mfcc_backend
    return _MFCC_NAMES.get(name, name)
