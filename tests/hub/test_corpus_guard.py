"""What never goes to the Hub."""

from pathlib import Path

import pytest
from datasets import Dataset

from wise_hf.hub.corpus_guard import check_no_corpus


OF_A_CORPUS = [
    "Ses01F_impro01_F000.wav",
    "x.WAV",
    "x.flac",
    "x.mp3",
    "x.ogg",
    "x.opus",
    "x.aif",
    "x.aiff",
    "x.sph",
    "x.avi",
    "x.m4a",
    "x.mkv",
    "x.3gp",
    "x.amr",
    "data-00000-of-00001.arrow",
    "x.parquet",
    "x.npy",
    "dataset_info.json",
    "metadata.csv",
    "x.words.json",
    "x.TextGrid",
    "x.ctm",
    "x.vtt",
    "x.srt",
    "x.wdseg",
    "x.phseg",
    "x.syseg",
    "EmoEvaluation/Ses01F_impro01.txt",
    "transcriptions/Ses01F_impro01.txt",
]


def write(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


@pytest.mark.parametrize("below", ["", "data/more"])
@pytest.mark.parametrize("name", OF_A_CORPUS)
def test_a_folder_with_anything_of_a_corpus_is_refused(tmp_path, name, below):
    path = write(tmp_path / "fold_1" / below, name)
    with pytest.raises(ValueError) as refused:
        check_no_corpus(tmp_path / "fold_1")
    told = str(refused.value)
    named = path.parent if path.suffix == ".txt" else path
    assert told.startswith(f"{named} looks like ") and "\n" not in told
    assert "IEMOCAP is licensed for research" in told and "may not be passed on" in told and "Move it out" in told


def test_a_prepared_corpus_is_refused(tmp_path):
    Dataset.from_dict({"text": ["Look who is here."], "input_features": [[0.5]]}).save_to_disk(tmp_path / "prepared")
    with pytest.raises(ValueError, match="looks like a prepared corpus or features"):
        check_no_corpus(tmp_path / "prepared")


def test_a_models_folder_passes(saved_model):
    check_no_corpus(saved_model)
