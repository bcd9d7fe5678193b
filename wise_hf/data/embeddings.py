"""GloVe text files -> a vocabulary, its vectors, and a plain word-level tokenizer."""

import functools
import gzip
import io
import logging
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import PreTrainedTokenizerFast


logger = logging.getLogger(__name__)

PAD, UNKNOWN = "[PAD]", "[UNK]"
# Endings that GloVe's tokenisation (Penn Treebank) splits off: don't = do + n't.
CLITICS = ("n't", "'s", "'re", "'ve", "'ll", "'d", "'m")
_SUBJECTS = ("i", "you", "he", "she", "it", "we", "they", "that", "what", "who", "there", "here", "where", "how")
_AUXILIARIES = (
    *("ai", "are", "ca", "could", "did", "does", "do", "had", "has", "have", "is", "might", "must", "need"),
    *("should", "was", "were", "wo", "would"),
)
CONTRACTIONS = (
    *(subject + clitic for subject in _SUBJECTS for clitic in CLITICS[1:]),
    *(auxiliary + "n't" for auxiliary in _AUXILIARIES),
)
LONGEST_LINE = 1 << 20  # characters; a word and 300 numbers take 3,000
MOST_UNPACKED = 30  # times the size of a packed file; GloVe's are 3 times as large


@dataclass
class WordVectors:
    """Words with their vectors.

    Args:
        words: the words, `[PAD]` and `[UNK]` first.
        matrix: (words, size) float32; the padding is 0, the unknown word the mean of all.
    """

    words: list[str]
    matrix: np.ndarray


def read_word_vectors(
    path: str | Path, vocabulary: int | str = "all", corpus_words: Iterable[str] = ()
) -> WordVectors:
    """Read a GloVe text file (`.txt`, `.txt.gz`, or a `.zip` with one).

    A corpus's word that the file lacks gets the mean of its pieces' vectors where those are there (`don't` = `do` +
    `n't`), and so do the common contractions; the rest stays unknown.

    Args:
        path: the file; each line holds a word and its values, separated by spaces.
        vocabulary: the first N rows (an int), `"corpus"` for the words of the corpus alone, `"all"` for every row.
        corpus_words: the words that the corpus has.

    Raises:
        ValueError: naming the file and line, for a file that is missing or broken.
    """
    wanted = set(corpus_words)
    spellings = wanted | {word.lower() for word in wanted}
    composed = wanted if vocabulary == "corpus" else wanted | set(CONTRACTIONS)
    pieces = {piece for word in composed for piece in _pieces(word)}
    vectors: dict[str, np.ndarray] = {}
    only_pieces: dict[str, np.ndarray] = {}
    for number, (word, values) in enumerate(_rows(Path(path))):
        inside = vocabulary == "all" or (isinstance(vocabulary, int) and number < vocabulary)
        if inside or word in spellings:
            vectors.setdefault(word, values())
        elif word in pieces:
            only_pieces.setdefault(word, values())
    _add_means_of_pieces(vectors, sorted(composed), only_pieces)
    if not vectors:
        raise ValueError(f"{path} holds none of the words wanted; give a GloVe file of the corpus's language.")
    unknown = sum(word not in vectors and word.lower() not in vectors for word in wanted)
    if unknown:
        logger.warning("%d of %d words of the corpus have no vector.", unknown, len(wanted))
    matrix = np.stack(list(vectors.values()))
    matrix = np.concatenate([np.zeros_like(matrix[:1]), matrix.mean(0, keepdims=True), matrix])
    return WordVectors([PAD, UNKNOWN, *vectors], matrix)


def check_word_vectors(path: Path) -> None:
    """Find out at once whether a file starts like a file of word vectors; see `check_to_the_end`.

    Raises:
        ValueError: for a file that is missing, encrypted, or no GloVe file.
    """
    first = next(_rows(path), None)
    if first is None:
        raise ValueError(f"{path} holds no words; give a GloVe file (.txt, .txt.gz or .zip).")
    _, values = first
    values()


def check_to_the_end(path: Path) -> None:
    """Find out before hours of work whether a file can be read: a damaged archive tells only at its end.

    GloVe's largest file, 5.6 GB, takes about half a minute, less than it takes to read its numbers later.

    Raises:
        ValueError: for a file that is damaged, or a line that is not a word and as many numbers as the first has.
    """
    logger.info("Checking %s.", path)
    for _ in _rows(path):
        pass


