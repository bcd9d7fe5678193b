"""The map function for WISE's features: an utterance with words -> the frames of its phonemes."""

from wise_hf.data.schema import Utterance
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.pretrained_encoder import FrameEncoderSource


def extract_utterance(
    utterance: Utterance, feature_extractor: WISEFeatureExtractor, encoder: FrameEncoderSource | None = None
) -> dict:
    """The raw (not yet normalised) features of an aligned utterance.

    Args:
        utterance: one with words.
        feature_extractor: makes the frames and says which frames a phoneme has.
        encoder: of which the frames are, where the feature extractor's are an encoder's.

    Returns:
        `input_features` (T, D) float32, `phoneme_lengths` (P,), `word_lengths` (N,), and what the limits cut.

    Raises:
        ValueError: where its audio or its words cannot be used.
    """
    samples = read_audio(utterance["audio"], feature_extractor.sampling_rate, utterance["start_s"], utterance["end_s"])
    encode = None if encoder is None else encoder.read().encode
    frames = feature_extractor.extract(samples, feature_extractor.sampling_rate, encode)
    selection = feature_extractor.select_frames(len(frames), utterance["words"])
    names = ("phoneme_lengths", "word_lengths", "cut_frames", "cut_phonemes", "cut_words")
    lengths = {name: getattr(selection, name) for name in names}
    return {"input_features": frames[selection.frame_index]} | lengths
