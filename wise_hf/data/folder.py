"""Any folder of recordings with a metadata.csv (the audiofolder convention) -> utterances."""

import csv
import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import soundfile
from datasets import Dataset

from wise_hf.data.schema import UTTERANCE_FEATURES
from wise_hf.word_times_wise import words_from_times


logger = logging.getLogger(__name__)

COLUMNS = ("file_name", "emotion", "text", "speaker", "session")


def load_folder(
    data_dir: str | Path, emotions: Sequence[str] | None = None, label_map: Mapping[str, str] | None = None
) -> Dataset:
    """
    Read `data_dir/metadata.csv`.

    Columns: `file_name` (path inside the folder), `emotion`, and where known `text` (what is said), `speaker` and
    `session`. Word times that a person brings stand beside a recording `x.wav` in `x.words.json`, a list of
    `{"word", "start_s", "end_s"}`, each with `"phonemes"` where known.

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
    rows = _read_metadata(root / "metadata.csv")
    _check_rows(root / "metadata.csv", rows, label_map or {})
    utterances = [_utterance(root, row, line, label_map or {}) for line, row in rows]
    return Dataset.from_list(_select(utterances, emotions, root), features=UTTERANCE_FEATURES)


def _read_metadata(path: Path) -> list[tuple[int, dict[str, str]]]:
    if not path.parent.is_dir():
        raise ValueError(f"{path.parent} is not a folder; give the folder that holds metadata.csv.")
    if not path.is_file():
        raise ValueError(f"{path} is not there; write one with the columns file_name, emotion and, where known, text.")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            _check_header(path, reader.fieldnames or [])
            rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} cannot be read ({error}); save it as comma-separated values in UTF-8.") from error
    if not rows:
        raise ValueError(f"{path} names no recordings; write a line for each.")
    return rows


def _check_header(path: Path, columns: Sequence[str]) -> None:
    missing = [name for name in COLUMNS[:2] if name not in columns]
    if missing:
        told = f"{path} has no column {' and no column '.join(missing)}"
        if len(columns) == 1 and any(separator in columns[0] for separator in ";\t"):
            raise ValueError(f"{told}: its values are separated by something else; save it with commas.")
        raise ValueError(f"{told}; its first line names the columns, with commas between them.")


def _check_rows(path: Path, rows: list[tuple[int, dict[str, str]]], label_map: Mapping[str, str]) -> None:
    lines: dict[str, int] = {}
    for line, row in rows:
        if None in row or any("\n" in (value or "") for value in row.values()):  # more values than columns
            raise ValueError(
                f"{path}, line {line}: a comma or quote too many; put double quotes round the whole text."
            )
        name = (row["file_name"] or "").strip()
        if name and name in lines:
            raise ValueError(
                f"{path}, line {line}: {name} stands in line {lines[name]} already; name a recording once."
            )
        lines[name] = line
    emotions = Counter((row["emotion"] or "").strip() for _, row in rows)
    for old in label_map:
        if old not in emotions:
            raise ValueError(f"{path} has no emotion '{old}' to map; it has {_listed(emotions)}.")


def _utterance(root: Path, row: dict[str, str], line: int, label_map: Mapping[str, str]) -> dict:
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not values["file_name"] or not values["emotion"]:
        raise ValueError(f"{root / 'metadata.csv'}, line {line}: file_name and emotion must both be filled in.")
    path = root / values["file_name"]
    if not path.is_file():
        raise ValueError(f"{root / 'metadata.csv'}, line {line}: {path} is not there; mend or remove the line.")
    try:
        duration_s = soundfile.info(str(path)).duration
    except (soundfile.LibsndfileError, OSError) as error:
        raise ValueError(
            f"{root / 'metadata.csv'}, line {line}: {path} cannot be read as audio ({error}); repair or remove it."
        ) from error
    if duration_s <= 0:
        raise ValueError(f"{root / 'metadata.csv'}, line {line}: {path} has no samples; remove the line.")
    words = _words_beside(path, duration_s)
    return {
        "id": Path(values["file_name"]).as_posix(),
        "audio": str(path),
        "start_s": 0.0,
        "end_s": duration_s,
        "speaker": values["speaker"] or None,
        "session": values["session"] or None,
        "scenario": None,
        "emotion": label_map.get(values["emotion"], values["emotion"]),
        "text": values["text"] or None,
        "words": words,
        "alignment": "corpus" if words else None,
        "fit": None,
    }


def _words_beside(path: Path, duration_s: float) -> list[dict]:
    times = path.with_suffix(".words.json")
    if not times.is_file():
        return []
    try:
        return words_from_times(json.loads(times.read_text(encoding="utf-8")), duration_s)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{times} is not a list of words with start_s and end_s ({error}).") from error


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
