"""Recordings to emotions: the `audio-classification` pipeline of WISE, with or without a transcript."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np
from transformers import Pipeline

from .alignment_wise import check_length
from .audio_wise import load_audio, to_mono
from .decoder_wise import SAMPLING_RATE
from .recordings_wise import Numbered, are_several, numbered, recording_fields, recording_name
from .speech_wise import check_speech
from .transcription_wise import find_words
from .word_times_wise import words_from_times


ON_ERROR = ("raise", "report")


class WISEAudioClassificationPipeline(Pipeline):
    """The emotion of a recording, and how much each of its words counted.

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

    def __call__(self, inputs: Any, **kwargs: Any) -> list | dict | Iterable:
        """Classify recordings.

        Args:
            inputs: a recording, or a list, data set or generator of recordings. A recording is a path, the bytes of an
                audio file, an open one, a decoder of torchcodec, samples (samples,) or (samples, channels) at the
                model's rate, a dict of `"array"` and `"sampling_rate"` (Hz) or of `"bytes"` or `"path"` as `datasets`
                makes them, or `{"audio": <any of these>}`. A dict also has, where known, `"text"` (what is said) and
                `"words"` (aligned words). At most 120 s.
            top_k: how many labels; all of them where absent.
            return_words: also give the words with their times and attention.
            on_error: `"raise"`, or `"report"`: a recording that cannot be used gives `{"error": sentence}` in its
                place, and the others their results.

        Returns:
            `[{"label", "score"}]`, best first. With `return_words` `{"scores", "text", "alignment", "words", "fit",
            "truncated", "until_s"}`; a word has `word`, `start_s`, `end_s`, `phonemes` and `attention` (they sum to 1;
            `None` for a model without attention). `truncated` tells whether words were left out, those beyond the
            feature extractor's `max_words`, and `until_s` the second up to which the recording counted. A list of
            recordings gives a list of these, a data set or generator an iterator.

        Raises:
            ValueError: for a recording that cannot be used, or in which no word was heard; it names the recording, by
                its path or its number in the list.
        """
        if not are_several(inputs):
            return super().__call__(inputs, **kwargs)
        results = super().__call__(numbered(inputs), **kwargs)
        return list(results) if isinstance(inputs, list) else results

    def _sanitize_parameters(
        self, top_k: int | None = None, return_words: bool | None = None, on_error: str | None = None, **kwargs: Any
    ) -> tuple[dict, dict, dict]:
        if kwargs:
            raise ValueError(
                f"The pipeline does not know {', '.join(kwargs)}; it takes top_k, return_words and on_error. What is "
                'known of a recording goes with it: {"audio": "call.wav", "text": "What is said."}.'
            )
        if top_k is not None and (not isinstance(top_k, Integral) or top_k < 1):
            raise ValueError(f"top_k is {top_k!r}; ask for a whole number of labels, at least one.")
        if on_error not in (None, *ON_ERROR):
            raise ValueError(f"on_error is {on_error!r}; it is one of {', '.join(map(repr, ON_ERROR))}.")
        given = {"top_k": top_k, "return_words": return_words}
        asked = {name: value for name, value in given.items() if value is not None}
        return {} if on_error is None else {"on_error": on_error}, {}, asked

    def preprocess(self, inputs: Any, on_error: str = "raise") -> dict:
        """A recording to the model's inputs, and beside them what is known of its words, or what is wrong with it."""
        recording, name = inputs, None
        try:
            if isinstance(inputs, Numbered):
                name = f"recording {inputs.number}"
                recording = inputs.read()
            name = recording_name(recording) or name
            return self._prepare(recording)
        except (ValueError, OSError) as error:
            sentence = str(error) if name is None or name in str(error) else f"{name}: {error}"
            if on_error == "report":
                return self._stand_in() | {"utterance": {"error": sentence}}
            if isinstance(error, OSError):
                raise ValueError(sentence) from error
            error.args = (sentence,)  # it stays of its kind
            raise

    def _prepare(self, recording: Any) -> dict:
        fields = recording_fields(recording)
        rate = self.processor.feature_extractor.sampling_rate
        samples = load_audio(fields["audio"], fields.get("sampling_rate"), rate)
        check_length(len(samples) / rate)
        utterance = self._utterance(samples, fields.get("text"), fields.get("words"))
        words = utterance["words"]
        counted = words[: self.processor.feature_extractor.max_words]
        truncated = len(counted) < len(words)
        utterance |= {"truncated": truncated, "until_s": counted[-1]["end_s"] if truncated else len(samples) / rate}
        batch = self.processor(samples, words=words, sampling_rate=rate, return_tensors="pt")
        return dict(batch) | {"utterance": utterance}

    def _stand_in(self) -> dict:
        """A moment of silence as a word, which takes the place of an unusable recording in a batch."""
        rate = self.processor.feature_extractor.sampling_rate
        times = {"start_s": 0.0, "end_s": 0.1}
        word = {"word": self.processor.tokenizer.unk_token, **times, "phonemes": [{"phoneme": "SIL", **times}]}
        silence = np.zeros(rate // 10, np.float32)
        return dict(self.processor(silence, words=[word], sampling_rate=rate, return_tensors="pt"))

    def _utterance(self, samples: np.ndarray, text: str | None, words: list[dict] | None) -> dict:
        rate = self.processor.feature_extractor.sampling_rate
        if words is None:
            return find_words(samples, text, rate)
        check_speech(to_mono(samples, rate, SAMPLING_RATE))
        words = words_from_times(words, len(samples) / rate)
        said = " ".join(word["word"] for word in words)
        return {"text": text or said, "alignment": "corpus", "words": words, "fit": None}

    def _forward(self, model_inputs: dict) -> dict:
        utterance = model_inputs.pop("utterance")
        outputs = self.model(**model_inputs)
        return {"logits": outputs.logits, "attention": outputs.attention_weights, "utterance": utterance}

    def postprocess(
        self, model_outputs: dict, top_k: int | None = None, return_words: bool = False
    ) -> list[dict] | dict:
        """Logits to named scores, best first; or what was wrong with the recording."""
        utterance = model_outputs["utterance"]
        if "error" in utterance:
            return utterance
        probabilities = model_outputs["logits"][0].float().softmax(-1).tolist()
        labels = self.model.config.id2label
        scores = [{"label": labels[index], "score": score} for index, score in enumerate(probabilities)]
        scores = sorted(scores, key=lambda entry: -entry["score"])[:top_k]
        if not return_words:
            return scores
        return {"scores": scores, **utterance, "words": self._weighted_words(model_outputs)}

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
