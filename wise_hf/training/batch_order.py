"""In which order utterances come into batches."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler


WINDOW = 16  # batches whose utterances are sorted by length, and at most
SHARE = 4  # a quarter of all, so that utterances meet others in every epoch


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
        window = max(1, min(WINDOW, len(self) // self.batch_size // SHARE)) * self.batch_size
        windows = torch.randperm(len(self), generator=self.generator).split(window)
        by_length = torch.cat([each[self.lengths[each].argsort(stable=True)] for each in windows])
        whole, rest = by_length.tensor_split([len(self) - len(self) % self.batch_size])
        batches = whole.view(-1, self.batch_size)
        batches = batches[torch.randperm(len(batches), generator=self.generator)]
        yield from torch.cat([batches.flatten(), rest]).tolist()
