import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence

from wise_hf.model.ragged_wise import layout_of_audio, layout_of_words, pack_segments, sum_segments, unflatten_words


lengths_of_segments = st.lists(st.integers(1, 6), min_size=1, max_size=8)


def segments_of(lengths):
    values = torch.arange(2.0 * sum(lengths)).unflatten(0, (-1, 2))
    return values, list(values.split(lengths))


@given(lengths_of_segments)
def test_pack_segments_packs_as_pytorch_does(lengths):
    values, segments = segments_of(lengths)
    packed, index = pack_segments(values, torch.tensor(lengths))
    expected = pack_sequence(segments, enforce_sorted=False)
    torch.testing.assert_close(packed.data, expected.data, rtol=0, atol=0)
    assert packed.batch_sizes.tolist() == expected.batch_sizes.tolist()
    assert torch.equal(values[index], packed.data)
    restored = torch.arange(len(lengths))[packed.sorted_indices][packed.unsorted_indices]
    assert restored.tolist() == list(range(len(lengths)))


@given(lengths_of_segments)
def test_sum_segments_sums_each_segment(lengths):
    values, segments = segments_of(lengths)
    expected = torch.stack([segment.sum(0) for segment in segments])
    torch.testing.assert_close(sum_segments(values, torch.tensor(lengths)), expected)


def test_layout_of_audio_finds_every_member_between_padding():
    layout = layout_of_audio(
        attention_mask=torch.tensor([[0, 1, 1], [0, 0, 1]]),
        word_lengths=torch.tensor([[0, 2, 1], [0, 0, 1]]),
        phoneme_lengths=torch.tensor([[1, 2, 1, 0], [3, 0, 0, 0]]),
        num_frames=5,
    )
    assert layout.utterance_lengths.tolist() == [2, 1]
    assert layout.word_positions.tolist() == [1, 2, 5]
    assert layout.word_lengths.tolist() == [2, 1, 1]
    assert layout.phoneme_lengths.tolist() == [1, 2, 1, 3]
    assert layout.frame_positions.tolist() == [0, 1, 2, 3, 5, 6, 7]


def test_unflatten_words_puts_words_in_their_places():
    is_word = torch.tensor([[False, True, True], [True, False, False]])
    words = unflatten_words(torch.tensor([[1.0], [2.0], [3.0]]), layout_of_words(is_word), is_word)
    assert words.squeeze(2).tolist() == [[0, 1, 2], [3, 0, 0]]


def test_an_utterance_without_words_is_named():
    with pytest.raises(ValueError, match="Utterance 1 of the batch has no words"):
        layout_of_words(torch.tensor([[1, 0], [0, 0]]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"word_lengths": torch.tensor([[2, 0]])}, "name different words"),
        ({"word_lengths": torch.tensor([[2, 1, 0]])}, "name different words"),
        ({"word_lengths": torch.tensor([[3, 1]])}, "counts other phonemes"),
        ({"phoneme_lengths": torch.tensor([[1, 0, 3]])}, "counts other phonemes"),
        ({"phoneme_lengths": torch.tensor([[1, 2, 3, -100]])}, "values below 0; pad both with 0"),
        ({"word_lengths": torch.tensor([[2, -1]])}, "values below 0; pad both with 0"),
        ({"num_frames": 5}, "counts 6 frames; input_features has 5"),
    ],
)
def test_lengths_that_contradict_each_other_raise(changes, message):
    lengths = {
        "attention_mask": torch.tensor([[1, 1]]),
        "word_lengths": torch.tensor([[2, 1]]),
        "phoneme_lengths": torch.tensor([[1, 2, 3]]),
        "num_frames": 6,
    }
    layout_of_audio(**lengths)
    with pytest.raises(ValueError, match=message):
        layout_of_audio(**lengths | changes)
