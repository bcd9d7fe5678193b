"""Any folder of recordings with a metadata.csv (the audiofolder convention) -> utterances."""

import json
import logging
import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets import Dataset

from wise_hf.audio_wise import audio_duration_s
from wise_hf.data.metadata_csv import COLUMNS, read_metadata
from wise_hf.data.schema import UTTERANCE_FEATURES
from wise_hf.word_times_wise import words_from_times


logger = logging.getLogger(__name__)


def load_folder(
    data_dir: str | Path, emotions: Sequence[str] | None = None, label_map: Mapping[str, str] | None = None
) -> Dataset:
    """
    Read `data_dir/metadata.csv`.

    Columns: `file_name` (path inside the folder), `emotion`, and where known `text` (what is said), `speaker` and
    `session`. Word times that a person brings stand beside a recording `x.wav` in `x.words.json`, a list of
    `{"word", "start_s", "end_s"}`, each with `"phonemes"` where known, or what a known recogniser writes
    (`wise_hf.word_formats_wise`).

    Args:
        data_dir: the folder.
        emotions: the emotions to keep, after `label_map`; `None` keeps every one.
        label_map: emotions to read as others, e.g. `{"calm": "neutral"}`.

    Returns:
        The utterances (`wise_hf.data.schema.UTTERANCE_FEATURES`), in the order of the file.

    Raises:
        ValueError: naming the file and line, for anything that cannot be used.
    """
    root = Path(data_dir)
    rows = read_metadata(root / "metadata.csv")
    _check_rows(root / "metadata.csv", rows, label_map or {})
    disk = _Disk()
    utterances = [_utterance(root, row, line, label_map or {}, disk) for line, row in rows]
    return Dataset.from_list(_select(utterances, emotions, root), features=UTTERANCE_FEATURES)


def _check_rows(path: Path, rows: list[tuple[int, dict[str, str]]], label_map: Mapping[str, str]) -> None:
    lines: dict[str, int] = {}
    for line, row in rows:
        if not row["file_name"] or not row["emotion"]:
            raise ValueError(f"{path}, line {line}: file_name and emotion must both be filled in.")
        name = Path(_composed(row["file_name"].replace("\\", "/"))).as_posix()
        if name in lines:
            raise ValueError(
                f"{path}, line {line}: {name} stands in line {lines[name]} already; name a recording once."
            )
        lines[name] = line
    emotions = Counter(row["emotion"] for _, row in rows)
    for old in label_map:
        if old not in emotions:
            raise ValueError(f"{path} has no emotion '{old}' to map; it has {_listed(emotions)}.")


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


class _Disk:
    """Files by their names, however accents are written: put together (NFC), or taken apart as macOS does (NFD)."""

    def __init__(self):
        self._names: dict[Path, dict[str, str]] = {}

    def find(self, folder: Path, name: str) -> Path:
        """The path as it is written on the disk; the one asked for where nothing of that name is there."""
        path = folder
        for part in Path(name).parts:
            exact = path / part
            path = exact if os.path.exists(exact) else path / self._names_in(path).get(_composed(part), part)
        return path

    def _names_in(self, folder: Path) -> dict[str, str]:
        if folder not in self._names:
            self._names[folder] = {_composed(name): name for name in os.listdir(folder)} if folder.is_dir() else {}
        return self._names[folder]


def _utterance(root: Path, row: dict[str, str], line: int, label_map: Mapping[str, str], disk: _Disk) -> dict:
    values = {name: row.get(name) or None for name in COLUMNS}
    name = values["file_name"]
    if not os.path.isfile(root / name):
        name = name.replace("\\", "/")  # written on Windows
    path = disk.find(root, name)
    if not os.path.isfile(path):
        raise ValueError(f"{root / 'metadata.csv'}, line {line}: {path} is not there; mend or remove the line.")
    try:
        duration_s = audio_duration_s(path)
    except ValueError as error:
        raise ValueError(f"{root / 'metadata.csv'}, line {line}: {error}") from error
    if duration_s <= 0:
        raise ValueError(f"{root / 'metadata.csv'}, line {line}: {path} has no samples; remove the line.")
    words = _words_beside(disk.find(path.parent, f"{path.stem}.words.json"), duration_s)
    return {
        "id": Path(name).as_posix(),
        "audio": str(path),
        "start_s": 0.0,
        "end_s": duration_s,
        "speaker": values["speaker"],
        "session": values["session"],
        "scenario": None,
        "emotion": label_map.get(values["emotion"], values["emotion"]),
        "text": values["text"],
        "words": words,
        "alignment": "corpus" if words else None,
        "fit": None,
    }


def _words_beside(path: Path, duration_s: float) -> list[dict]:
    if not path.is_file():
        return []
    try:
        written = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not a list of words as JSON ({error}); mend or remove it.") from error
    try:
        return words_from_times(written, duration_s)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _select(utterances: list[dict], emotions: Sequence[str] | None, root: Path) -> list[dict]:
    counts = Counter(row["emotion"] for row in utterances)
    wanted = set(emotions or counts)
    for emotion in wanted:
        if emotion not in counts:
            raise ValueError(f"{root} has no recording of '{emotion}'; it has {_listed(counts)}. Choose among these.")
    logger.info("%s: %s.", root, _listed(counts))
    for emotion in counts:
        if emotion != emotion.lower() and emotion.lower() in counts:
            logger.warning(
                "'%s' and '%s' are different emotions here; map one with --label_map.", emotion, emotion.lower()
            )
    left_out = {emotion: count for emotion, count in counts.items() if emotion not in wanted}
    if left_out:
        logger.warning("Left out, since not among the emotions asked for: %s.", _listed(left_out))
    return [row for row in utterances if row["emotion"] in wanted]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{emotion} ({count})" for emotion, count in sorted(counts.items()))
