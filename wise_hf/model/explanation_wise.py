"""Why a recording was classified as it was: what changes where a word, or a modality, is not there."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import Pipeline

from .word_by_word_wise import FRAMES, PIECES


LARGEST_BATCH = 2**24  # values of frames that are classified at once, 64 MiB
NOTE = (
    "An effect is how much less probable the decided emotion is without a word (or without its audio or its text "
    "alone); effects do not add up, since words act together, and the model has learnt from few recordings with such "
    "gaps. Attention is how the model weighed its states after each word, which hold the words before, too; it does "
    "not tell what changed the decision."
)
ENCODED_NOTE = " An encoder read the whole recording first, so that what is left of it still bears traces of the word."


class _Word(NamedTuple):
    """A word as the model reads it; `None` what it does not read.

    Args:
        frames: (frames, D), normalised.
        phoneme_lengths: (phonemes,) frames in each.
        text: () its number, or (size,) its vector.
    """

    frames: torch.Tensor | None
    phoneme_lengths: torch.Tensor
    text: torch.Tensor | None


def explain_decision(classify: Pipeline, inputs: dict) -> dict:
    """See `WISEAudioClassificationPipeline.explain`.

    Args:
        classify: the pipeline.
        inputs: what it made of one recording, ready for the model.
    """
    clip = _words_of(classify, inputs)
    whole = classify.forward(_batch([clip]) | {"utterance": inputs["utterance"]}, return_words=True)
    result = classify.postprocess(whole, return_words=True)
    probabilities = {entry["label"]: entry["score"] for entry in result.pop("scores")}
    emotion = next(iter(probabilities))
    without = _without(classify, clip)
    words = [word | _effects(probabilities, emotion, without, index) for index, word in enumerate(result.pop("words"))]
    alone = {modality: without[f"{modality} alone"] for modality in ("audio", "text")}
    modalities = {modality: its[0] if its else None for modality, its in alone.items()}
    is_encoded = classify.processor.feature_extractor.is_encoded or classify.processor.cuts_words
    note = NOTE + ENCODED_NOTE * is_encoded
    decided = {"emotion": emotion, "probabilities": probabilities, "modalities": modalities, "note": note}
    return result | decided | {"words": words}


def _words_of(classify: Pipeline, inputs: dict) -> list[_Word]:
    """The words of the one recording in a batch; what encoders make of it is made once."""
    wise, config = classify.model.wise, classify.model.config
    with classify.device_placement(), torch.no_grad():
        given = {name: value.to(classify.device) for name, value in inputs.items() if name != "utterance"}
        frames = wise.encode_frames(*map(given.get, FRAMES))
        texts = given.get("input_ids") if config.vocab_size else wise.encode_words(*map(given.get, PIECES))
    phonemes = given["phoneme_lengths"][0].split(given["word_lengths"][0].tolist())
    count = len(phonemes)
    frames = [None] * count if config.modality == "text" else frames[0].split([int(its.sum()) for its in phonemes])
    texts = [None] * count if config.modality == "audio" else texts[0]
    return [_Word(*word) for word in zip(frames, phonemes, texts, strict=True)]


def _batch(variants: Sequence[Sequence[_Word]]) -> dict[str, torch.Tensor]:
    """Variants of a recording as the model takes them, with zeros as padding."""
    lengths = [torch.tensor([len(word.phoneme_lengths) for word in words]) for words in variants]
    rows = {
        "word_lengths": lengths,
        "attention_mask": [torch.ones_like(each) for each in lengths],
        "phoneme_lengths": [torch.cat([word.phoneme_lengths for word in words]) for words in variants],
    }
    frames, _, text = variants[0][0]
    if frames is not None:
        rows["input_features"] = [torch.cat([word.frames for word in words]) for words in variants]
    if text is not None:
        name = "word_vectors" if text.ndim else "input_ids"
        rows[name] = [torch.stack([word.text for word in words]) for words in variants]
    return {name: pad_sequence(its, batch_first=True) for name, its in rows.items()}


def _without(classify: Pipeline, clip: list[_Word]) -> dict[str, list[dict[str, float]]]:
    """The probabilities of each variant of a recording, by what is not there; empty lists where that has no sense."""
    variants = {"word": [], "its audio": [], "its text": [], "audio alone": [], "text alone": []}
    if len(clip) > 1:
        variants["word"] = [clip[:index] + clip[index + 1 :] for index in range(len(clip))]
    if classify.model.config.modality == "both":
        muted, unknown = _without_audio(classify, clip), _without_text(classify, clip)
        variants["its audio"] = _exchanged(clip, muted)
        variants["its text"] = _exchanged(clip, unknown)
        variants["audio alone"], variants["text alone"] = [unknown], [muted]
    scored = iter(_classified(classify, [each for its in variants.values() for each in its]))
    return {name: [next(scored) for _ in its] for name, its in variants.items()}


def _without_audio(classify: Pipeline, clip: list[_Word]) -> list[_Word]:
    """The words with the mean in place of every frame: 0, unless nothing normalises the frames."""
    frames = torch.cat([word.frames for word in clip])
    is_normalized = classify.processor.feature_extractor.normalization != "none"
    mean = torch.zeros_like(frames[0]) if is_normalized else frames.mean(0)
    return [word._replace(frames=mean.expand_as(word.frames)) for word in clip]


def _without_text(classify: Pipeline, clip: list[_Word]) -> list[_Word]:
    """The words as unknown ones; of an encoder's vectors 0, as the model has it where a word has no piece."""
    unknown = torch.zeros_like(clip[0].text)
    if not unknown.ndim:
        unknown += classify.processor.tokenizer.unk_token_id
    return [word._replace(text=unknown) for word in clip]


def _exchanged(clip: list[_Word], others: list[_Word]) -> list[list[_Word]]:
    """For each word the recording with another one in its place."""
    return [[*clip[:index], other, *clip[index + 1 :]] for index, other in enumerate(others)]


def _classified(classify: Pipeline, variants: list[list[_Word]]) -> list[dict[str, float]]:
    """The probabilities of each variant, as many at once as `LARGEST_BATCH` has room for."""
    if not variants:
        return []
    values = sum(0 if word.frames is None else word.frames.numel() for word in variants[-1])
    rows = max(1, LARGEST_BATCH // max(1, values))
    parts = [variants[start : start + rows] for start in range(0, len(variants), rows)]
    logits = torch.cat([classify.forward(_batch(part) | {"utterance": {}})["logits"] for part in parts])
    labels = classify.model.config.id2label
    return [{labels[index]: p for index, p in enumerate(row)} for row in logits.float().softmax(-1).tolist()]


def _effects(probabilities: dict[str, float], emotion: str, without: dict[str, list[dict]], index: int) -> dict:
    """What is said of a word; `None` where it cannot be left out, or did not count."""

    def of(name: str) -> dict[str, float] | None:
        return without[name][index] if index < len(without[name]) else None

    def effect(name: str) -> float | None:
        return None if of(name) is None else probabilities[emotion] - of(name)[emotion]

    effects = {"effect": effect("word"), "audio_effect": effect("its audio"), "text_effect": effect("its text")}
    return {"without": of("word")} | effects
