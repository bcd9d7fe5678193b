"""CREMA-D by its file names."""

import numpy as np
import pytest
import soundfile

from wise_hf.data.corpora.crema_d import SENTENCES, read_crema_d


@pytest.fixture
def corpus_of(tmp_path):
    def write(*names: str):
        (tmp_path / "AudioWAV").mkdir(exist_ok=True)
        for name in names:
            soundfile.write(tmp_path / "AudioWAV" / name, np.full(1600, 0.1), 16_000)
        return tmp_path

    return write


def test_file_names_tell_actor_sentence_and_emotion(corpus_of, caplog):
    root = corpus_of("1001_DFA_ANG_XX.wav", "1091_WSI_SAD_HI.wav", "1040_ITH_SAD_X.wav")
    for folder in (root, root / "AudioWAV"):
        corpus, unusable = read_crema_d(folder)
        assert unusable is None and corpus["id"] == ["1001_DFA_ANG_XX", "1040_ITH_SAD_X", "1091_WSI_SAD_HI"]
        assert corpus["speaker"] == ["1001", "1040", "1091"] and corpus["emotion"] == ["angry", "sad", "sad"]
        assert corpus["text"][0] == "Don't forget a jacket."
    assert "has 3 recordings; CREMA-D has 7442" in caplog.text


def test_there_are_twelve_sentences_and_other_files_are_passed_over(corpus_of):
    assert len(SENTENCES) == 12
    root = corpus_of("1001_IEO_HAP_LO.wav", "1001_XXX_HAP_LO.wav", "notes.wav")
    assert read_crema_d(root)[0]["text"] == ["It's eleven o'clock."]


def test_the_four_emotions_are_a_set(corpus_of):
    root = corpus_of("1001_TIE_NEU_XX.wav", "1001_TIE_DIS_XX.wav")
    assert read_crema_d(root, "four")[0]["emotion"] == ["neutral"]


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no AudioWAV"):
        read_crema_d(tmp_path)
