"""What the frames are that WISE, and every system beside it that reads the same, is given, and the words' vectors."""

from collections.abc import Callable
from dataclasses import dataclass

from datasets import Dataset

from wise_hf.data.prepare import prepare, prepare_copies, prepare_waveforms, wise_features
from wise_hf.data.utterance_words import align_utterance
from wise_hf.model.configuration_wise import layers_in_words
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.frames_wise import frame_extractor
from wise_hf.model.pretrained_encoder import FrameEncoderSource
from wise_hf.model.pretrained_word_encoder import WordEncoderSource


MFCC = "MFCC"


@dataclass(frozen=True)
class Frames:
    """The kind of frames.

    Args:
        mfcc_backend: what computes MFCC, see `WISEFeatureExtractor`.
        encoder: of which the frames are instead.
        with_mfcc: MFCC stand beside the encoder's values.
        level: of the recordings, see `WISEFeatureExtractor`.
        word_encoder: of which the words' vectors are, which are made beside the frames; `None` = the model looks words
            up.
    """

    mfcc_backend: str = "native"
    encoder: FrameEncoderSource | None = None
    with_mfcc: bool = False
    level: str = "as_recorded"
    word_encoder: WordEncoderSource | None = None

    def feature_extractor(self, normalization: str = "none") -> WISEFeatureExtractor:
        """The feature extractor of these frames, with nothing yet to normalise by.

        Raises:
            ValueError: where there is no such encoder.
        """
        settings = {"mfcc_backend": self.mfcc_backend, "level": self.level, "normalization": normalization}
        if self.encoder is None:
            return WISEFeatureExtractor(**settings)
        encoder = self.encoder.read()
        return WISEFeatureExtractor(
            **settings,
            **encoder.times.of_extractor(encoder.input_extractor.sampling_rate),
            frames="encoder+mfcc" if self.with_mfcc else "encoder",
            feature_size=encoder.config.feature_size + self.values_beside_layers,
        )

    @property
    def name(self) -> str:
        """What results and tables call them: `MFCC`, or what makes them."""
        own = {"native": MFCC, "opensmile": "MFCC of openSMILE"}.get(self.mfcc_backend, self.mfcc_backend)
        if self.encoder is None:
            return own
        config = self.encoder.read().config
        mixed = ", mixed" if config.mix == "learnt" else ""
        padded = ", padded to a window" if config.padding == "window" else ""
        beside = f", beside {own}" if self.with_mfcc else ""
        return f"{config.name}, {layers_in_words(config.layers)}{mixed}{padded}{beside}"

    @property
    def values_beside_layers(self) -> int:
        """Values of a frame that are not the encoder's."""
        return frame_extractor(self.mfcc_backend).feature_size if self.with_mfcc else 0

    @property
    def model_choices(self) -> dict[str, int]:
        """The fields of `WISEConfig` that tell of these frames and vectors, but for `feature_size`."""
        choices = {}
        if self.encoder is not None:
            encoder = self.encoder.read().config
            layers = len(encoder.layers) if encoder.mix == "learnt" else 1
            choices = {"mixed_layers": layers, "values_beside_layers": self.values_beside_layers}
        if self.word_encoder is not None:
            size = self.word_encoder.read().config.encoder.hidden_size
            choices |= {"vocab_size": 0, "word_embedding_size": size}
        return choices

    def features(self) -> tuple[Callable[..., dict], dict[str, object]]:
        """The map function for these frames and vectors, and the columns that it gives, see `wise_features`."""
        return wise_features(self.feature_extractor(), self.encoder, word_encoder=self.word_encoder)

    def prepare(
        self, dataset: Dataset, num_proc: int | None = None, align: Callable[..., dict] = align_utterance
    ) -> Dataset:
        """`wise_hf.data.prepare.prepare` with these frames."""
        return prepare(dataset, self.feature_extractor(), num_proc, self.encoder, self.word_encoder, align)

    def prepare_copies(self, prepared: Dataset, count: int, num_proc: int | None = None) -> list[Dataset]:
        """`wise_hf.data.prepare.prepare_copies` with these frames."""
        return prepare_copies(prepared, self.feature_extractor(), count, num_proc, self.encoder)

    def prepare_waveforms(self, prepared: Dataset, num_copies: int, num_proc: int | None = None) -> list[Dataset]:
        """`wise_hf.data.prepare.prepare_waveforms` for these frames."""
        return prepare_waveforms(prepared, self.feature_extractor(), num_copies, num_proc)
