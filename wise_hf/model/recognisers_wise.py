"""Recognisers by name: pocketsphinx's, any of transformers by its name or folder, faster-whisper's, or one's own."""

import hashlib
import importlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoConfig, pipeline

from .decoder_wise import SAMPLING_RATE
from .forks_wise import use_own_thread
from .pocketsphinx_wise import recognise_english
from .recognised_wise import LanguageError, Recognised, Recogniser, language_code
from .whisper_wise import WhisperRecogniser


POCKETSPHINX = "pocketsphinx"
FASTER_WHISPER = "faster-whisper:"
GIVE = "give 'pocketsphinx', the name or folder of a recogniser of transformers, such as openai/whisper-base, "
GIVE += "'faster-whisper:small', or a function"


def load_recogniser(recogniser: str | Recogniser | None, language: str | None = None) -> Recogniser:
    """A recogniser.

    Args:
        recogniser: "pocketsphinx" (also `None`), the name on the Hub or the folder of a Whisper or a CTC model of
            transformers, "faster-whisper:" and a name or folder, or a function as of `recognised_wise.Recogniser`.
        language: ISO 639-1 code of what is spoken, for those that can be told; `None` = they find out.

    Raises:
        ValueError: there is none of this name, or it cannot be told the language.
        ImportError: faster-whisper is not installed.
    """
    language = language_code(language)
    if callable(recogniser):
        if language is not None:
            raise LanguageError(f"A function is not told the language '{language:.40}'; let it know it by itself.")
        return recogniser
    if recogniser is not None and not isinstance(recogniser, str):
        raise ValueError(f"The recogniser is {recogniser!r:.60}; {GIVE}.")
    return RecogniserSource(recogniser or POCKETSPHINX, language).read()


@dataclass(frozen=True)
class RecogniserSource:
    """Where a recogniser is read from, and a recogniser itself, which every process reads when it first hears.

    Args:
        name_or_folder, language: see `load_recogniser`.
    """

    name_or_folder: str
    language: str | None = None

    def read(self) -> Recogniser:
        """The recogniser, the same one at every call in a process; see `load_recogniser`."""
        use_own_thread()
        return _read(self)

    def __call__(self, samples: np.ndarray, sampling_rate: int = SAMPLING_RATE) -> Recognised:
        """What it hears, see `recognised_wise.Recogniser`."""
        return self.read()(samples, sampling_rate)

    @property
    def known_by(self) -> tuple[str | None, ...]:
        """What changes when what it hears does, for caches; a recogniser that is not there is found out here."""
        self.read()
        return self.language, _digest(self.name_or_folder)

    @property
    def cannot_fork(self) -> bool:
        """Forked processes cannot use it: a GPU, and CTranslate2's threads, are their parent's."""
        if self.name_or_folder.startswith(FASTER_WHISPER):
            return True
        return self.name_or_folder != POCKETSPHINX and torch.cuda.is_available()


@lru_cache(maxsize=8)
def _digest(name: str) -> str:
    """Of the files of a folder, wherever it is; of a name on the Hub with its commit."""
    folder = Path(name.removeprefix(FASTER_WHISPER))
    if name == POCKETSPHINX or (name.startswith(FASTER_WHISPER) and not folder.is_dir()):
        return name
    if not folder.is_dir():
        return f"{name}@{getattr(AutoConfig.from_pretrained(name), '_commit_hash', None)}"
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@lru_cache(maxsize=2)
def _read(source: RecogniserSource) -> Recogniser:
    name, language = source.name_or_folder, source.language
    if name == POCKETSPHINX:
        if language not in (None, "en"):
            raise LanguageError(f"pocketsphinx knows English alone, not '{language:.40}'; {GIVE}.")
        return recognise_english
    if name.startswith(FASTER_WHISPER):
        return FasterWhisperRecogniser(name.removeprefix(FASTER_WHISPER), language)
    return _of_transformers(name, language)


def _of_transformers(name: str, language: str | None) -> Recogniser:
    if name.count("/") != 1 and "/" in name and not os.path.isdir(name):
        raise ValueError(f"The folder {name:.300} is not there; {GIVE}.")
    try:
        config = AutoConfig.from_pretrained(name)
        if config.model_type == "whisper":
            return WhisperRecogniser(name, language)
        return CTCRecogniser(name, language)
    except LanguageError:
        raise
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, StrictDataclassError) as error:
        told = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(". ")
        raise ValueError(f"There is no recogniser '{name:.200}' ({told}); {GIVE}.") from error


class CTCRecogniser:
    """A CTC model of transformers, such as a fine-tuned wav2vec2: words with times."""

    def __init__(self, name_or_folder: str, language: str | None = None):
        """Load it, onto a GPU where there is one.

        Args:
            name_or_folder: a folder, or a name on the Hub.
            language: ISO 639-1 code of what it was trained on, which it does not tell.
        """
        device = 0 if torch.cuda.is_available() else -1
        given = {"use_safetensors": True}  # other weights are pickles
        self._recognise = pipeline("automatic-speech-recognition", name_or_folder, device=device, model_kwargs=given)
        self.language = language

    def __call__(self, samples: np.ndarray, sampling_rate: int = SAMPLING_RATE) -> Recognised:
        """Words of a recording.

        Args:
            samples: (n,) float32, mono, in [-1, 1].
            sampling_rate: in Hz.
        """
        heard = self._recognise({"raw": samples, "sampling_rate": sampling_rate}, return_timestamps="word")
        words = [_word(each["text"], *each["timestamp"], None) for each in heard["chunks"] if each["text"].strip()]
        return Recognised(words, self.language)


class FasterWhisperRecogniser:
    """Whisper on CTranslate2, by the package faster-whisper: words with times and confidence."""

    def __init__(self, name_or_folder: str, language: str | None = None):
        """Load it.

        Args:
            name_or_folder: a folder of CTranslate2, or a name such as "small".
            language: ISO 639-1 code of what is spoken; `None` = it finds out.

        Raises:
            ValueError: it cannot be loaded.
            ImportError: faster-whisper is not installed.
        """
        try:
            package = importlib.import_module("faster_whisper")
        except ImportError as error:
            raise ImportError("This recogniser needs faster-whisper: pip install 'wise_hf[faster-whisper]'") from error
        try:
            self._model = package.WhisperModel(name_or_folder)
        except (OSError, RuntimeError, ValueError) as error:
            raise ValueError(f"There is no recogniser '{FASTER_WHISPER}{name_or_folder:.200}' ({error}).") from error
        self.language = language

    def __call__(self, samples: np.ndarray, sampling_rate: int = SAMPLING_RATE) -> Recognised:
        """Words of a recording; the arguments are those of `CTCRecogniser`."""
        segments, told = self._model.transcribe(
            samples, language=self.language, word_timestamps=True, condition_on_previous_text=False
        )
        words = [word for segment in segments for word in segment.words or []]
        return Recognised(
            [_word(word.word, word.start, word.end, word.probability) for word in words if word.word.strip()],
            told.language,
            told.language_probability,
        )


def _word(word: str, start_s: float | None, end_s: float | None, confidence: float | None) -> dict:
    return {"word": word.strip(), "start_s": start_s, "end_s": end_s, "confidence": confidence}
