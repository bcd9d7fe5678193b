"""The acoustic model: which states a phone has, and how badly each state fits each frame of a recording."""

import os
import shutil
import tempfile
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .decoder_wise import decode, drop_decoder, make_decoder, shared_decoder


SEARCH = "scores"
PURPOSE = "align"


@dataclass(frozen=True)
class ModelDefinition:
    """Which three states (senones) a phone in its context has. Source: pocketsphinx bin_mdef.c, binary format 1.

    Attributes:
        phones: name -> number of the phone without context.
        keys: (n,) int64 sorted triphone keys.
        sequences: (n,) the state sequence of each key.
        base_sequences: (phones,) the state sequence of each phone without context.
        senones: (sequences, 3) uint16 state numbers.
        n_senones: how many states the model has.
    """

    phones: dict[str, int]
    keys: np.ndarray
    sequences: np.ndarray
    base_sequences: np.ndarray
    senones: np.ndarray
    n_senones: int

    def base_states(self, phone: str) -> np.ndarray:
        """The (3,) senones of a phone without context."""
        return self.senones[self.base_sequences[self.phones[phone]]]

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


@lru_cache(maxsize=1)
def _model_definition(path: str) -> ModelDefinition:
    data = Path(path).read_bytes()
    header = 12 + int.from_bytes(data[8:12], "little")
    counts = [int(count) for count in np.frombuffer(data, "<i4", 10, header)]
    n_phones, n_triphones, n_states, _, n_senones, _, n_sequences, _, n_nodes, _ = counts
    if data[:4] != b"BMDF" or n_states != 3:
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
    return ModelDefinition(
        phones={name.decode(): number for number, name in enumerate(names)},
        keys=keys[order],
        sequences=triphones["sequence"][order],
        base_sequences=entries["sequence"][:n_phones].copy(),
        senones=np.frombuffer(data, "<u2", n_sequences * 3, senones_at).reshape(-1, 3).copy(),
        n_senones=n_senones,
    )


def _make_aligner() -> Any:
    # What is wanted are the scores of all states, which pocketsphinx writes to senlogdir; any grammar will do.
    folder = os.path.join(tempfile.gettempdir(), f"wise-{os.getpid()}-{uuid.uuid4().hex}")
    decoder = make_decoder(lm=None, senlogdir=folder, compallsen=True)
    decoder.add_jsgf_string(SEARCH, f"#JSGF V1.0; grammar {SEARCH}; public <{SEARCH}> = a;")
    decoder.activate_search(SEARCH)
    return decoder


def drop_aligner() -> None:
    """Forgets this process's aligner, which a failure leaves spoilt; the next call makes a new one."""
    drop_decoder(PURPOSE)


def dictionary_lookup(word: str) -> str | None:
    """The embedded pronunciation dictionary.

    Args:
        word: a lower-case word, or an alternative such as "the(2)".

    Returns:
        Its ARPAbet phonemes joined by blanks, or None.
    """
    lock, decoder = shared_decoder(PURPOSE, _make_aligner)
    with lock:
        return decoder.lookup_word(word)


def acoustic_costs(samples: np.ndarray) -> tuple[np.ndarray, ModelDefinition]:
    """How badly every state of the model fits every 10 ms frame.

    Args:
        samples: (n,) float from `check_samples`, not silent.

    Returns:
        (frames, senones) int16 costs, 0 = the frame's best, and the model that names the columns.
    """
    lock, decoder = shared_decoder(PURPOSE, _make_aligner)
    with lock:
        folder = decoder.config["senlogdir"]
        definition = _model_definition(os.path.join(decoder.config["hmm"], "mdef"))
        # The folder lives only as long as the call, so that nothing is left behind by a process that is ended.
        os.mkdir(folder, mode=0o700)
        try:
            decode(decoder, samples)
            (log,) = os.listdir(folder)
            return _read_costs(os.path.join(folder, log), definition.n_senones), definition
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _read_costs(path: str, n_senones: int) -> np.ndarray:
    data = Path(path).read_bytes()
    # A text header, a byte-order mark of 4 bytes, then (count, count scores) a frame.
    start = data.index(b"endhdr\n") + 11
    values = np.frombuffer(data, "<i2", (len(data) - start) // 2, start)
    frames = values[: len(values) - len(values) % (n_senones + 1)].reshape(-1, n_senones + 1)
    if (frames[:, 0] != n_senones).any():
        raise ValueError(f"pocketsphinx did not score all {n_senones} states of every frame; use another release.")
    return frames[:, 1:]
