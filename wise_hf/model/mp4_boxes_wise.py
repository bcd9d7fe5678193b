"""What the boxes of an mp4 file tell before FFmpeg reads them: it makes room for every sample that they claim."""

import io
import re
from collections.abc import Iterator
from typing import BinaryIO


DATA_BOXES = (b"mdat", b"free", b"skip")
CHUNK_BYTES = 1 << 20
# The number of samples, in the tables of a track and of a fragment.
COUNTS = re.compile(rb"(?:st(?:sz|z2).{8}|trun.{4})(.{4})", re.DOTALL)
LONGEST_MATCH = 16


def check_mp4(file: BinaryIO, name: str) -> bool:
    """Refuse an mp4 file whose tables take more memory than its size allows.

    Args:
        file: can seek.
        name: what to call it in an error.

    Returns:
        Whether it comes in fragments, as browsers write it: then its header tells no length.

    Raises:
        ValueError: it tells more samples than it has bytes, or its header is compressed.
    """
    size, is_fragmented, claimed = file.seek(0, io.SEEK_END), False, 0
    for kind, at, length in _boxes(file, size):
        is_fragmented |= kind == b"moof"
        for chunk in _chunks(file, at, length) if kind not in DATA_BOXES else ():
            claimed += sum(int.from_bytes(count) for count in COUNTS.findall(chunk))
            if claimed > size or (kind == b"moov" and b"cmov" in chunk[:LONGEST_MATCH]):
                raise ValueError(f"{name} is damaged: its header tells of {claimed} packets; give another file.")
    return is_fragmented


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place of the content and its length, of each box of the file."""
    at = 0
    while at < size:
        file.seek(at)
        header = file.read(16)
        length, start = int.from_bytes(header[:4]), 8
        if length == 1:
            length, start = int.from_bytes(header[8:]), 16
        if length == 0 or length > size - at:
            length = size - at
        if length < start:
            return
        yield header[4:8], at + start, length - start
        at += length


def _chunks(file: BinaryIO, at: int, length: int) -> Iterator[bytes]:
    """The content of a box, in pieces; what a piece ends with comes again with the next."""
    for start in range(0, length, CHUNK_BYTES - LONGEST_MATCH + 1):
        file.seek(at + start)
        yield file.read(min(CHUNK_BYTES, length - start))
