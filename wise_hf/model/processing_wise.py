"""Audio and its words (or its text, which is aligned first) -> the model's inputs."""

from collections.abc import Sequence

import numpy as np
import torch
from transformers import BatchFeature, ProcessorMixin

from .alignment_wise import align
from .feature_batch_wise import stack_padded
from .feature_statistics_wise import Statistics
from .inputs_wise import check_options, recording_list, word_lists
from .pieces_wise import cuts_words, pieces_of


class WISEProcessor(ProcessorMixin):
    """What turns recordings into batches: a `WISEFeatureExtractor` for the audio, a tokenizer for the words, which
    gives each word a number or, for a model with a word encoder, is the encoder's own and cuts words into pieces.

    ```python
    inputs = processor(samples, text="Kids are talking by the door.", sampling_rate=16000, return_tensors="pt")
    scores = model(**inputs).logits.softmax(-1)
    ```
    """

    def __init__(self, feature_extractor, tokenizer):
        super().__init__(feature_extractor, tokenizer)

    def __call__(
        self,
        audio: np.ndarray | torch.Tensor | Sequence | None = None,
        words: Sequence[dict] | Sequence[Sequence[dict]] | None = None,
        text: str | Sequence[str] | None = None,
        sampling_rate: int | None = None,
        return_tensors: str | None = None,
        padding: bool | str = True,
        statistics: Statistics | None = None,
        **kwargs,
    ) -> BatchFeature:
        """Turn recordings into the model's inputs.

        Args:
            audio: (samples,) float in [-1, 1], as an array, a tensor or a list of numbers; or a list of such, or an
                array or tensor (recordings, samples).
            words: aligned words of the recording, `{"word", "start_s", "end_s", "phonemes"}`, or a list of such lists.
            text: what is said in the recording, or a list of texts; aligned here. Give `words` or `text`.
            sampling_rate: rate of the audio in Hz.
            return_tensors: `"pt"` or `"np"`.
            padding: `True` or `"longest"`, what is always done; collators pass it.
            statistics: mean and deviation, (D,) each, of the frames of the one speaker of all these recordings, as
                `feature_statistics` gives them; used where the model normalises by speaker.
            **kwargs: refused, so that a misspelt argument is not lost.

        Returns:
            `input_features` (B, T, D), `phoneme_lengths` (B, P), `word_lengths`, `input_ids`, `attention_mask` (B, N);
            with the tokenizer of a word encoder `piece_ids` and `piece_words` (B, L) instead of `input_ids`; with a
            frame encoder what `WISEFeatureExtractor` gives instead of `input_features`.

        Raises:
            ValueError: without words and text, with more or fewer of them than recordings, with audio that cannot be
                used, or with an argument that is unknown.
        """
        check_options(self.__call__, padding, kwargs)
        recordings = recording_list(audio)
        aligned = self.align_words(recordings, words, text, sampling_rate)
        batch = self.feature_extractor(recordings, aligned, sampling_rate, statistics=statistics)
        return self.add_words(batch, [[word["word"] for word in its] for its in aligned], return_tensors)

    def add_words(
        self, batch: BatchFeature, words: Sequence[Sequence[str]], return_tensors: str | None = None
    ) -> BatchFeature:
        """Complete a batch of the feature extractor with the words as the model reads them.

        Args:
            batch, return_tensors: see `add_word_ids`.
            words: of each utterance; those beyond the extractor's limit are left out.

        Returns:
            The batch with what `__call__` gives of the words.
        """
        if self.cuts_words:
            return self._add_pieces(batch, words, return_tensors)
        return self.add_word_ids(batch, [self.word_ids(its) for its in words], return_tensors)

    @property
    def cuts_words(self) -> bool:
        """The tokenizer is that of the model's word encoder."""
        return cuts_words(self.tokenizer)

    def align_words(
        self,
        recordings: Sequence[np.ndarray],
        words: Sequence | None,
        text: str | Sequence[str] | None,
        sampling_rate: int | None,
    ) -> list[list[dict]]:
        """The words of each recording: those given, or its text aligned."""
        if (words is None) == (text is None):
            raise ValueError("Give either words= (aligned words) or text= (what is said), and one of them only.")
        given = _list_texts(text) if words is None else word_lists(words)
        if len(given) != len(recordings):
            raise ValueError(f"Got {len(recordings)} recordings and words or texts for {len(given)}; give one each.")
        if words is not None:
            return given
        rate = sampling_rate or self.feature_extractor.sampling_rate
        return [align(samples, said, rate).words for samples, said in zip(recordings, given, strict=True)]

    def word_ids(self, words: Sequence[str]) -> np.ndarray:
        """(N,) int64: each word as it stands, else in lower case, else the unknown word.

        Raises:
            ValueError: the tokenizer is that of a word encoder.
        """
        if self.cuts_words:
            raise ValueError(
                "The tokenizer cuts words into pieces and has no number for each; give word_vectors, which "
                "wise_hf.data.prepare.prepare makes with the word encoder."
            )
        unknown = self.tokenizer.unk_token_id
        ids = np.array(self.tokenizer.convert_tokens_to_ids(list(words)), dtype=np.int64)
        lower = self.tokenizer.convert_tokens_to_ids([word.lower() for word in words])
        return np.where(ids == unknown, lower, ids)

    def add_word_ids(
        self, batch: BatchFeature, word_ids: Sequence[np.ndarray], return_tensors: str | None = None
    ) -> BatchFeature:
        """Complete a batch of the feature extractor.

        Args:
            batch: `input_features`, `phoneme_lengths` and `word_lengths`, NumPy, as the feature extractor pads them.
            word_ids: for each utterance (words,) int64; those beyond the extractor's limit are left out.
            return_tensors: `"pt"` or `"np"`.

        Returns:
            The batch with `input_ids` and `attention_mask`, (B, N) int64.
        """
        is_word = batch["word_lengths"] > 0
        ids = np.full(is_word.shape, self.tokenizer.pad_token_id, dtype=np.int64)
        ids[is_word] = np.concatenate(_kept(batch, word_ids))
        return _with_words(batch, {"input_ids": ids}, return_tensors)

    def add_word_vectors(
        self, batch: BatchFeature, word_vectors: Sequence[np.ndarray], return_tensors: str | None = None
    ) -> BatchFeature:
        """Complete a batch with what a word encoder made beforehand.

        Args:
            batch, return_tensors: see `add_word_ids`.
            word_vectors: for each utterance (words, size); those beyond the extractor's limit are left out.

        Returns:
            The batch with `word_vectors` (B, N, size) float32 and `attention_mask` (B, N) int64.
        """
        kept = _kept(batch, word_vectors)
        vectors = stack_padded("word_vectors", kept, np.float32, 0, kept[0].shape[-1])
        return _with_words(batch, {"word_vectors": vectors}, return_tensors)

    def _add_pieces(
        self, batch: BatchFeature, words: Sequence[Sequence[str]], return_tensors: str | None
    ) -> BatchFeature:
        ids, numbers = zip(*(pieces_of(self.tokenizer, its) for its in _kept(batch, words)), strict=True)
        made = {
            "piece_ids": stack_padded("piece_ids", ids, np.int64, 0),
            "piece_words": stack_padded("piece_words", numbers, np.int64, 0),
        }
        return _with_words(batch, made, return_tensors)

    def to_dense(self, batch: dict) -> dict:
        """The paper's padded words x phonemes x frames tensor of a batch, with its masks, to look at."""
        return self.feature_extractor.to_dense(batch)

    @property
    def model_input_names(self) -> list[str]:
        words = ["piece_ids", "piece_words"] if self.cuts_words else ["input_ids"]
        return [*self.feature_extractor.model_input_names, *words, "attention_mask"]


def _kept(batch: BatchFeature, of_words: Sequence[Sequence]) -> list[Sequence]:
    """What is known of the words of each utterance, for those that the feature extractor kept."""
    return [its[:count] for its, count in zip(of_words, (batch["word_lengths"] > 0).sum(1), strict=True)]


def _with_words(batch: BatchFeature, words: dict[str, np.ndarray], return_tensors: str | None) -> BatchFeature:
    """The batch with the words and their mask."""
    mask = {"attention_mask": (batch["word_lengths"] > 0).astype(np.int64)}
    return BatchFeature(dict(batch) | words | mask, tensor_type=return_tensors)


def _list_texts(text: str | Sequence[str]) -> list[str]:
    texts = [text] if isinstance(text, str) else text
    if not isinstance(texts, (list, tuple)) or not all(isinstance(said, str) for said in texts):
        kind = type(text).__name__
        raise ValueError(f"The text is a {kind}, expected a string, or a list of one for each recording.")
    return list(texts)
