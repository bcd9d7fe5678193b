"""In which order utterances come into batches."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler


MAX_WINDOW = 16  # batches, at most, that are sorted together
MIN_WINDOWS = 4  # so that utterances meet others in every epoch


class SimilarLengths(Sampler[int]):
    """A random order in which the utterances of a batch are about equally long, so that little of it is padding.

    Utterances are shuffled, sorted by length within windows of some batches, and the batches shuffled again. Where all
    are equally long the order is as random as without.

    Args:
        lengths: of each utterance.
        batch_size: utterances that are taken together; the last ones of the order may be fewer.
        generator: draws the order.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, generator: torch.Generator):
        self.lengths, self.batch_size, self.generator = torch.tensor(lengths), batch_size, generator

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        window = max(1, min(MAX_WINDOW, len(self) // self.batch_size // MIN_WINDOWS)) * self.batch_size
        order = torch.randperm(len(self), generator=self.generator)
        whole, rest = order.tensor_split([len(self) - len(self) % self.batch_size])
        by_length = torch.cat([each[self.lengths[each].argsort(stable=True)] for each in whole.split(window)])
        batches = by_length.view(-1, self.batch_size)
        batches = batches[torch.randperm(len(batches), generator=self.generator)]
        yield from torch.cat([batches.flatten(), rest]).tolist()
