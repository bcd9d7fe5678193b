"""The states of the acoustic model (senones): which ones a phone has in its context, and whose sounds they mix."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np


STATES_A_PHONE = 3


@dataclass(frozen=True)
class ModelDefinition:
    """Which three states (senones) a phone in its context has. Source: pocketsphinx bin_mdef.c, binary format 1.

    Attributes:
        phones: name -> number of the phone without context.
        keys: (n,) int64 sorted triphone keys.
        sequences: (n,) the state sequence of each key.
        base_sequences: (phones,) the state sequence of each phone without context.
        senones: (sequences, 3) uint16 state numbers.
        codebooks: (senones,) uint8 the phone whose Gaussians a senone mixes.
    """

    phones: dict[str, int]
    keys: np.ndarray
    sequences: np.ndarray
    base_sequences: np.ndarray
    senones: np.ndarray
    codebooks: np.ndarray

    def base_states(self, phone: str) -> np.ndarray:
        """The (3,) senones of a phone without context."""
        return self.all_base_states()[self.phones[phone]]

    def all_base_states(self) -> np.ndarray:
        """The (phones, 3) senones of all phones without context."""
        return self.senones[self.base_sequences]

    def states(self, phone: str, left: str, right: str, position: int) -> np.ndarray:
        """The (3,) senones of a phone between two others; position 0 inside, 1 begins, 2 ends, 3 is a word."""
        context = [self.phones[name] for name in (phone, left, right)]
        for place in (position, 0, 1, 2, 3):
            key = _triphone_key(place, *context)
            found = np.searchsorted(self.keys, key)
            if found < len(self.keys) and self.keys[found] == key:
                return self.senones[self.sequences[found]]
        return self.base_states(phone)


def _triphone_key(position, phone, left, right):
    return ((position * 256 + phone) * 256 + left) * 256 + right


def read_definition(path: Path) -> ModelDefinition:
    """A model definition from its file.

    Args:
        path: of a file of the binary format.

    Raises:
        ValueError: not this format, or no model of three states a phone.
    """
    data = path.read_bytes()
    header = 12 + int.from_bytes(data[8:12], "little")
    counts = [int(count) for count in np.frombuffer(data, "<i4", 10, header)]
    n_phones, n_triphones, n_states, _, n_senones, _, n_sequences, _, n_nodes, _ = counts
    if data[:4] != b"BMDF" or n_states != STATES_A_PHONE:
        raise ValueError(f"{path} is no three-state binary model definition; use pocketsphinx's embedded model.")
    names_at = header + 40
    names = data[names_at : names_at + 64 * n_phones].split(b"\0")[:n_phones]
    # Names are padded to 4 bytes; a tree of 8 byte nodes, a table of phones and a count stand before the states.
    tree_at = names_at + (sum(len(name) + 1 for name in names) + 3) // 4 * 4
    entry = np.dtype([("sequence", "<i4"), ("matrix", "<i4"), ("position", "u1"), ("context", "u1", 3)])
    entries = np.frombuffer(data, entry, n_triphones, tree_at + 8 * n_nodes)
    senones_at = tree_at + 8 * n_nodes + entry.itemsize * n_triphones + 4
    triphones = entries[n_phones:]
    keys = _triphone_key(triphones["position"].astype(np.int64), *triphones["context"].astype(np.int64).T)
    order = np.argsort(keys)
    senones = np.frombuffer(data, "<u2", n_sequences * STATES_A_PHONE, senones_at).reshape(-1, STATES_A_PHONE).copy()
    base_sequences = entries["sequence"][:n_phones].copy()
    codebooks = np.empty(n_senones, np.uint8)
    codebooks[senones[triphones["sequence"]]] = triphones["context"][:, :1]
    codebooks[senones[base_sequences]] = np.arange(n_phones)[:, None]
    return ModelDefinition(
        phones={name.decode(): number for number, name in enumerate(names)},
        keys=keys[order],
        sequences=triphones["sequence"][order],
        base_sequences=base_sequences,
        senones=senones,
        codebooks=codebooks,
    )
