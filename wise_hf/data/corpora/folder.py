"""Any folder of recordings with a metadata.csv (the audiofolder convention) -> utterances."""

import os
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets import Dataset

from wise_hf.data.corpora.corpus import Corpus
from wise_hf.data.corpora.folder_metadata import read_metadata
from wise_hf.data.corpora.recordings import Recording, reader


METADATA = "metadata.csv"
WORD_FILES = (".words.json", ".json", ".TextGrid", ".ctm", ".vtt")


def load_folder(
    data_dir: str | Path, emotions: Sequence[str] | None = None, label_map: Mapping[str, str] | None = None
) -> Dataset:
    """Read `data_dir/metadata.csv`.

    Columns: `file_name` (path inside the folder), `emotion`, and where known `text` (what is said), `speaker` and
    `session`. Word times that a person brings stand beside a recording `x.wav` in `x.words.json`, a list of
    `{"word", "start_s", "end_s"}`, each with `"phonemes"` where known, or in a file that a recogniser or an aligner
    wrote: `x.json`, `x.TextGrid`, `x.ctm` or `x.vtt` (`wise_hf.data.word_files`).

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
    dataset, unusable = read_folder(data_dir, emotions, label_map)
    if unusable is not None:
        raise unusable
    return dataset


def list_recordings(root: Path) -> list[Recording]:
    """What the lines of `root/metadata.csv` tell; raises ValueError naming the file and line."""
    disk, lines, recordings = _Disk(), {}, []
    for line, row in read_metadata(root / METADATA):
        where = f"{root / METADATA}, line {line}"
        if not row["file_name"] or not row["emotion"]:
            raise ValueError(f"{where}: file_name and emotion must both be filled in.")
        key = Path(_composed(row["file_name"].replace("\\", "/"))).as_posix()
        if key in lines:
            raise ValueError(f"{where}: {key:.200} stands in line {lines[key]} already; name a recording once.")
        lines[key] = line
        name = _name_on_disk(root, row["file_name"])
        path = disk.find(root, name)
        recordings.append(
            Recording(
                id=Path(name).as_posix(),
                path=path,
                emotion=row["emotion"],
                **{name: row.get(name) or None for name in ("text", "speaker", "session")},
                words=_word_file(disk, path, where),
                told=f"line {line} of {METADATA}",
            )
        )
    return recordings


def _word_file(disk: "_Disk", recording: Path, where: str) -> Path | None:
    """The file beside a recording that has its words."""
    beside = [disk.find(recording.parent, recording.stem + suffix) for suffix in WORD_FILES]
    there = [path for path in beside if os.path.isfile(path)]
    if len(there) > 1:
        names = " and ".join(path.name for path in there)
        raise ValueError(f"{where}: {recording.name} has its words in {names}; leave one of them there.")
    return there[0] if there else None


def _name_on_disk(root: Path, name: str) -> str:
    return name if os.path.isfile(root / name) else name.replace("\\", "/")  # written on Windows


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
            names = os.listdir(folder) if os.path.isdir(folder) else ()
            self._names[folder] = {_composed(name): name for name in names}
        return self._names[folder]


read_folder = reader(list_recordings)
CORPUS = Corpus(name="folder", what="a folder of recordings with a metadata.csv", read=read_folder)
