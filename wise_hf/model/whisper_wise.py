"""Whisper as a recogniser: words with times and confidence in any of its languages, and the states of its layers."""

import contextlib
import copy
import logging
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from transformers import (
    DynamicCache,
    EncoderDecoderCache,
    PreTrainedModel,
    WhisperForConditionalGeneration,
    WhisperProcessor,
)
from transformers.modeling_outputs import BaseModelOutput

from .decoder_wise import SAMPLING_RATE, check_samples
from .frame_encoder_wise import WHISPER, FrameEncoder, whisper_states
from .recognised_wise import LanguageError, Recognised
from .speech_wise import WINDOW_S, hear_speech


LONGEST_S = 30.0  # that it hears at once
LATEST_CUT_S = 15.0  # a longer recording is cut between here and LONGEST_S, where speech is least likely
# So much is said at most: without it a decoder that repeats itself goes on to its longest text.
TOKENS, TOKENS_A_SECOND = 20, 12
WITHOUT_BLANKS = ("zh", "ja", "th", "lo", "my", "yue")


class WhisperRecogniser:
    """A Whisper of transformers.

    ```python
    recognise = WhisperRecogniser("openai/whisper-base", language="de")
    recognise(samples).words  # [{"word": "Guten", "start_s": 0.3, "end_s": 0.7, "confidence": 0.98}, ...]
    ```
    """

    def __init__(self, name_or_folder: str, language: str | None = None):
        """Load it, onto a GPU where there is one.

        Args:
            name_or_folder: a folder, or a name on the Hub.
            language: ISO 639-1 code of what is spoken; `None` = it finds out.

        Raises:
            LanguageError: it does not know the language.
        """
        device = "cuda" if torch.cuda.is_available() else "cpu"
        # Its weights are read as they are, so that they can be compared with those of a frame encoder.
        given = {"dtype": torch.float32, "use_safetensors": True}  # other weights are pickles
        self.model = WhisperForConditionalGeneration.from_pretrained(name_or_folder, **given)
        self.model = self.model.eval().to(device)
        _keep_attention(self.model.model.encoder)
        self.processor = WhisperProcessor.from_pretrained(name_or_folder)
        tokens = getattr(self.model.generation_config, "lang_to_id", None) or {}  # "<|de|>": its number
        self._language_ids = {token.strip("<|>"): number for token, number in tokens.items()}
        self.language = language
        known = list(self._language_ids) or ["en"]
        if language is not None and language not in known:
            raise LanguageError(
                f"{name_or_folder} does not know the language '{language:.40}'; it knows {', '.join(known)}."
            )

    def __call__(self, samples: np.ndarray, sampling_rate: int = SAMPLING_RATE) -> Recognised:
        """Words of a recording.

        Args:
            samples: (n,) float32, mono, in [-1, 1].
            sampling_rate: in Hz, 16000.

        Returns:
            Its words, all with times and confidence, and the language, by the first window of 30 s.
        """
        cuts = [0, *_cuts(samples), len(samples)]
        words, language, confidence, states = [], self.language, None, None
        with torch.inference_mode(), _quiet():
            for start, end in zip(cuts, cuts[1:], strict=False):
                spectra, states = self._encode(samples[start:end])
                attended = DynamicCache()  # keys and values of what is heard, made once for both passes of the decoder
                if language is None:
                    language, confidence = self._hear_language(states, attended)
                times_s = (end - start) / sampling_rate, start / sampling_rate
                words += self._words(spectra, states, attended, language, *times_s)
        return Recognised(words, language, confidence, states if len(cuts) == 2 else None)

    def _encode(self, samples: np.ndarray) -> tuple[dict, list[torch.Tensor]]:
        """The spectra of up to 30 s, and what each layer of the encoder makes of them."""
        spectra = self.processor(
            samples, sampling_rate=SAMPLING_RATE, return_tensors="pt", return_attention_mask=True
        ).to(self.model.device)
        encoder = self.model.model.encoder
        return spectra, whisper_states(encoder, spectra["input_features"].transpose(1, 2).to(self.model.dtype))

    def _encoded(self, states: list[torch.Tensor]) -> BaseModelOutput:
        return BaseModelOutput(last_hidden_state=self.model.model.encoder.layer_norm(states[-1]))

    def _hear_language(self, states: list[torch.Tensor], attended: DynamicCache) -> tuple[str, float | None]:
        if not self._language_ids:  # of a model for English alone
            return "en", None
        start = torch.full((1, 1), self.model.generation_config.decoder_start_token_id, device=self.model.device)
        cache = EncoderDecoderCache(DynamicCache(), attended)
        heard = self.model(encoder_outputs=self._encoded(states), decoder_input_ids=start, past_key_values=cache)
        logits = heard.logits[0, -1]
        languages, ids = zip(*self._language_ids.items(), strict=True)
        probabilities = logits[list(ids)].softmax(0)
        return languages[int(probabilities.argmax())], float(probabilities.max())

    def _words(
        self,
        spectra: dict,
        states: list[torch.Tensor],
        attended: DynamicCache,
        language: str,
        duration_s: float,
        offset_s: float,
    ) -> list[dict]:
        """The words of a window, by their times in the recording."""
        spoken = {"language": language, "task": "transcribe"} if self._language_ids else {}
        made = self.model.generate(
            encoder_outputs=self._encoded(states),
            past_key_values=EncoderDecoderCache(DynamicCache(), attended),
            attention_mask=spectra["attention_mask"],
            num_beams=1,  # the scores are those of the words that are taken
            max_new_tokens=TOKENS + round(TOKENS_A_SECOND * duration_s),
            return_token_timestamps=True,
            return_dict_in_generate=True,
            force_unique_generate_call=True,
            **spoken,
        )
        count = len(made["scores"])
        ids, starts_s = made["sequences"][0, -count:].tolist(), made["token_timestamps"][0, -count:].tolist()
        surely = [float(scores[0].log_softmax(0)[token]) for scores, token in zip(made["scores"], ids, strict=True)]
        parts = list(_word_parts(ids, partial(self.processor.tokenizer.decode, skip_special_tokens=True), language))
        ends = [*starts_s[1:], duration_s]
        return [
            {
                "word": word,
                "start_s": min(starts_s[first], duration_s) + offset_s,
                "end_s": min(ends[last], duration_s) + offset_s,
                "confidence": float(np.exp(np.mean(surely[first : last + 1]))),
            }
            for word, first, last in parts
        ]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of `generate` about settings that are its own, or that are meant so."""
    loggers = [logging.getLogger(f"transformers.{name}") for name in ("generation", "models.whisper")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def shares_layers(recogniser: Any, encoder: FrameEncoder | None) -> bool:
    """Whether what the layers of a recogniser give are a frame encoder's frames, so that one run serves for both.

    Args:
        recogniser: any.
        encoder: of the frames, `None` where there is none.

    Returns:
        True for a Whisper that hears the same windows with the same weights, rounded to half precision.
    """
    if not isinstance(recogniser, WhisperRecogniser) or encoder is None:
        return False
    is_whisper = encoder.config.encoder.model_type == WHISPER
    return is_whisper and encoder.config.padding == "window" and _has_weights(recogniser, encoder)


def _has_weights(recogniser: WhisperRecogniser, encoder: FrameEncoder) -> bool:
    theirs, ours = recogniser.model.model.encoder.state_dict(), encoder.encoder.state_dict()
    compared = [name for name in ours if not name.startswith("layer_norm.")]  # of the last layer, after the frames
    return all(
        name in theirs
        and theirs[name].shape == ours[name].shape
        and torch.equal(theirs[name].half().cpu(), ours[name].half().cpu())
        for name in compared
    )


def _keep_attention(encoder: PreTrainedModel) -> None:
    """A configuration of the encoder's own: for word times `generate` turns that of the model to "eager" attention,
    with which the encoder takes 1.7 times as long."""
    config = copy.deepcopy(encoder.config)
    for module in encoder.modules():
        if hasattr(module, "config"):
            module.config = config


def _cuts(samples: np.ndarray) -> list[int]:
    """Where a recording is cut into parts of up to 30 s."""
    longest, latest = (round(limit_s / WINDOW_S) for limit_s in (LONGEST_S - WINDOW_S, LATEST_CUT_S))
    if len(samples) <= LONGEST_S * SAMPLING_RATE:
        return []
    speech, start, cuts = hear_speech(check_samples(samples, SAMPLING_RATE)), 0, []
    while len(speech) - start > longest:
        # Of equally quiet places the last one; a pause is the surer the longer it is.
        quiet = np.convolve(speech[start + latest : start + longest], np.ones(9) / 9, "same")
        start += longest - 1 - int(np.argmin(quiet[::-1]))
        cuts.append(round((start + 0.5) * WINDOW_S * SAMPLING_RATE))
    return cuts


def _word_parts(ids: Sequence[int], decode: partial, language: str) -> Iterator[tuple[str, int, int]]:
    """Words, with the places of their first and last token."""
    word, first, pending = "", 0, 0
    for place in range(len(ids)):
        piece = decode(ids[pending : place + 1])
        if "\ufffd" in piece:  # a character of several tokens
            continue
        starts = piece.startswith(" ") or (language in WITHOUT_BLANKS and re.search(r"\w", piece))
        if starts and word.strip():
            yield word.strip(), first, pending - 1
        if starts or not word.strip():
            word, first = "", pending
        word, pending = word + piece, place + 1
    if word.strip():
        last = max(place for place in range(first, pending) if place == first or decode([ids[place]]))
        yield word.strip(), first, last
