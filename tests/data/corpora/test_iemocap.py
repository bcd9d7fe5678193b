"""The reader of IEMOCAP, on a tree of three dialogs with invented content, written by hand."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wise_hf.data import load_iemocap
from wise_hf.data.corpora.iemocap.counts import FOUR_CLASS_LABELS, find_differences, to_table
from wise_hf.data.corpora.iemocap.formats import read_name
from wise_hf.data.corpora.iemocap.reader import IEMOCAP_FEATURES, read_utterances
from wise_hf.data.corpora.iemocap.words import describe_segments
from wise_hf.data.schema import UTTERANCE_FEATURES
from wise_hf.synthetic.imitation_plan import plan_corpus


HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
EVALUATIONS = {
    "Ses01F_impro01": HEADER
    + "[1.0000 - 1.5000]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 3.0000]\n"
    + "C-E2:\tNeutral;\t()\n"
    + "A-E3:\tval 3; act 2; dom  ;\t()\n\n"
    + "[2.0000 - 2.5000]\tSes01F_impro01_M000\texc\t[4.0000, 3.5000, 3.0000]\n",
    "Ses01M_script01_1": HEADER
    + "[1.0000 - 1.5000]\tSes01M_script01_1_F000\thap\t[4.0000, 3.5000, 3.0000]\n\n"
    + "[2.0000 - 2.5000]\tSes01M_script01_1_M000\txxx\t[2.0000, 3.5000, 3.0000]\n",
    "Ses01M_script01_1b": HEADER + "[1.0000 - 1.5000]\tSes01M_script01_1b_F000\tfru\t[4.0000, 3.5000, 3.0000]\n",
}
TRANSCRIPTIONS = {
    "Ses01F_impro01": "Ses01F_impro01_F000 [001.0000-001.5001]: So: pass.\n"
    "Ses01F_impro01_MXX0 [001.6000-001.7000]: Mm.\n"
    "M: okay\n"
    "Ses01F_impro01_M000 [002.0000-002.5000]: [LAUGHTER] The end.\n",
    "Ses01M_script01_1": "Ses01M_script01_1_F000 [001.0000-001.5000]: No way.\n"
    "Ses01M_script01_1_M000 [002.0000-002.5000]: [LAUGHTER]\n",
    "Ses01M_script01_1b": "Ses01M_script01_1b_F000 [001.0000-001.5000]: Pass.\n",
}
# First frame, last frame, word, phonemes with their lengths.
SPOKEN = {
    "Ses01F_impro01_F000": [(0, 4, "<s>", "SIL 5"), (5, 14, "SO", "S 4 OW 6"), (15, 29, "PASS(2)", "P 5 AE 5 S 5")],
    "Ses01F_impro01_M000": [(0, 9, "++LAUGHTER++", "+LAUGHTER+ 10"), (10, 19, "THE", "DH 4 AH 6")],
    "Ses01M_script01_1_M000": [(0, 4, "<s>", "SIL 5"), (5, 44, "++LAUGHTER++", "+LAUGHTER+ 40")],
    "Ses01M_script01_1b_F000": [(0, 9, "PASS", "P 3 AE 3 S 4")],
}


@pytest.fixture
def root(tmp_path) -> Path:
    return write_tree(tmp_path / "IEMOCAP_full_release")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def write_tree(root: Path) -> Path:
    session = root / "Session1"
    for dialog in EVALUATIONS:
        write(session / "dialog" / "EmoEvaluation" / f"{dialog}.txt", EVALUATIONS[dialog])
        write(session / "dialog" / "transcriptions" / f"{dialog}.txt", TRANSCRIPTIONS[dialog])
        for utterance_id in re.findall(rf"{dialog}_[FM]\d+", EVALUATIONS[dialog]):
            audio = session / "sentences" / "wav" / dialog / f"{utterance_id}.wav"
            audio.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(audio, 0.1 * np.sin(np.arange(8000) * 0.1), 16_000)
            if utterance_id in SPOKEN:
                write_segments(session / "sentences" / "ForcedAlignment" / dialog, utterance_id)
    write(session / "dialog" / "EmoEvaluation" / "._Ses01F_impro01.txt", b"\x00\x05\x16\x07")
    write(session / "dialog" / "EmoEvaluation" / "Categorical" / "Ses01F_impro01_e2_cat.txt", "not a summary\n")
    return root


def write_segments(folder: Path, utterance_id: str) -> None:
    words, phonemes = "\t SFrm  EFrm    SegAScr Word\n", "\t SFrm  EFrm   SegAScr Phone\n"
    for first, last, word, sounds in SPOKEN[utterance_id]:
        words += f"\t{first:>5d} {last:>5d} {-500:>10d} {word}\n"
        parts = sounds.split()
        for name, length in zip(parts[::2], map(int, parts[1::2]), strict=True):
            phonemes += f"\t{first:>5d} {first + length - 1:>5d} {-100:>9d} {name}\n"
            first += length
    write(folder / f"{utterance_id}.wdseg", words + " Total score:       -2000\n")
    write(folder / f"{utterance_id}.phseg", phonemes + " Total score:       -2000\n")


def load(root: Path, **options) -> list[dict]:
    return load_iemocap(root, allow_incomplete=True, **options).to_list()


def ids(rows: list[dict]) -> list[str]:
    return [row["id"] for row in rows]


def test_an_utterance_has_everything_that_the_corpus_says_of_it(root):
    first = load(root)[0]
    audio = root / "Session1" / "sentences" / "wav" / "Ses01F_impro01" / "Ses01F_impro01_F000.wav"
    words = first.pop("words")
    assert first == {
        "id": "Ses01F_impro01_F000",
        "audio": str(audio),
        "start_s": 0.0,
        "end_s": 0.5,
        "speaker": "Ses01F",
        "session": "Ses01",
        "scenario": "improvised",
        "emotion": "neutral",
        "text": "So: pass.",
        "alignment": "corpus",
        "fit": None,
        "dialog": "Ses01F_impro01",
        "dialog_start_s": 1.0,
        "dialog_end_s": 1.5,
        "majority_label": "neutral",
        "valence": 2.5,
        "activation": 2.5,
        "dominance": 3.0,
        "categorical_ratings": [{"evaluator": "E2", "labels": ["Neutral"], "comment": ""}],
        "dimensional_ratings": [
            {"evaluator": "E3", "valence": 3.0, "activation": 2.0, "dominance": None, "comment": ""}
        ],
        "tags": [],
        "segments": "read",
        "text_differs": False,
    }
    assert [(word["word"], word["start_s"], word["end_s"]) for word in words] == [
        ("so", 0.05, 0.15),
        ("pass", 0.15, 0.3),
    ]
    assert words[1]["phonemes"] == [
        {"phoneme": "P", "start_s": 0.15, "end_s": 0.2},
        {"phoneme": "AE", "start_s": 0.2, "end_s": 0.25},
        {"phoneme": "S", "start_s": 0.25, "end_s": 0.3},
    ]


def test_all_rows_by_hand(root):
    rows = load(root, emotions="all")
    told = [
        (row["id"], row["speaker"], row["scenario"], row["emotion"], row["text"], row["segments"], row["alignment"])
        for row in rows
    ]
    assert told == [
        ("Ses01F_impro01_F000", "Ses01F", "improvised", "neutral", "So: pass.", "read", "corpus"),
        ("Ses01F_impro01_M000", "Ses01M", "improvised", "excited", "The end.", "read", "corpus"),
        ("Ses01M_script01_1_F000", "Ses01F", "scripted", "happy", "No way.", "missing", None),
        ("Ses01M_script01_1_M000", "Ses01M", "scripted", "undecided", None, "wordless", "corpus"),
        ("Ses01M_script01_1b_F000", "Ses01F", "scripted", "frustrated", "Pass.", "read", "corpus"),
    ]
    assert [[word["word"] for word in row["words"]] for row in rows] == [
        ["so", "pass"],
        ["the"],
        [],
        ["laughter"],
        ["pass"],
    ]
    assert [row["text_differs"] for row in rows] == [False, True, False, False, False]
    assert rows[1]["tags"] == ["laughter"] and rows[3]["dialog"] == "Ses01M_script01_1"


def test_the_columns_are_those_of_every_corpus_and_what_iemocap_has_besides(root):
    dataset = load_iemocap(root, allow_incomplete=True)
    assert dataset.features == IEMOCAP_FEATURES
    assert set(UTTERANCE_FEATURES) < set(dataset.column_names)


def test_sets_of_emotions(root):
    assert [row["emotion"] for row in load(root)] == ["neutral", "happy", "happy"]
    assert ids(load(root, emotions="four_happy")) == ["Ses01F_impro01_F000", "Ses01M_script01_1_F000"]
    assert [row["emotion"] for row in load(root, emotions="six")] == ["neutral", "excited", "happy", "frustrated"]
    by_name = load(root, emotions=["joy", "neutral"], label_map={"excited": "joy", "happy": "joy"})
    assert [row["emotion"] for row in by_name] == ["neutral", "joy", "joy"]


def test_one_scenario_only(root):
    assert ids(load(root, scenario="improvised")) == ["Ses01F_impro01_F000", "Ses01F_impro01_M000"]
    assert ids(load(root, scenario="scripted")) == ["Ses01M_script01_1_F000"]


def test_the_rule_of_frames_and_nonverbal_words_are_options(root):
    load(root)  # what it leaves in the cache is not taken for what is asked for now
    rows = load(root, frame_offset=2, end_rule="plain", keep_nonverbal=True)
    assert [(word["word"], word["start_s"], word["end_s"]) for word in rows[0]["words"]] == [
        ("so", pytest.approx(0.07), pytest.approx(0.16)),
        ("pass", pytest.approx(0.17), pytest.approx(0.31)),
    ]
    assert [word["word"] for word in rows[1]["words"]] == ["laughter", "the"]


def test_the_folder_above_will_do(root):
    assert ids(load(root.parent)) == ids(load(root))


def test_every_case_is_counted(root, caplog):
    caplog.set_level("INFO")
    dataset = load_iemocap(root, emotions="all", allow_incomplete=True)
    for line in (
        "3 utterances: words from the segment files",
        "1 utterances: no segment files",
        "1 utterances: no spoken word",
        "1 utterances: the segment files have other words",
    ):
        assert line in describe_segments(dataset) and line in caplog.text


def test_another_count_than_iemocaps_stops_with_a_table_of_expected_and_found(root, caplog):
    with pytest.raises(ValueError, match="counts that differ from IEMOCAP's .* by --allow_incomplete"):
        load_iemocap(root)
    lines = [re.split(r"  +", line.strip()) for line in caplog.text.split("\n")]
    assert ["dialogs", "utterances", "improvised", "scripted"] in lines
    assert ["Ses01", "3 of 28", "5 of 1819", "2 of 521", "1 of 564"] in lines
    assert ["Ses01F", "0 of 147", "1 of 69", "0 of 63", "1 of 171", "0 of 78"] in lines


def complete_rows() -> list[dict]:
    """Rows with exactly IEMOCAP's counts: those of the imitation's plan at full size."""
    turns = [turn for dialog in plan_corpus(1.0) for turn in dialog.turns]
    return [vars(read_name(turn.utterance_id)) | {"majority_label": turn.label} for turn in turns]


def test_the_counts_of_the_corpus_are_no_difference_and_one_utterance_less_is():
    rows = complete_rows()
    assert len(rows) == 10_039 and find_differences(rows) == {}
    four = Counter(row["session"] for row in rows if row["majority_label"] in FOUR_CLASS_LABELS)
    assert list(four.values()) == [1085, 1023, 1151, 1031, 1241] and sum(four.values()) == 5531
    gone = next(row for row in rows if row["speaker"] == "Ses01F" and row["majority_label"] == "angry")
    rows.remove(gone)
    differences = find_differences(rows)
    expected = {"improvised": 520, "scripted": 563}[gone["scenario"]]
    assert differences == {
        ("Ses01", "utterances"): 1818,
        ("Ses01", gone["scenario"]): expected,
        ("Ses01F", "angry"): 146,
        ("all", "angry"): 1102,
    }
    table = to_table(differences)
    assert "1818 of 1819" in table and "Ses02" not in table and re.search(r"Ses01F +146 of 147 +69 +63 +171", table)


def test_what_is_missing_is_named_and_told_where_incomplete_is_allowed(root, caplog):
    session = root / "Session1"
    (session / "sentences" / "wav" / "Ses01F_impro01" / "Ses01F_impro01_M000.wav").unlink()
    (session / "dialog" / "transcriptions" / "Ses01M_script01_1b.txt").unlink()
    with pytest.raises(ValueError, match="lacks .*Ses01F_impro01_M000.wav; .*Ses01M_script01_1b.txt. Get"):
        load_iemocap(root)
    rows = load(root, emotions="all")
    assert "Ses01F_impro01_M000" not in ids(rows) and "lacks" in caplog.text
    assert rows[-1]["text"] is None and rows[-1]["words"][0]["word"] == "pass"


@pytest.fixture
def as_complete(monkeypatch):
    """The hand-written tree passes for the whole corpus."""
    monkeypatch.setattr("wise_hf.data.corpora.iemocap.reader.find_differences", lambda rows: {})


def test_a_copy_without_segment_files_is_no_iemocap(root, as_complete, caplog):
    with pytest.raises(ValueError, match="no segment files .* of Ses01M_script01_1_F000; get"):
        load_iemocap(root)
    load(root)
    assert "1 utterances: no segment files, left to the aligner (Ses01M_script01_1_F000)" in caplog.text


def read_words_or_fail(row, **_):
    if "_M000" in row["audio"]:
        raise ValueError(f"{row['audio']}: no words")
    return {"end_s": 1.0, "words": [], "alignment": None, "segments": "read", "text_differs": False}


def test_words_that_cannot_be_read_stop_with_advice_that_helps(root, as_complete, monkeypatch, caplog):
    monkeypatch.setattr("wise_hf.data.corpora.iemocap.reader.read_words", read_words_or_fail)
    with pytest.raises(ValueError, match="1 of 3 .*M000.wav: no words.* --allow_incomplete") as told:
        load_iemocap(root)
    assert "--skip_unusable" not in str(told.value)
    assert len(load(root)) == 2 and "M000.wav cannot be used: no words" in caplog.text


def test_the_two_utterances_that_never_had_segment_files_are_expected(root, as_complete, monkeypatch):
    monkeypatch.setattr("wise_hf.data.corpora.iemocap.words.WITHOUT_SEGMENTS", ("Ses01M_script01_1_F000",))
    assert len(load_iemocap(root)) == 3


def test_a_broken_segment_file_stops_with_its_line_or_is_told(root, as_complete, monkeypatch, caplog):
    monkeypatch.setattr("wise_hf.data.corpora.iemocap.words.WITHOUT_SEGMENTS", ("Ses01M_script01_1_F000",))
    path = root / "Session1" / "sentences" / "ForcedAlignment" / "Ses01F_impro01" / "Ses01F_impro01_F000.phseg"
    path.write_text(path.read_text() + "what is this\n")
    with pytest.raises(ValueError, match=r"F000.phseg, line \d+: it is not a row"):
        load_iemocap(root)
    assert [row["segments"] for row in load(root)] == ["unreadable", "read", "missing"]
    assert "1 utterances: a broken segment file, left to the aligner (Ses01F_impro01_F000)" in caplog.text


def test_contradicting_segment_files_are_told_by_name(root, caplog):
    folder = root / "Session1" / "sentences" / "ForcedAlignment" / "Ses01F_impro01"
    (folder / "Ses01F_impro01_F000.phseg").write_bytes((folder / "Ses01F_impro01_M000.phseg").read_bytes())
    assert load(root)[0]["segments"] == "contradicting"
    assert "1 utterances: segment files that contradict each other" in caplog.text
    assert "(Ses01F_impro01_F000)" in caplog.text


@pytest.mark.parametrize("content", [b"", b"no audio"])
def test_a_broken_recording_stops_or_is_left_out_and_told(root, as_complete, monkeypatch, caplog, content):
    path = root / "Session1" / "sentences" / "wav" / "Ses01F_impro01" / "Ses01F_impro01_M000.wav"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="Ses01F_impro01_M000.wav cannot be read as audio"):
        load_iemocap(root)
    assert ids(load(root)) == ["Ses01F_impro01_F000", "Ses01M_script01_1_F000"]
    assert "1 utterances: a recording that cannot be read, left out (Ses01F_impro01_M000)" in caplog.text


def test_a_recording_of_another_length_than_its_evaluation_is_told(root, caplog):
    path = root / "Session1" / "sentences" / "wav" / "Ses01F_impro01" / "Ses01F_impro01_M000.wav"
    soundfile.write(path, np.zeros(6000), 16_000)
    load(root)
    assert "1 utterances: the recording is not as long as its evaluation says (Ses01F_impro01_M000)" in caplog.text


def test_an_empty_transcription_lacks_its_texts(root):
    (root / "Session1" / "dialog" / "transcriptions" / "Ses01F_impro01.txt").write_bytes(b"")
    with pytest.raises(ValueError, match="lacks the text of Ses01F_impro01_F000 in .*; the text of Ses01F_"):
        read_utterances(root)


def test_evaluations_and_transcriptions_are_joined_by_name(root):
    path = root / "Session1" / "dialog" / "transcriptions" / "Ses01M_script01_1.txt"
    path.write_text("Ses01M_script01_1_F009 [001.0000-001.5000]: No way.\n" + path.read_text())
    with pytest.raises(ValueError, match="the evaluation of Ses01M_script01_1_F009 in .*Ses01M_script01_1.txt"):
        read_utterances(root)
    path.write_text("Ses01M_script01_1_F000 [001.0000-001.5000]: No way.\n")
    with pytest.raises(ValueError, match="the text of Ses01M_script01_1_M000 in .*Ses01M_script01_1.txt"):
        read_utterances(root)


def test_a_broken_line_stops_or_is_passed_over_with_a_word(root, caplog):
    path = root / "Session1" / "dialog" / "EmoEvaluation" / "Ses01F_impro01.txt"
    path.write_text(path.read_text() + "what is this\n")
    with pytest.raises(ValueError, match="Ses01F_impro01.txt, line 8: it is not a summary"):
        load_iemocap(root)
    assert len(load(root)) == 3
    assert "Passed over: " in caplog.text


def test_changed_segment_files_are_read_anew(root):
    before = load(root)
    path = root / "Session1" / "sentences" / "ForcedAlignment" / "Ses01F_impro01" / "Ses01F_impro01_F000.wdseg"
    path.write_text(path.read_text().replace("   14 ", "   12 ").replace("   15 ", "   13 "))
    after = load(root)
    assert after[0]["words"] != before[0]["words"] and after[1] == before[1]


def test_several_processes_read_the_same(root, tmp_path, monkeypatch):
    one = load(root, emotions="all")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "second")
    assert load(root, emotions="all", num_proc=2) == one


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"emotions": "five"}, "no set of emotions 'five'"),
        ({"emotions": ["angry", "calm"]}, "IEMOCAP has no calm; it has angry"),
        ({"emotions": ["joy"], "label_map": {"glad": "joy"}}, "IEMOCAP has no glad"),
        ({"label_map": {"excited": "happy"}}, "has its own label map"),
        ({"scenario": "acted"}, "no scenario 'acted'"),
        ({"end_rule": "half"}, "choose one of inclusive, plain"),
        ({"emotions": ["fearful", "other"]}, "no utterance of fearful, other"),
    ],
)
def test_options_that_make_no_sense_are_refused(root, options, told):
    with pytest.raises(ValueError, match=told):
        load(root, **options)


def test_a_folder_without_the_corpus_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no Session1 .* give the folder IEMOCAP_full_release"):
        load_iemocap(tmp_path / "nowhere")