def _pieces(word: str) -> list[str]:
    lower = word.lower()
    for clitic in CLITICS:
        if lower.endswith(clitic) and len(lower) > len(clitic):
            return [lower[: -len(clitic)], clitic]
    return [piece for piece in lower.split("-") if piece] if "-" in lower else []


def _add_means_of_pieces(
    vectors: dict[str, np.ndarray], words: Sequence[str], only_pieces: dict[str, np.ndarray]
) -> None:
    known = only_pieces | vectors
    for word in words:
        pieces = _pieces(word)
        if pieces and word not in vectors and word.lower() not in vectors and all(piece in known for piece in pieces):
            vectors[word] = np.mean([known[piece] for piece in pieces], axis=0, dtype=np.float32)


def _rows(path: Path) -> Iterator[tuple[str, Callable[[], np.ndarray]]]:
    """Each line's word, and a function that reads its values: most lines of a large file are not wanted."""
    size = None
    with _open_text(path) as file:
        for number, line in enumerate(_lines(path, file), 1):
            if size is None:
                if len(line.split()) == 2:  # word2vec's header: rows and size
                    continue
                size = len(line.rstrip().split(" ")) - 1
                if size < 2:
                    raise ValueError(f"{path} is no GloVe file: its lines are not a word and its numbers.")
            word, *values = line.rstrip().rsplit(" ", size)
            broken = f"{path}, line {number}: expected a word and {size} numbers; repair or remove the line."
            if not word or len(values) != size:
                raise ValueError(broken)
            yield word, functools.partial(_vector, values, broken)


def _lines(path: Path, file: io.TextIOBase) -> Iterator[str]:
    """The lines of a file; a packed one of kilobytes may hold gigabytes, and that in one line."""
    left = MOST_UNPACKED * path.stat().st_size + LONGEST_LINE
    while line := file.readline(LONGEST_LINE):
        left -= len(line)
        if left < 0:
            raise ValueError(f"{path} unpacks to more than {MOST_UNPACKED} times its size; get it anew.")
        if len(line) == LONGEST_LINE:
            raise ValueError(f"{path} has a line of {LONGEST_LINE:,} characters; give a GloVe file.")
        yield line


def _vector(values: list[str], broken: str) -> np.ndarray:
    try:
        vector = np.array(values, dtype=np.float32)
    except ValueError as error:
        raise ValueError(broken) from error
    if not np.isfinite(vector).all():
        raise ValueError(broken)
    return vector


# What reading raises: no UTF-8, a broken archive, or one that Python cannot unpack (encrypted, deflate64).
_UNREADABLE = (
    *(UnicodeDecodeError, OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(NotImplementedError, RuntimeError),
)


@contextmanager
def _open_text(path: Path) -> Iterator[io.TextIOBase]:
    if not path.is_file():
        raise ValueError(f"{path} is not there; give a GloVe file (.txt, .txt.gz or .zip).")
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(_text_in(path, archive)) as file:
                yield io.TextIOWrapper(file, encoding="utf-8")
        else:
            is_compressed = path.suffix.lower() == ".gz"
            with (gzip.open if is_compressed else open)(path, "rt", encoding="utf-8") as file:
                yield file
    except _UNREADABLE as error:
        raise ValueError(
            f"{path} cannot be read ({error}); get it anew or unpack it; a GloVe file is .txt, .txt.gz or .zip."
        ) from error


def _text_in(path: Path, archive: zipfile.ZipFile) -> str:
    """The one text file of an archive, beside which macOS may have put `__MACOSX/._x.txt`."""
    names = [name for name in archive.namelist() if name.endswith(".txt") and not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise ValueError(f"{path} holds {len(names)} .txt files; give an archive with one, or unpack it.")
    return names[0]


def build_tokenizer(words: Sequence[str]) -> PreTrainedTokenizerFast:
    """A word-level tokenizer: one id a word, no code of its own.

    Args:
        words: the vocabulary in the order of the embedding's rows, `[PAD]` and `[UNK]` first.
    """
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    if all(word == word.lower() for word in words[2:]):
        tokenizer.normalizer = Lowercase()  # an uncased file: words of any case are found
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, unk_token=UNKNOWN)
