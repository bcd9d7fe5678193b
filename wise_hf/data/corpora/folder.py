"""Any folder of recordings with a metadata.csv (the audiofolder convention) -> utterances."""

import json
import logging
import os
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets import Dataset

from wise_hf.data.corpora.metadata_csv import COLUMNS, read_metadata
from wise_hf.data.schema import UTTERANCE_FEATURES
from wise_hf.data.unusable import UnusableUtterances, reason_of, tell_unusable
from wise_hf.model.audio_wise import audio_duration_s
from wise_hf.model.word_times_wise import words_from_times


logger = logging.getLogger(__name__)

# A line of metadata.csv: its number, what it holds.
Line = tuple[int, dict[str, str]]


def load_folder(
    data_dir: str | Path, emotions: Sequence[str] | None = None, label_map: Mapping[str, str] | None = None
) -> Dataset:
    """
    Read `data_dir/metadata.csv`.

    Columns: `file_name` (path inside the folder), `emotion`, and where known `text` (what is said), `speaker` and
    `session`. Word times that a person brings stand beside a recording `x.wav` in `x.words.json`, a list of
    `{"word", "start_s", "end_s"}`, each with `"phonemes"` where known, or what a known recogniser writes
    (`wise_hf.model.word_formats_wise`).

    Args:
        data_dir: the folder.
        emotions: the emotions to keep, after `label_map`; `None` keeps every one.
        label_map: emotions to read as others, e.g. `{"calm": "neutral"}`.

    Returns:
        The utterances (`wise_hf.data.schema.UTTERANCE_FEATURES`), in the order of the file.

    Raises:
        UnusableUtterances: naming all recordings of these emotions that are missing, damaged or empty, or whose word
            times cannot be read.
        ValueError: naming the file and line, where metadata.csv itself cannot be read.
    """
    dataset, error = read_folder(data_dir, emotions, label_map)
    if error is not None:
        raise error
    return dataset


def read_folder(
    data_dir: str | Path, emotions: Sequence[str] | None = None, label_map: Mapping[str, str] | None = None
) -> tuple[Dataset, UnusableUtterances | None]:
    """
    Read what can be used.

    Args:
        data_dir, emotions, label_map: see `load_folder`.

    Returns:
        The utterances that can be used, and the error that tells of the others, where there are others.

    Raises:
        UnusableUtterances: no recording can be used.
        ValueError: see `load_folder`.
    """
    root = Path(data_dir)
    rows = read_metadata(root / "metadata.csv")
    _check_rows(root / "metadata.csv", rows, label_map or {})
    rows = _select(_with_emotions(rows, label_map or {}), emotions, root)
    disk, utterances, names, reasons = _Disk(), [], [], {}
    for number, (line, row) in enumerate(rows):
        name = _name_of(root, row)
        path = disk.find(root, name)
        names.append(f"{path} (line {line} of metadata.csv)")
        try:
            utterances.append(_utterance(name, path, row, disk))
        except (ValueError, OSError) as error:
            reasons[number] = reason_of(error, str(path))
    unusable = tell_unusable(names, reasons, "pass over them by --skip_unusable (read_folder)")
    if unusable is not None and not utterances:
        raise unusable
    return Dataset.from_list(utterances, features=UTTERANCE_FEATURES), unusable


def _check_rows(path: Path, rows: list[Line], label_map: Mapping[str, str]) -> None:
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


def _with_emotions(rows: list[Line], label_map: Mapping[str, str]) -> list[Line]:
    return [(line, row | {"emotion": label_map.get(row["emotion"], row["emotion"])}) for line, row in rows]


def _name_of(root: Path, row: Mapping[str, str]) -> str:
    name = row["file_name"]
    return name if os.path.isfile(root / name) else name.replace("\\", "/")  # written on Windows


def _utterance(name: str, path: Path, row: Mapping[str, str], disk: _Disk) -> dict:
    values = {column: row.get(column) or None for column in COLUMNS}
    if not os.path.isfile(path):
        raise ValueError(f"{path} is not there.")
    duration_s = audio_duration_s(path)
    if duration_s <= 0:
        raise ValueError(f"{path} has no samples.")
    words = _words_beside(disk.find(path.parent, f"{path.stem}.words.json"), duration_s)
    return {
        "id": Path(name).as_posix(),
        "audio": str(path),
        "start_s": 0.0,
        "end_s": duration_s,
        "speaker": values["speaker"],
        "session": values["session"],
        "scenario": None,
        "emotion": values["emotion"],
        "text": values["text"],
        "words": words,
        "alignment": "corpus" if words else None,
        "fit": None,
    }


def _words_beside(path: Path, duration_s: float) -> list[dict]:
    if not os.path.isfile(path):
        return []
    try:
        written = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not a list of words as JSON ({error}); mend or remove it.") from error
    try:
        return words_from_times(written, duration_s)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def _select(rows: list[Line], emotions: Sequence[str] | None, root: Path) -> list[Line]:
    counts = Counter(row["emotion"] for _, row in rows)
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
    return [(line, row) for line, row in rows if row["emotion"] in wanted]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{emotion} ({count})" for emotion, count in sorted(counts.items()))
