"""Recordings to emotions: the `audio-classification` pipeline of WISE, with or without a transcript."""

import os
from typing import Any

import numpy as np
import torch
from transformers import Pipeline

from .audio_wise import read_audio, to_mono
from .transcription_wise import find_words
from .word_times_wise import words_from_times


class WISEAudioClassificationPipeline(Pipeline):
    """
    The emotion of a recording, and how much each of its words counted.

    ```python
    classify = pipeline("audio-classification", model="org/wise-iemocap", trust_remote_code=True)
    classify("call.wav")
    classify({"audio": "call.wav", "text": "Kids are talking by the door."}, return_words=True)
    ```

    Without a transcript the recording is transcribed with pocketsphinx's embedded English model first.
    """

    _load_processor = True
    _load_feature_extractor = False
    _load_image_processor = False
    _load_tokenizer = False

    def __call__(self, inputs: Any, **kwargs: Any) -> list | dict:
        """
        Args:
            inputs: a recording or a list of recordings. A recording is a path, the bytes of an audio file, an array
                (samples,) or (samples, channels) at the model's rate, `{"array": ..., "sampling_rate": ...}`, or
                `{"audio": <any of these>}` with, where known, `"text"` (what is said), `"words"` (aligned words) and
                `"sampling_rate"` (Hz, of an array).
            top_k: how many labels; all of them where absent.
            return_words: also give the words with their times and attention.

        Returns:
            `[{"label", "score"}]`, best first. With `return_words` `{"scores", "text", "alignment", "words"}`; a word
            has `word`, `start_s`, `end_s`, `phonemes` and `attention` (they sum to 1; `None` for a model without
            attention). A list of recordings gives a list of these.

        Raises:
            ValueError: for a recording that cannot be used, or in which no word was heard.
        """
        return super().__call__(inputs, **kwargs)

    def _sanitize_parameters(
        self, top_k: int | None = None, return_words: bool | None = None, **kwargs: Any
    ) -> tuple[dict, dict, dict]:
        if kwargs:
            raise ValueError(f"The pipeline does not know {', '.join(kwargs)}; it takes top_k and return_words.")
        if top_k is not None and top_k < 1:
            raise ValueError(f"top_k is {top_k}; ask for at least one label.")
        given = {"top_k": top_k, "return_words": return_words}
        return {}, {}, {name: value for name, value in given.items() if value is not None}

    def preprocess(self, inputs: Any) -> dict:
        """A recording to the model's inputs, and beside them what is known of its words."""
        recording = inputs if isinstance(inputs, dict) and "audio" in inputs else {"audio": inputs}
        _check_recording(recording)
        samples = self._samples(recording["audio"], recording.get("sampling_rate"))
        utterance = self._utterance(samples, recording.get("text"), recording.get("words"))
        rate = self.processor.feature_extractor.sampling_rate
        model_inputs = self.processor(samples, words=utterance["words"], sampling_rate=rate, return_tensors="pt")
        return dict(model_inputs) | {"utterance": utterance}

    def _samples(self, audio: Any, sampling_rate: int | None) -> np.ndarray:
        rate = self.processor.feature_extractor.sampling_rate
        if isinstance(audio, dict):
            sampling_rate = audio.get("sampling_rate", sampling_rate)
            audio = audio.get("array", audio.get("raw"))
            if audio is None or sampling_rate is None:
                raise ValueError('A recording given as a dict has "array" and "sampling_rate", or "audio".')
        if isinstance(audio, (np.ndarray, list, tuple, torch.Tensor)):
            return to_mono(np.asarray(audio), sampling_rate or rate, rate)
        return read_audio(audio, rate)

    def _utterance(self, samples: np.ndarray, text: str | None, words: list[dict] | None) -> dict:
        rate = self.processor.feature_extractor.sampling_rate
        if words is not None:
            words = words_from_times(words, len(samples) / rate)
            said = " ".join(word["word"] for word in words)
            return {"text": text or said, "alignment": "corpus", "words": words}
        return find_words(samples, text, rate)

    def _forward(self, model_inputs: dict) -> dict:
        utterance = model_inputs.pop("utterance")
        outputs = self.model(**model_inputs)
        return {"logits": outputs.logits, "attention": outputs.attention_weights, "utterance": utterance}

    def postprocess(
        self, model_outputs: dict, top_k: int | None = None, return_words: bool = False
    ) -> list[dict] | dict:
        """Logits to named scores, best first."""
        probabilities = model_outputs["logits"][0].float().softmax(-1).tolist()
        labels = self.model.config.id2label
        scores = [{"label": labels[index], "score": score} for index, score in enumerate(probabilities)]
        scores = sorted(scores, key=lambda entry: -entry["score"])[:top_k]
        if not return_words:
            return scores
        return {"scores": scores, **model_outputs["utterance"], "words": self._weighted_words(model_outputs)}

    def _weighted_words(self, model_outputs: dict) -> list[dict]:
        words, attention = model_outputs["utterance"]["words"], model_outputs["attention"]
        if attention is None:
            return [word | {"attention": None} for word in words]
        weights = attention[0].float().tolist() + [0.0] * len(words)  # words beyond the model's limit count nothing
        return [word | {"attention": weight} for word, weight in zip(words, weights, strict=False)]

    def save_pretrained(self, save_directory: str, **kwargs: Any) -> None:
        """Save the model with all code, and the processor."""
        self.model.save_pretrained(save_directory, **kwargs)
        self.processor.save_pretrained(save_directory, **kwargs)


def _check_recording(recording: dict) -> None:
    unknown = set(recording) - {"audio", "text", "words", "sampling_rate"}
    if unknown:
        raise ValueError(
            f"A recording does not have {', '.join(map(repr, sorted(unknown)))}; it has audio, text, words."
        )
    audio, text, rate = (recording.get(name) for name in ("audio", "text", "sampling_rate"))
    if not isinstance(audio, (str, os.PathLike, bytes, np.ndarray, list, tuple, torch.Tensor, dict)):
        raise ValueError(
            f"The audio is {audio!r:.40}; give a path, bytes, an array, or a dict of an array and its rate."
        )
    if not isinstance(text, (str, type(None))) or not isinstance(rate, (int, type(None))):
        raise ValueError("The text of a recording is a string, and its sampling_rate a whole number of Hz.")
