"""RAVDESS by its file names."""

import csv
import shutil

import numpy as np
import pytest
import soundfile

from wise_hf.data.corpora.ravdess import read_ravdess
from wise_hf.data.corpora.reading import CorpusOptions, read_corpus


@pytest.fixture
def clips(tmp_path):
    def write(*names: str):
        for name in names:
            path = tmp_path / "ravdess" / f"Actor_{name[-6:-4]}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, np.full(1600, 0.1), 16_000)
        return tmp_path / "ravdess"

    return write


def test_file_names_tell_emotion_sentence_and_actor(clips, caplog):
    root = clips("03-01-06-01-02-01-12.wav", "03-01-02-01-01-02-03.wav", "03-01-07-02-01-01-24.wav")
    corpus, unusable = read_ravdess(root)
    assert unusable is None and corpus["id"] == [
        "03-01-02-01-01-02-03",
        "03-01-06-01-02-01-12",
        "03-01-07-02-01-01-24",
    ]
    assert corpus["emotion"] == ["calm", "fearful", "disgusted"]
    assert corpus["speaker"] == ["Actor_03", "Actor_12", "Actor_24"]
    assert corpus["text"][:2] == ["Kids are talking by the door.", "Dogs are sitting by the door."]
    assert "has 3 recordings; RAVDESS has 1440" in caplog.text


def test_songs_videos_and_other_files_are_passed_over(clips):
    root = clips("03-01-03-01-01-01-01.wav", "03-02-03-01-01-01-01.wav", "02-01-03-01-01-01-01.wav")
    (root / "README.wav").write_text("no name of a clip")
    assert read_ravdess(root)[0]["id"] == ["03-01-03-01-01-01-01"]


def test_a_set_of_emotions_and_a_label_map_choose(clips):
    root = clips("03-01-02-01-01-01-01.wav", "03-01-06-01-01-01-01.wav", "03-01-05-01-01-01-01.wav")
    assert sorted(read_ravdess(root, "four")[0]["emotion"]) == ["angry", "neutral"]
    assert sorted(read_ravdess(root, ["tense", "calm"], {"fearful": "tense"})[0]["emotion"]) == ["calm", "tense"]


def test_a_set_of_emotions_and_a_label_map_are_refused_together(clips):
    root = clips("03-01-06-01-01-01-01.wav")
    with pytest.raises(ValueError, match="set of emotions 'four' has its own label map"):
        read_corpus(CorpusOptions(data_dir=root, dataset="ravdess", emotions="four", label_map="fearful=sad"))


def test_a_folder_without_clips_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no speech of RAVDESS"):
        read_ravdess(tmp_path)


def test_the_real_clips_are_read_as_their_metadata_says(ravdess_root):
    with open(ravdess_root / "metadata.csv", newline="") as file:
        rows = {row["file_name"].split("/")[-1].split(".")[0]: row for row in csv.DictReader(file)}
    corpus, _ = read_corpus(CorpusOptions(data_dir=ravdess_root, dataset="ravdess"))
    assert len(corpus) == len(rows) == 720
    for each in corpus:
        row = rows[each["id"]]
        assert (each["emotion"], each["speaker"], each["text"]) == (row["emotion"], row["speaker"], row["text"])


def test_damaged_clips_are_told(clips, tmp_path):
    root = clips("03-01-03-01-01-01-01.wav", "03-01-04-01-01-01-01.wav")
    shutil.copy(__file__, root / "Actor_01" / "03-01-04-01-01-01-01.wav")
    corpus, unusable = read_ravdess(root)
    assert len(corpus) == 1 and "1 of 2 recordings cannot be used" in str(unusable)


def test_a_copy_that_has_every_folder_twice_is_read_once(clips, tmp_path):
    root = clips("03-01-03-01-01-01-01.wav")
    shutil.copytree(root / "Actor_01", root / "audio_speech_actors_01-24" / "Actor_01")
    corpus, _ = read_ravdess(root)
    assert corpus["audio"] == [str(root / "Actor_01" / "03-01-03-01-01-01-01.wav")]
