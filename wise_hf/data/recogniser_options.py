"""What a recogniser hears of a corpus, as it can be chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from wise_hf.data.options import Options, option
from wise_hf.data.utterance_words import align_utterance, hear_utterance
from wise_hf.model.recognisers_wise import POCKETSPHINX, RecogniserSource


@dataclass(frozen=True, kw_only=True)
class RecogniserOptions(Options):
    """Who hears what is said where the corpus has no text, or instead of its text."""

    _argument_group_name = "recogniser"

    recogniser: str | None = option(
        None,
        help="hears recordings without a text: pocketsphinx (default), the name or folder of a Whisper or of a CTC "
        "model of transformers, or faster-whisper:NAME",
    )
    language: str | None = option(None, help="that the recogniser is told, as en or pl (default: it finds out)")
    recognised_text: bool = option(
        False, help="let the recogniser hear all recordings, and pass over the texts and words that the corpus has"
    )

    @property
    def align(self) -> Callable[..., dict]:
        """The map function that finds the words of an utterance, see `wise_hf.data.prepare.align_corpus`."""
        align = hear_utterance if self.recognised_text else align_utterance
        if self.recogniser is None and self.language is None:
            return align
        return partial(align, recogniser=RecogniserSource(self.recogniser or POCKETSPHINX, self.language))
