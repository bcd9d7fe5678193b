"""Recordings to emotions: the `audio-classification` pipeline of WISE, with or without a transcript."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
import torch
from transformers import Pipeline

from .alignment_wise import check_length
from .audio_wise import load_audio, to_mono
from .configuration_wise import WISEConfig
from .decoder_wise import SAMPLING_RATE
from .explanation_wise import explain_decision
from .feature_extraction_wise import WISEFeatureExtractor
from .found_words_wise import find_words, found_before, hear_words
from .frame_encoder_wise import frame_times, input_extractor, normalized_frames
from .pocketsphinx_wise import recognise_english
from .recognised_wise import Recogniser
from .recognisers_wise import load_recogniser
from .recordings_wise import (
    Numbered,
    NumberedDataset,
    are_several,
    has_speaker,
    numbered,
    recording_fields,
    use_recording,
)
from .speakers_wise import Heard, SpeakerFrames, without_speakers
from .speech_wise import check_speech
from .streaming_wise import WISEStreamer
from .threads_wise import one_thread
from .whisper_wise import shares_layers
from .word_by_word_wise import FRAMES


ON_ERROR = ("raise", "report")


class WISEAudioClassificationPipeline(Pipeline):
    """The emotion of a recording, and how much each of its words counted.

    ```python
    classify = pipeline("audio-classification", model="org/wise-iemocap", trust_remote_code=True)
    classify("call.wav")
    classify({"audio": "call.wav", "text": "Kids are talking by the door."}, return_words=True)
    ```

    Without a transcript a recogniser hears the words first: pocketsphinx's embedded English model, or another, such as
    Whisper (`recogniser`).
    """

    _load_processor = True
    _load_feature_extractor = False
    _load_image_processor = False
    _load_tokenizer = False

    def __init__(self, *args: Any, **kwargs: Any):
        """As every pipeline of transformers.

        Raises:
            ValueError: for a processor that makes other frames than the model reads.
        """
        super().__init__(*args, **kwargs)
        self._compared: tuple[Recogniser | None, bool] = (None, False)
        check_frames(self.model.config, self.processor.feature_extractor)

    def __call__(self, inputs: Any, **kwargs: Any) -> list | dict | Iterable:
        """Classify recordings.

        Args:
            inputs: a recording, or a list, data set or generator of recordings. A recording is a path, the bytes of an
                audio file, an open one, a decoder of torchcodec, samples (samples,) or (samples, channels) at the
                model's rate, a dict of `"array"` and `"sampling_rate"` (Hz) or of `"bytes"` or `"path"` as `datasets`
                makes them, or `{"audio": <any of these>}`. A dict also has, where known, `"text"` (what is said),
                `"words"` (aligned words), `"speaker"` (a name; in a list, or of a recording alone) and `"channel"`
                (from 0; without it the mean of all channels). At most 120 s.
            top_k: how many labels; all of them where absent.
            return_words: also give the words with their times and attention.
            recogniser: hears the words of recordings without text: "pocketsphinx", the name or folder of a Whisper or
                a CTC model of transformers, "faster-whisper:NAME", or a function, see `Recogniser`. Given when the
                pipeline is made, it is that of all calls.
            language: ISO 639-1 code of what is spoken, such as "de", that the recogniser is told; it finds out where
                this is absent.
            on_error: `"raise"`, or `"report"`: a recording that cannot be used gives `{"error": sentence}` in its
                place, and the others their results.

        Returns:
            `[{"label", "score"}]`, best first. With `return_words` `{"scores", "text", "alignment", "words", "fit",
            "language", "warnings", "truncated", "until_s", "speaker", "normalized_by", "speaker_unused"}`; a word has
            `word`, `confidence` (the recogniser's, 0 to 1), `start_s`, `end_s`, `phonemes`, `attention` (they sum to
            1; `None` for a model without attention) and `probabilities` (by label, of the words up to and including
            this one; `None` for a word that is left out). `truncated` tells whether words were left out, those beyond
            the feature extractor's `max_words`, and `until_s` the second up to which the recording counted.
            `normalized_by` is `"speaker"` where a speaker is given who speaks for 15 s or more in the list, else
            `"training"` or `"none"`; `speaker_unused` tells why a speaker who is given was not used. A list of
            recordings gives a list of these, a data set or generator an iterator.

        Raises:
            ValueError: for a recording that cannot be used, or in which no word was heard; it names the recording, by
                its path or its number in the list.
        """
        if not are_several(inputs):
            return super().__call__(self._hear_alone(inputs, self.preparation(kwargs)), **kwargs)
        if not isinstance(inputs, list):
            return super().__call__(numbered(inputs), **kwargs)
        return list(super().__call__(self.hear_speakers(inputs, **self.preparation(kwargs)), **kwargs))

    def explain(self, recording: Any, **options: Any) -> dict:
        """Which words, and which modality, moved the decision.

        Every word is left out once: its frames and its text, so that the model classifies the words that remain. A
        model of audio and text also classifies the recording with the mean in place of a word's frames ("without its
        audio"), with the unknown word in place of its text ("without its text"), and with all words so.

        Args:
            recording: one, see `__call__`.
            **options: `recogniser` and `language`, see `__call__`.

        Returns:
            What `__call__` gives with `return_words`, with these in place of `scores`: `emotion`, the decided one;
            `probabilities`, `{label: probability}`; `modalities`, the probabilities for `"audio"` alone and `"text"`
            alone, `None` for a model of one of them; and `note`, what these numbers tell and what they do not. Beside
            its `attention` a word has `without`, the probabilities without it, and the change of the decided emotion's
            probability, above 0 where the word speaks for it: `effect` without the word, `audio_effect` without its
            audio, `text_effect` without its text. These are `None` where there is no other word, where the model has
            one modality, or where the word is beyond those that count.

        Raises:
            ValueError: for a recording that cannot be used, or several of them.
        """
        if are_several(recording):
            raise ValueError("One recording is explained at a time; call explain once for each.")
        prepared = self.preparation(options | {"on_error": "raise"})
        return explain_decision(self, self.preprocess(self._hear_alone(recording, prepared), **prepared))

    def _hear_alone(self, recording: Any, to_prepare: dict) -> Any:
        """A recording that is not one of several, normalised by its own speaker where that is known."""
        return self.hear_speakers([recording], **to_prepare)[0] if has_speaker(recording) else recording

    def preparation(self, options: dict) -> dict:
        """What `preprocess` is called with: of a call's options, and of those that the pipeline was made with.

        Args:
            options: of `__call__`, by name.
        """
        given = {name: options[name] for name in ("on_error", "recogniser", "language") if name in options}
        return self._preprocess_params | self._sanitize_parameters(**given)[0]

    def hear_speakers(
        self, recordings: list, on_error: str = "raise", recogniser: str | Recogniser | None = None
    ) -> NumberedDataset:
        """The first pass over recordings with speakers: find their words, and what each speaker is normalised by.

        Calling the pipeline with a list does both passes. Call this yourself to get the results one by one:
        `for result in classify(classify.hear_speakers(recordings))`.

        Args:
            recordings: see `__call__`; those without a speaker are left for the second pass.
            on_error: see `__call__`.
            recogniser: see `__call__`; `None` = the pipeline's.

        Returns:
            The recordings, as the pipeline takes them for the second pass.

        Raises:
            ValueError: for a recording that cannot be used.
        """
        _check_on_error(on_error)
        given = NumberedDataset(recordings)
        extractor = self.processor.feature_extractor
        if extractor.normalization != "speaker":
            return given
        speakers = SpeakerFrames(extractor.hop_ms)
        recogniser = load_recogniser(recogniser or self._preprocess_params.get("recogniser"))
        hear = partial(self._hear, speakers=speakers, recogniser=recogniser)
        found = [_reported(each, hear, on_error) for each in given.in_order()]
        normalizations = speakers.normalizations()
        heard = {
            index: Heard(utterance, normalizations.get(utterance.get("speaker")))
            for index, utterance in enumerate(found)
            if utterance is not None
        }
        return NumberedDataset(recordings, heard)

    def _sanitize_parameters(
        self,
        top_k: int | None = None,
        return_words: bool | None = None,
        on_error: str | None = None,
        recogniser: str | Recogniser | None = None,
        language: str | None = None,
        **kwargs: Any,
    ) -> tuple[dict, dict, dict]:
        if kwargs:
            raise ValueError(
                f"The pipeline does not know {', '.join(kwargs)}; it takes top_k, return_words, recogniser, language "
                'and on_error. What is known of a recording goes with it: {"audio": "a.wav", "text": "What is said."}.'
            )
        if top_k is not None and (not isinstance(top_k, Integral) or top_k < 1):
            raise ValueError(f"top_k is {top_k!r}; ask for a whole number of labels, at least one.")
        if on_error is not None:
            _check_on_error(on_error)
        given = {"top_k": top_k, "return_words": return_words}
        asked = {name: value for name, value in given.items() if value is not None}
        to_forward = {"return_words": return_words} if return_words is not None else {}
        to_prepare = {} if on_error is None else {"on_error": on_error}
        if recogniser is not None or language is not None:
            to_prepare["recogniser"] = load_recogniser(recogniser, language)
        return to_prepare, to_forward, asked

    def preprocess(self, inputs: Any, on_error: str = "raise", recogniser: Recogniser = recognise_english) -> dict:
        """A recording to the model's inputs, and beside them what is known of its words, or what is wrong with it."""
        heard = inputs.heard if isinstance(inputs, Numbered) else None
        made = _reported(inputs, partial(self._prepare, heard=heard, recogniser=recogniser), on_error)
        if "error" in made:
            made = self._stand_in() | {"utterance": made}
        states = made.pop("states", None)
        return self._with_frames(made, states) if self._shares_layers(recogniser) else made

    def _prepare(self, recording: Any, heard: Heard | None, recogniser: Recogniser) -> dict:
        if heard is not None and "error" in heard.utterance:
            return heard.utterance
        fields, extractor = recording_fields(recording), self.processor.feature_extractor
        rate, speaker = extractor.sampling_rate, fields.get("speaker")
        normalization = without_speakers(extractor.normalization, speaker) if heard is None else heard.normalization
        samples = self._load(fields)
        utterance, states = (heard.utterance, None) if heard else self._utterance(samples, fields, recogniser)
        words, statistics = utterance["words"], normalization.statistics
        batch = self.processor(samples, words, sampling_rate=rate, return_tensors="pt", statistics=statistics)
        told = normalization.told() | self._counted(words, len(samples) / rate)
        return dict(batch) | {"utterance": utterance | told, "states": states}

    def _hear(self, recording: Any, speakers: SpeakerFrames, recogniser: Recogniser) -> dict | None:
        """The words of a recording with a speaker, whose frames are added to the speaker's."""
        if not has_speaker(recording):
            return None
        fields = recording_fields(recording)
        samples = self._load(fields)
        utterance = self._utterance(samples, fields, recogniser)[0] | {"speaker": fields["speaker"]}
        speakers.add(fields["speaker"], self._frames(samples, utterance["words"]))
        return utterance

    def _frames(self, samples: np.ndarray, words: list[dict]) -> np.ndarray:
        """(T, D), not normalised: what a speaker's mean and deviation are taken of."""
        extractor = self.processor.feature_extractor
        encode = self.model.wise.frame_encoder.encode if extractor.is_encoded else None
        return extractor.select_features(samples, words, extractor.sampling_rate, encode)[0]

    def _load(self, fields: dict) -> np.ndarray:
        rate = self.processor.feature_extractor.sampling_rate
        samples = load_audio(fields["audio"], fields.get("sampling_rate"), rate, fields.get("channel"))
        check_length(len(samples) / rate)
        return samples

    def _counted(self, words: list[dict], duration_s: float) -> dict:
        """How much of a recording counts."""
        counted = words[: self.processor.feature_extractor.max_words]
        truncated = len(counted) < len(words)
        return {"truncated": truncated, "until_s": counted[-1]["end_s"] if truncated else duration_s}

    def _stand_in(self) -> dict:
        """A moment of silence as a word, which takes the place of an unusable recording in a batch."""
        rate = self.processor.feature_extractor.sampling_rate
        times = {"start_s": 0.0, "end_s": 0.1}
        word = {"word": self.processor.tokenizer.unk_token, **times, "phonemes": [{"phoneme": "SIL", **times}]}
        silence = np.zeros(rate // 10, np.float32)
        return dict(self.processor(silence, words=[word], sampling_rate=rate, return_tensors="pt"))

    def _utterance(
        self, samples: np.ndarray, fields: dict, recogniser: Recogniser
    ) -> tuple[dict, Sequence[torch.Tensor] | None]:
        """The words of a recording, how they were found, and states of a recogniser's layers that serve as frames."""
        rate, text, words = self.processor.feature_extractor.sampling_rate, fields.get("text"), fields.get("words")
        if words is not None:
            check_speech(to_mono(samples, rate, SAMPLING_RATE))
            return found_before(words, len(samples) / rate, text, fields.get("language", "en")), None
        if text is not None:
            return find_words(samples, text, rate), None
        if not self._shares_layers(recogniser):
            return hear_words(samples, rate, recogniser)[0], None
        levelled = self.processor.feature_extractor.waveform(samples, rate)  # what the frame encoder hears
        found, recognised = hear_words(levelled, rate, recogniser)
        return found, recognised.layer_states

    def _shares_layers(self, recogniser: Recogniser) -> bool:
        if self._compared[0] is not recogniser:  # once, since it compares all weights
            self._compared = recogniser, shares_layers(recogniser, getattr(self.model.wise, "frame_encoder", None))
        return self._compared[1]

    def _with_frames(self, inputs: dict, states: Sequence[torch.Tensor] | None) -> dict:
        """The frames in place of the waveform, for all recordings of a batch: of states, or made here."""
        values, lengths = inputs.pop("input_values"), inputs.pop("input_lengths")
        index, mean, std = (inputs.pop(name) for name in ("frame_index", "feature_mean", "feature_std"))
        encoder = self.model.wise.frame_encoder
        with torch.inference_mode():
            encoded = encoder(values, lengths) if states is None else encoder.join(states)
            frames = normalized_frames(encoded.cpu(), index, inputs.pop("input_features", None), mean, std)
        return inputs | {"input_features": frames}

    def _forward(self, model_inputs: dict, return_words: bool = False) -> dict:
        utterance = model_inputs.pop("utterance")
        # A speech encoder takes the threads that there are, the rest is faster on one.
        frames = self.model.wise.encode_frames(*(model_inputs.pop(name, None) for name in FRAMES))
        with one_thread():
            outputs = self.model(input_features=frames, **model_inputs, output_words=return_words)
        made = {"logits": outputs.logits, "attention": outputs.attention_weights, "word_logits": outputs.word_logits}
        return made | {"utterance": utterance}

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
        rows = model_outputs["word_logits"][0].float().softmax(-1).tolist()
        so_far = [dict(zip(self.model.config.id2label.values(), row, strict=True)) for row in rows]
        weights = [None] * len(rows) if attention is None else attention[0].float().tolist()
        beyond = [(None if attention is None else 0.0, None)] * len(words)  # the model's limit: they count nothing
        known = [*zip(weights, so_far, strict=False), *beyond]
        return [
            word | {"attention": weight, "probabilities": its}
            for word, (weight, its) in zip(words, known, strict=False)
        ]

    def stream(self, **options: Any) -> WISEStreamer:
        """A `WISEStreamer` of this pipeline.

        Args:
            **options: see there.
        """
        return WISEStreamer(self, **options)

    def save_pretrained(self, save_directory: str, **kwargs: Any) -> None:
        """Save the model with all code, and the processor."""
        self.model.save_pretrained(save_directory, **kwargs)
        self.processor.save_pretrained(save_directory, **kwargs)


def check_frames(config: WISEConfig, extractor: WISEFeatureExtractor) -> None:
    """Refuse a feature extractor that makes other frames than a model reads.

    Args:
        config: of the model.
        extractor: of the processor.

    Raises:
        ValueError: where they do not go together.
    """
    if config.modality == "text":
        return
    encoder, expected = config.frame_encoder, {"frames": "mfcc", "feature_size": config.feature_size}
    if encoder is not None:
        expected["frames"] = "encoder+mfcc" if config.values_beside_layers else "encoder"
        expected |= frame_times(encoder.encoder).of_extractor(input_extractor(encoder).sampling_rate)
    made = {name: getattr(extractor, name) for name in expected}
    wrong = [f"{name} is {made[name]!r} and not {value!r}" for name, value in expected.items() if made[name] != value]
    if wrong:
        raise ValueError(
            f"The processor is not that of the model: {', '.join(wrong)}; load the one that was saved with it."
        )


def _check_on_error(on_error: str) -> None:
    if on_error not in ON_ERROR:
        raise ValueError(f"on_error is {on_error!r}; it is one of {', '.join(map(repr, ON_ERROR))}.")


def _reported(given: Any, use: Callable[[Any], dict | None], on_error: str) -> dict | None:
    """What a function makes of a recording, or, if errors are reported, `{"error": sentence}`."""
    try:
        return use_recording(given, use)
    except ValueError as error:
        if on_error == "report":
            return {"error": str(error)}
        raise
