"""Ragged batches: frames, phonemes and words stand one after the other in flat tensors, and each level is told how
many of the level below belong to each of its members.

Letters in the shapes: B utterances, N words and P phonemes in the longest utterance, T frames in the longest; F, K
and M are the frames, phonemes and words of the whole batch together.
"""

from dataclasses import dataclass

import torch
from torch.nn.utils.rnn import PackedSequence


@dataclass
class RaggedLayout:
    """Where the members of a batch stand; all int64, on the CPU, since packing needs the lengths there.

    Args:
        utterance_lengths: (B,) words in each utterance.
        word_positions: (M,) place of each word in the flattened (B * N).
        word_lengths: (M,) phonemes in each word, or `None` without audio.
        phoneme_lengths: (K,) frames in each phoneme, or `None` without audio.
        frame_positions: (F,) place of each frame in the flattened (B * T), or `None` without audio.
    """

    utterance_lengths: torch.Tensor
    word_positions: torch.Tensor
    word_lengths: torch.Tensor | None = None
    phoneme_lengths: torch.Tensor | None = None
    frame_positions: torch.Tensor | None = None


def layout_of_words(attention_mask: torch.Tensor) -> RaggedLayout:
    """The layout of a batch of words without audio.

    Args:
        attention_mask: (B, N) 1 at a word, 0 at padding.

    Raises:
        ValueError: for an utterance without words.
    """
    is_word = attention_mask.cpu() > 0
    lengths = is_word.sum(1)
    if not bool((lengths > 0).all()):
        raise ValueError(f"Utterance {int(lengths.argmin())} of the batch has no words; give each at least one.")
    return RaggedLayout(lengths, is_word.flatten().nonzero().squeeze(1))


def layout_of_audio(
    attention_mask: torch.Tensor, word_lengths: torch.Tensor, phoneme_lengths: torch.Tensor, num_frames: int
) -> RaggedLayout:
    """The layout of a batch of words with their audio.

    Args:
        attention_mask: (B, N) 1 at a word, 0 at padding.
        word_lengths: (B, N) phonemes in each word, 0 at padding.
        phoneme_lengths: (B, P) frames in each phoneme, 0 at padding.
        num_frames: T, the frames that each row of the features has room for.

    Raises:
        ValueError: where the lengths contradict each other.
    """
    layout = layout_of_words(attention_mask)
    word_lengths, phoneme_lengths = word_lengths.cpu(), phoneme_lengths.cpu()
    if int(word_lengths.min()) < 0 or int(phoneme_lengths.min()) < 0:
        raise ValueError("word_lengths or phoneme_lengths has values below 0; pad both with 0.")
    if not torch.equal(word_lengths > 0, attention_mask.cpu() > 0):
        raise ValueError("word_lengths and attention_mask name different words; every word has at least one phoneme.")
    if not torch.equal(word_lengths.sum(1), (phoneme_lengths > 0).sum(1)):
        raise ValueError("word_lengths counts other phonemes than phoneme_lengths has; each has a frame or more.")
    frames = phoneme_lengths.sum(1)
    if int(frames.max()) > num_frames:
        raise ValueError(f"phoneme_lengths counts {int(frames.max())} frames; input_features has {num_frames}.")
    layout.word_lengths = word_lengths[word_lengths > 0]
    layout.phoneme_lengths = phoneme_lengths[phoneme_lengths > 0]
    layout.frame_positions = (torch.arange(num_frames) < frames[:, None]).flatten().nonzero().squeeze(1)
    return layout


def packing_of(lengths: torch.Tensor) -> tuple[torch.Tensor, list[int], torch.Tensor]:
    """Where the members of segments stand once they are packed: the first of all, the second of all, and so on.

    Args:
        lengths: (segments,) int64, each at least 1.

    Returns:
        The int64 index (sum of lengths,) that packs the members, the segments that have a first, a second, ... member,
        and the segments (segments,) int64 from the longest to the shortest; all on the CPU.
    """
    lengths = lengths.cpu()  # accelerate moves what a module is called on to the module's device
    sorted_lengths, order = lengths.sort(descending=True, stable=True)
    starts = (lengths.cumsum(0) - lengths)[order]
    steps = torch.arange(int(sorted_lengths[0]))[:, None]
    is_member = steps < sorted_lengths  # (longest, segments)
    return (starts + steps)[is_member], is_member.sum(1).tolist(), order


def pack_segments(values: torch.Tensor, lengths: torch.Tensor) -> tuple[PackedSequence, torch.Tensor]:
    """Segments that stand one after the other, as a packed batch: no padding is made on the way.

    Args:
        values: (sum of lengths, size) the members of all segments.
        lengths: (segments,) int64, each at least 1.

    Returns:
        The packed segments and the int64 index (sum of lengths,) that `values` was gathered with.
    """
    index, sizes, order = packing_of(lengths)
    index, order = index.to(values.device), order.to(values.device)
    return PackedSequence(values.index_select(0, index), torch.tensor(sizes), order, order.argsort()), index


def sum_segments(values: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """(sum of lengths, ...), (segments,) -> (segments, ...): the sum over each segment."""
    segment = torch.arange(len(lengths)).repeat_interleave(lengths.cpu()).to(values.device)
    return values.new_zeros(len(lengths), *values.shape[1:]).index_add(0, segment, values)


def unflatten_words(words: torch.Tensor, layout: RaggedLayout, is_word: torch.Tensor) -> torch.Tensor:
    """(M, size), bool (B, N) -> (B, N, size), 0 at padding."""
    padded = words.new_zeros(is_word.numel(), words.shape[1])
    return padded.index_copy(0, layout.word_positions.to(words.device), words).unflatten(0, is_word.shape)
