"""Emotions while somebody speaks: a stream of audio, or of words, to what the model makes of it so far."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from transformers import BatchFeature, Pipeline

from .audio_reader_wise import require
from .audio_wise import to_mono, whole_rate
from .decoder_wise import SAMPLING_RATE
from .recognised_wise import Recogniser
from .utterances_wise import SpokenUtterance, UtteranceCutter
from .word_by_word_wise import WordByWord
from .word_times_wise import moved, words_from_times


# Of the time that somebody has spoken, provisional results may take so much; the final ones need the rest.
PROVISIONAL_SHARE = 1 / 3


class WISEStreamer:
    """The emotion after every word of a stream.

    ```python
    streamer = WISEStreamer(classify)
    for chunk in microphone:
        for update in streamer.feed(chunk):
            print(update)
    streamer.finish()
    ```

    A stream of audio is cut into utterances, which end at a pause of 0.5 s or after 15 s, where speech is least
    likely. The model begins anew with each. What ended is heard as the pipeline hears a recording: its words, their
    probabilities and their attention are those of `classify` on these samples. Meanwhile the words so far are told
    as provisional: they, and their number, may change. Between utterances a quarter of a second is kept.

    Or words are fed as somebody else hears them, each at the same cost.

    An update of a word is a dict of `utterance` and `number` (both from 0), `word`, `start_s`, `end_s` (of the
    stream), `confidence` (the recogniser's), `probabilities` (by label, of the utterance's words up to this one),
    `attention` (the weights of these words, of the last ones where there are more than the extractor's `max_words`;
    they sum to 1 where all are told; `None` for a model without attention), `is_final`, `late_s`: the audio that was
    fed after the word's end until the update came (`None` without audio), and `warnings`: sentences about what is not
    as it should be with the utterance. Where an utterance has no words, or more than the model takes, an update has
    `left_out`, a sentence that says why, in place of a word.

    Args:
        classify: a `WISEAudioClassificationPipeline`; the speaker is unknown, so the training's statistics normalise.
        recogniser, language: see the pipeline; `None` = its own.
        provisional_s: new speech after which provisional updates come, as far as they keep up; `None` = none come.
        sampling_rate: of the audio that is fed, in Hz.
    """

    def __init__(
        self,
        classify: Pipeline,
        recogniser: str | Recogniser | None = None,
        language: str | None = None,
        provisional_s: float | None = 1.0,
        sampling_rate: int = SAMPLING_RATE,
    ):
        if provisional_s is not None and not provisional_s > 0:
            raise ValueError(f"provisional_s is {provisional_s!r:.40}; give seconds above 0, or None for none.")
        self.sampling_rate, self.provisional_s = whole_rate(sampling_rate), provisional_s
        self._classify = classify
        given = {"recogniser": recogniser, "language": language}
        self._options = classify.preparation({"on_error": "report", **given})
        max_words = classify.processor.feature_extractor.max_words
        self._of_utterance, self._of_fed = (WordByWord(classify.model, max_words) for _ in range(2))
        self._resampler = None
        if sampling_rate != SAMPLING_RATE:
            self._resampler = require("soxr").ResampleStream(sampling_rate, SAMPLING_RATE, 1, "float32")
        self._cutter = UtteranceCutter()
        self._num_samples = 0  # fed so far, at `sampling_rate`
        self._utterance, self._num_words = 0, 0  # utterances that ended, and words that were fed to the current one
        self._passes = _Passes(0)

    def feed(self, samples: np.ndarray) -> list[dict]:
        """Hear the next audio.

        Args:
            samples: (n,) float in [-1, 1] or integers, mono, of any length.

        Returns:
            Updates.

        Raises:
            ValueError: for what are no samples; the stream goes on without them.
        """
        if not hasattr(samples, "__len__"):
            raise ValueError(f"The audio that was fed is {samples!r:.40}; feed samples, (n,).")
        if len(samples) == 0:
            return []
        samples = to_mono(samples, self.sampling_rate, self.sampling_rate, "The audio that was fed")
        self._num_samples += len(samples)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return self._ended(self._cutter.feed(samples)) + self._provisional()

    def finish(self) -> list[dict]:
        """End the utterance; what is fed next begins another one.

        Returns:
            Updates.
        """
        if self._num_words:
            self._utterance, self._num_words = self._utterance + 1, 0
            self._of_fed.start()
        ended = []
        if self._resampler is not None:
            ended = self._cutter.feed(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
            self._resampler.clear()
        return self._ended(ended + self._cutter.finish())

    def feed_word(
        self, word: Mapping, samples: np.ndarray | None = None, frames: Sequence[np.ndarray] | None = None
    ) -> list[dict]:
        """Hear the next word of an utterance.

        After each word the model is what it is on all of them at once, given their frames. Of samples the frames are
        made of this word alone: features that see more than a word, such as an encoder's or the level, differ from
        those of the whole utterance. A word encoder, too, sees one word at a time.

        Args:
            word: `word`, and `start_s` and `end_s` in seconds of the stream; with samples also `phonemes`, where
                known, with theirs.
            samples: (n,) the word's audio, mono, at the streamer's `sampling_rate`.
            frames: instead, for each phoneme (frames, D), as the feature extractor makes them, not normalised.

        Returns:
            An update; several where a word is spoken as several, as a number is.

        Raises:
            ValueError: for audio or frames that do not fit, or that the model needs and are not there.
        """
        words, inputs = self._of_frames(word, frames) if samples is None else self._of_samples(word, samples)
        updates = self._word_updates(words, self._of_fed.add(inputs), self._num_words)
        self._num_words += len(updates)
        return updates

    # --- utterances of audio ---

    def _ended(self, utterances: Sequence[SpokenUtterance]) -> list[dict]:
        updates = []
        for utterance in utterances:
            updates += self._heard(utterance, is_final=True)
            self._utterance += 1
        return updates

    def _provisional(self) -> list[dict]:
        """Updates of the utterance so far, where there is enough new speech, and time."""
        current = self._cutter.current
        if current is None or self.provisional_s is None:
            return []
        if self._passes.start != current.start:
            self._passes = _Passes(current.start)
        length_s = current.end_s - current.start_s
        is_late = self._passes.spent_s > PROVISIONAL_SHARE * length_s
        if is_late or length_s - self._passes.until_s < self.provisional_s:
            return []
        began_s = time.perf_counter()
        updates = self._heard(current, is_final=False)
        spent_s = self._passes.spent_s + time.perf_counter() - began_s
        self._passes = _Passes(current.start, length_s, spent_s)
        return updates

    def _heard(self, utterance: SpokenUtterance, is_final: bool) -> list[dict]:
        recording = {"array": utterance.samples, "sampling_rate": SAMPLING_RATE}
        inputs = self._classify.preprocess(recording, **self._options)
        found = inputs.pop("utterance")
        if "error" in found:
            return [self._left_out(utterance.start_s, utterance.end_s, found["error"])] if is_final else []
        self._of_utterance.start()
        words = [moved(word, utterance.start_s) for word in found["words"]]
        scored = self._of_utterance.add(inputs)
        updates = self._word_updates(words, scored, is_final=is_final, warnings=found["warnings"])
        if is_final and found["truncated"]:
            reason = f"The model takes {len(updates)} words of an utterance, and these are more."
            updates.append(self._left_out(words[len(updates)]["start_s"], utterance.end_s, reason))
        return updates

    # --- words that are fed ---

    def _of_samples(self, word: Mapping, samples: np.ndarray) -> tuple[list[dict], BatchFeature]:
        """A word with its own audio: as the words that are spoken, and their inputs."""
        processor = self._classify.processor
        rate = processor.feature_extractor.sampling_rate
        samples = to_mono(samples, self.sampling_rate, rate, "The audio of the word")
        start_s = word["start_s"]
        words = words_from_times([moved(word, -start_s)], len(samples) / rate)
        inputs = processor(samples, words=words, sampling_rate=rate, return_tensors="pt")
        return [moved(its, start_s) for its in words], inputs

    def _of_frames(self, word: Mapping, frames: Sequence[np.ndarray] | None) -> tuple[list[Mapping], BatchFeature]:
        """A word with its frames, or with its text alone."""
        processor = self._classify.processor
        batch = BatchFeature({"word_lengths": np.ones((1, 1), np.int64)})
        if frames is not None:
            lengths = {"phoneme_lengths": [len(its) for its in frames], "word_lengths": [len(frames)]}
            features = processor.feature_extractor.normalize(np.concatenate(frames))
            batch = processor.feature_extractor.pad([{"input_features": features, **lengths}])
        return [word], processor.add_words(batch, [[word["word"]]], "pt")

    # --- updates ---

    def _word_updates(
        self,
        words: Sequence[Mapping],
        scored: list[tuple],
        first: int = 0,
        is_final: bool = True,
        warnings: Sequence[str] = (),
    ) -> list[dict]:
        labels = self._classify.model.config.id2label.values()
        return [
            {
                "utterance": self._utterance,
                "number": number,
                **{name: word.get(name) for name in ("word", "start_s", "end_s", "confidence")},
                "probabilities": dict(zip(labels, probabilities, strict=True)),
                "attention": attention,
                "is_final": is_final,
                "late_s": self._late_s(word.get("end_s")),
                "warnings": [*warnings],
            }
            for number, (word, (probabilities, attention)) in enumerate(zip(words, scored, strict=False), first)
        ]

    def _left_out(self, start_s: float, end_s: float, reason: str) -> dict:
        times = {"start_s": start_s, "end_s": end_s}
        told = {"utterance": self._utterance, **times, "left_out": reason}
        return told | {"is_final": True, "late_s": self._late_s(end_s)}

    def _late_s(self, end_s: float | None) -> float | None:
        if not self._num_samples or end_s is None:
            return None
        return self._num_samples / self.sampling_rate - end_s


@dataclass(frozen=True)
class _Passes:
    """The provisional results of an utterance: its first sample, how much of it they heard, the time they took."""

    start: int
    until_s: float = 0.0
    spent_s: float = 0.0
