"""The reader of folders with a metadata.csv."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile
from praatio.textgrid import IntervalTier, Textgrid

from wise_hf.data.corpora.folder import load_folder, read_folder
from wise_hf.data.schema import UTTERANCE_FEATURES
from wise_hf.data.unusable import UnusableUtterances


def make_corpus(folder: Path, lines: list[str], header: str = "file_name,emotion,text,speaker,session") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    tone = 0.1 * np.sin(np.arange(8000) * 0.1)
    for name in ("a.wav", "b.wav"):
        soundfile.write(folder / name, tone, 16000)
    return folder


def test_rows_become_utterances_in_the_order_of_the_file(tmp_path):
    corpus = make_corpus(tmp_path, ["b.wav,happy,Hello there.,anna,s1", "a.wav,sad,,bert,"])
    dataset = load_folder(corpus)
    assert dataset.features == UTTERANCE_FEATURES
    assert dataset[0] == {
        "id": "b.wav",
        "audio": str(corpus / "b.wav"),
        "start_s": 0.0,
        "end_s": 0.5,
        "speaker": "anna",
        "session": "s1",
        "scenario": None,
        "emotion": "happy",
        "text": "Hello there.",
        "words": [],
        "alignment": None,
        "fit": None,
    }
    assert dataset[1]["text"] is None and dataset[1]["session"] is None


def test_optional_columns_may_be_absent(tmp_path):
    dataset = load_folder(make_corpus(tmp_path, ["a.wav,sad", "b.wav,happy"], header="file_name,emotion"))
    assert dataset["speaker"][:] == [None, None]


def test_labels_are_mapped_before_they_are_chosen(tmp_path, caplog):
    corpus = make_corpus(tmp_path, ["a.wav,calm,,,", "b.wav,happy,,,"])
    assert load_folder(corpus, ["neutral", "happy"], {"calm": "neutral"})["emotion"][:] == ["neutral", "happy"]
    assert load_folder(corpus, ["happy"])["emotion"][:] == ["happy"]
    assert "calm (1)" in caplog.text


def test_word_times_beside_a_recording_are_taken_as_the_corpus_alignment(tmp_path):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,,", "b.wav,happy,,,"])
    phonemes = [{"phoneme": "AY", "start_s": 0.1, "end_s": 0.3}]
    words = [{"word": "I", "start_s": 0.1, "end_s": 0.3, "phonemes": phonemes}]
    (corpus / "a.words.json").write_text(json.dumps(words))
    dataset = load_folder(corpus)
    assert dataset[0]["words"] == [words[0] | {"fit": None}] and dataset[0]["alignment"] == "corpus"
    assert dataset[1]["alignment"] is None


@pytest.mark.parametrize(
    ("lines", "header", "told"),
    [
        ([], "file_name,emotion", "names no recordings"),
        (["a.wav,sad"], "file_name,label", "no column emotion"),
        (["a.wav,"], "file_name,emotion", "line 2: file_name and emotion must both be filled in"),
        (["a.wav,sad", "none.wav,sad"], "file_name,emotion", r"none.wav \(line 3 of metadata.csv\): .* is not there"),
        (["metadata.csv,sad"], "file_name,emotion", r"\(line 2 of metadata.csv\): .* cannot be read as audio"),
        (["a.wav,sad,Kids, are here"], "file_name,emotion,text", "line 2: a comma or quote too many"),
        (['a.wav,sad,"Kids', "b.wav,sad,are"], "file_name,emotion,text", "cannot be read|a comma or quote too many"),
        (["a.wav;sad"], "file_name;emotion", "separated by something else; save it with commas"),
        (["a.wav,sad", "a.wav,sad"], "file_name,emotion", "line 3: a.wav stands in line 2 already"),
    ],
)
def test_an_unusable_line_is_named(tmp_path, lines, header, told):
    with pytest.raises(ValueError, match=told):
        load_folder(make_corpus(tmp_path, lines, header))


def test_an_empty_recording_is_refused(tmp_path):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,,"])
    soundfile.write(corpus / "a.wav", np.zeros(0), 16000)
    with pytest.raises(ValueError, match=r"a.wav \(line 2 of metadata.csv\): the recording has no samples"):
        load_folder(corpus)


def test_an_emotion_that_no_recording_has_is_refused_with_those_there_are(tmp_path):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,,", "b.wav,happy,,,"])
    with pytest.raises(ValueError, match=r"no recording of 'angry'; it has happy \(1\), sad \(1\)"):
        load_folder(corpus, ["angry", "sad"])


def test_a_label_to_map_that_no_recording_has_is_refused(tmp_path):
    corpus = make_corpus(tmp_path, ["a.wav,calm,,,", "b.wav,happy,,,"])
    with pytest.raises(ValueError, match=r"no emotion 'clam' to map; it has calm \(1\), happy \(1\)"):
        load_folder(corpus, None, {"clam": "neutral"})


@pytest.mark.parametrize(("written", "on_disk"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_a_name_is_found_however_its_accents_are_written(tmp_path, written, on_disk):
    corpus = make_corpus(tmp_path, [unicodedata.normalize(written, "Zoë/é.wav") + ",sad,,,"])
    recording = corpus / unicodedata.normalize(on_disk, "Zoë/é.wav")
    recording.parent.mkdir()
    (corpus / "a.wav").rename(recording)
    recording.with_suffix(".words.json").write_text(json.dumps([{"word": "no", "start": 0.1, "end": 0.3}]))
    (row,) = load_folder(corpus)
    assert row["audio"] == str(recording) and row["id"] == unicodedata.normalize(written, "Zoë/é.wav")
    assert row["alignment"] == "corpus"


def test_a_name_written_on_windows_is_found(tmp_path):
    corpus = make_corpus(tmp_path, ["audio\\anna.wav,sad,,,"])
    (corpus / "audio").mkdir()
    (corpus / "a.wav").rename(corpus / "audio" / "anna.wav")
    (row,) = load_folder(corpus)
    assert row["audio"] == str(corpus / "audio" / "anna.wav") and row["id"] == "audio/anna.wav"


def test_one_recording_in_two_spellings_is_refused(tmp_path):
    corpus = make_corpus(tmp_path, ["./a.wav,sad,,,", "a.wav,sad,,,"])
    with pytest.raises(ValueError, match="line 3: a.wav stands in line 2 already"):
        load_folder(corpus)


def test_a_recognisers_word_times_are_taken_where_it_said_them(tmp_path):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,,"])
    heard = [{"word": "Kids", "start": 0.1, "end": 0.3}, {"word": "talk", "start": 0.35, "end": 0.45}]
    (corpus / "a.words.json").write_text(json.dumps({"segments": [{"text": "Kids talk", "words": heard}]}))
    (row,) = load_folder(corpus)
    assert [(word["start_s"], word["end_s"]) for word in row["words"]] == [(0.1, 0.3), (0.35, 0.45)]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ([], "None of the 0 entries"),
        ([{"word": "Kids", "start_sec": 0.1, "end_sec": 0.3}], "'start_sec', 'end_sec', which is not known"),
        ([{"word": "Kids", "start_s": 100, "end_s": 300}], "call milliseconds 'start_ms'"),
        ([{"word": "Kids"}, {"word": "talk"}], "Of 2 words 0 have times"),
        (["Kids", "talk"], "expected a dict"),
        ({"text": "Kids talk"}, "holds no list of words"),
    ],
)
def test_word_times_that_would_be_lost_are_refused_with_their_file(tmp_path, written, told):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,,"])
    (corpus / "a.words.json").write_text(json.dumps(written))
    with pytest.raises(ValueError, match=f"a.words.json: .*{told}"):
        load_folder(corpus)


def test_missing_folders_and_files_are_named(tmp_path):
    with pytest.raises(ValueError, match="is not a folder"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="metadata.csv is not there"):
        load_folder(tmp_path)


def test_broken_word_times_are_named(tmp_path):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,,"])
    (corpus / "a.words.json").write_text("{")
    with pytest.raises(ValueError, match="a.words.json: it is not a list of words as JSON"):
        load_folder(corpus)


@pytest.fixture
def spoilt_corpus(tmp_path):
    """Seven lines of which the first can be used, and one is of an emotion of its own."""
    names = ["a", "gone", "lost", "zero", "empty", "cut", "b"]
    emotions = ["sad"] * 6 + ["happy"]
    lines = [f"{name}.wav,{emotion}" for name, emotion in zip(names, emotions, strict=True)]
    corpus = make_corpus(tmp_path, lines, header="file_name,emotion")
    (corpus / "zero.wav").touch()
    soundfile.write(corpus / "empty.wav", np.zeros(0), 16000)
    (corpus / "cut.wav").write_bytes((corpus / "a.wav").read_bytes()[:20])
    (corpus / "b.words.json").write_text("{")
    return corpus


def test_all_recordings_that_cannot_be_used_are_told_at_once_by_reason(spoilt_corpus, caplog):
    with pytest.raises(UnusableUtterances) as told:
        load_folder(spoilt_corpus)
    assert list(told.value.reasons) == [1, 2, 3, 4, 5, 6]
    absent = {3: "gone.wav", 4: "lost.wav"}
    missing = [f"{spoilt_corpus / name} (line {line} of metadata.csv)" for line, name in absent.items()]
    for part in (
        f"6 of 7 recordings cannot be used: {', '.join(missing)}: the recording is not there; ",
        "empty.wav (line 6 of metadata.csv): the recording has no samples",
        "b.wav (line 8 of metadata.csv): b.words.json: it is not a list of words as JSON",
        "--skip_unusable",
    ):
        assert part in str(told.value)
    for name in ("gone", "lost", "zero", "empty", "cut", "b"):
        assert f"{name}.wav (line " in caplog.text


def test_what_can_be_used_is_read_beside_what_cannot(spoilt_corpus):
    dataset, unusable = read_folder(spoilt_corpus)
    assert dataset["id"][:] == ["a.wav"] and len(unusable.reasons) == 6
    (spoilt_corpus / "b.words.json").unlink()
    dataset, unusable = read_folder(spoilt_corpus, ["happy"])
    assert dataset["id"][:] == ["b.wav"] and unusable is None, "other emotions are not looked at"


def test_a_folder_in_which_nothing_can_be_used_is_refused_without_advice_to_go_on(spoilt_corpus):
    (spoilt_corpus / "a.wav").unlink()
    with pytest.raises(UnusableUtterances, match="7 of 7 recordings .* Mend or remove them.$"):
        read_folder(spoilt_corpus)


def test_a_name_too_long_for_word_times_beside_it_is_read(tmp_path):
    name = "a" * 250 + ".wav"
    corpus = make_corpus(tmp_path, [f"{name},sad,,,"])
    (corpus / "a.wav").rename(corpus / name)
    assert load_folder(corpus)["alignment"][:] == [None]


KIDS = [{"word": "Kids", "start": 0.1, "end": 0.3}]
WORD_FILES = {
    "a.words.json": json.dumps(KIDS),
    "a.json": json.dumps({"text": " Kids", "segments": [{"start": 0.1, "end": 0.3, "text": " Kids", "words": KIDS}]}),
    "a.ctm": ";; of all recordings\na 1 0.1 0.2 Kids 0.9\nb 1 0.2 0.2 Dogs 0.9\n",
    "a.vtt": "WEBVTT\n\n00:00:00.100 --> 00:00:00.300\nKids\n",
}


@pytest.mark.parametrize("name", WORD_FILES)
def test_word_times_are_read_in_the_format_of_the_file_beside_a_recording(tmp_path, name):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,,"])
    (corpus / name).write_text(WORD_FILES[name])
    (row,) = load_folder(corpus)
    assert [(word["word"], word["start_s"], word["end_s"]) for word in row["words"]] == [("Kids", 0.1, 0.3)]
    assert row["alignment"] == "corpus"


def test_the_phoneme_times_of_a_textgrid_are_kept(tmp_path):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,anna,", "b.wav,sad,,bert,"])
    phones = [(0.1, 0.16, "K"), (0.16, 0.2, "IH1"), (0.2, 0.27, "D"), (0.27, 0.3, "Z"), (0.3, 0.45, "AA1")]
    words = [(0.1, 0.3, "kids"), (0.3, 0.45, "are")]
    for name in "ab":  # a dialogue: both speakers are in both files
        grid = Textgrid(0, 0.5)
        grid.addTier(IntervalTier("anna - words", words, 0, 0.5))
        grid.addTier(IntervalTier("anna - phones", phones, 0, 0.5))
        grid.addTier(IntervalTier("bert - words", [(0.3, 0.4, "I")], 0, 0.5))
        grid.addTier(IntervalTier("bert - phones", [(0.3, 0.4, "AY1")], 0, 0.5))
        grid.save(str(corpus / f"{name}.TextGrid"), "long_textgrid", includeBlankSpaces=True)
    anna, bert = load_folder(corpus)
    said = [
        (sound["start_s"], sound["end_s"], sound["phoneme"]) for word in anna["words"] for sound in word["phonemes"]
    ]
    assert said == [(start_s, end_s, name.rstrip("1")) for start_s, end_s, name in phones]
    assert [(word["start_s"], word["end_s"], word["word"]) for word in anna["words"]] == words
    assert [word["word"] for word in bert["words"]] == ["I"]


def test_two_files_of_word_times_beside_a_recording_are_refused(tmp_path):
    corpus = make_corpus(tmp_path, ["b.wav,sad,,,", "a.wav,sad,,,"])
    for name in ("a.ctm", "a.json"):
        (corpus / name).write_text(WORD_FILES[name])
    with pytest.raises(ValueError, match="line 3: a.wav has its words in a.json and a.ctm; leave one of them there"):
        load_folder(corpus)


def test_repaired_word_times_are_told_with_their_file(tmp_path, caplog):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,,"])
    (corpus / "a.ctm").write_text("a 1 0.1 0.15 Kids\na 1 0.2 0.1 are\na 1 0.3 0.1 here\na 1 0.4 -0.3 now\n")
    (row,) = load_folder(corpus)
    assert [word["word"] for word in row["words"]] == ["Kids", "are", "here", "now"]
    assert f"{corpus / 'a.ctm'}: 3 of 4 word times were missing or impossible and repaired." in caplog.messages


def test_a_text_that_is_not_that_of_the_word_times_beside_it_is_told(tmp_path, caplog):
    lines = ["a.wav,sad,Kids are here,,", "b.wav,happy,[laughter] I'm in the café,,"]
    corpus = make_corpus(tmp_path, lines)
    (corpus / "a.ctm").write_text("a 1 0.1 0.1 Kids\na 1 0.2 0.1 aren't\na 1 0.3 0.1 here\n")
    (corpus / "b.ctm").write_text("b 1 0.1 0.1 i'm\nb 1 0.2 0.1 IN\nb 1 0.3 0.05 the\nb 1 0.4 0.05 café.\n")
    assert [word["word"] for word in load_folder(corpus)[0]["words"]] == ["Kids", "aren't", "here"]
    told = "1 of 2 recordings with a file of words have another text, such as a.wav; the file is what is read."
    assert told in caplog.messages


def test_a_name_that_is_too_long_for_a_file_is_told_as_missing(tmp_path):
    corpus = make_corpus(tmp_path, ["a.wav,sad,,,", f"{'x' * 9_999}/b.wav,happy,,,"])
    with pytest.raises(UnusableUtterances, match="x{200}.* is not there"):
        load_folder(corpus)
