"""All that is fuzzed, by kind."""

from functools import cache

from fuzz.audio_targets import audio_targets, request_target
from fuzz.running import Target
from fuzz.text_targets import corpus_targets, model_targets, run_targets, vector_targets, word_targets


@cache
def targets() -> dict[str, list[Target]]:
    """The targets: `text` and `audio`."""
    texts = [*word_targets(), *corpus_targets(), *vector_targets(), *run_targets(), request_target(), *model_targets()]
    return {"text": texts, "audio": audio_targets()}
