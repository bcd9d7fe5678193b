"""A file of word times: its text, and whose words are meant where it has those of several."""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar


Part = TypeVar("Part")

WAYS_OUT = {
    "recording": "name the recording as the file does, or the file as the recording",
    "channel": "give the channel, counted from 0 (--channel)",
    "speaker": "give the speaker by that name (--speaker, or the column speaker of metadata.csv)",
}
MOST_NAMED = 5


@dataclass(frozen=True)
class WordFile:
    """What a reader of a format needs.

    Args:
        path: the file, for messages.
        text: what is in it, with `\\n` at the ends of lines.
        wanted: whose words are meant, by a name of `WAYS_OUT`; `None` or missing = not known.
    """

    path: Path
    text: str
    wanted: Mapping[str, str | None]

    def choose(self, labelled: Sequence[tuple[Mapping[str, str | None], Part]]) -> list[Part]:
        """The parts of the recording, channel and speaker that are meant.

        Args:
            labelled: parts of the file, each with whose it is, by names of `WAYS_OUT`.

        Returns:
            All of them where they belong to one, whatever its name.

        Raises:
            ValueError: they belong to several, and it is not known which is meant.
        """
        for kind in WAYS_OUT:
            names = list(dict.fromkeys(labels.get(kind) for labels, _ in labelled))
            if len(names) > 1:
                name = _meant(names, kind, self.wanted.get(kind))
                labelled = [(labels, part) for labels, part in labelled if labels.get(kind) == name]
        return [part for _, part in labelled]


def _meant(names: Sequence[str | None], kind: str, wanted: str | None) -> str:
    fitting = [name for name in names if name is not None and wanted in (name, Path(name).stem)]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(f"{name!s:.60}" for name in names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    told = f"not '{wanted}'" if wanted is not None and not fitting else "one is meant"
    raise ValueError(f"it has the words of {len(names)} {kind}s ({listed}), {told}; {WAYS_OUT[kind]}.")


def decoded(raw: bytes) -> str:
    """Text in UTF-8, or in UTF-16 with a byte order mark as Praat writes it, with `\\n` at the ends of lines."""
    is_utf_16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no text in UTF-8 or UTF-16 ({error}); save it in UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
