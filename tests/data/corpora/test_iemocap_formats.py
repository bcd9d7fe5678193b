"""IEMOCAP's text formats, by samples with invented content and by properties."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wise_hf.data.corpora.iemocap.formats import (
    Evaluation,
    Segment,
    UtteranceName,
    read_evaluations,
    read_name,
    read_segments,
    read_transcriptions,
    spoken_text,
    text_tags,
)
from wise_hf.data.corpora.iemocap.labels import LABEL_NAMES


DIALOG = "Ses01F_impro01"
EVALUATIONS = (
    "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n"
    "\n"
    "[3.1416 - 5.2718]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 3.0000]\n"
    "C-E2:\tNeutral;\t()\n"
    "C-E3:\tNeutral; Surprise;\t()\n"
    "C-E4:\tNeutral;;\t(bored (a little); tired)\n"
    "C-F1:\tAnger;\t()\n"
    "A-E3:\tval 3; act 2; dom  2;\t()\n"
    "A-E4:\tval 2; act 3; dom  ;\t(free comment)\n"
    "\n"
    "[6.0000 - 7.5000]\tSes01F_impro01_M000\txxx\t[2.0000, 3.0000, 3.5000]\n"
)
TRANSCRIPTIONS = (
    "Ses01F_impro01_F000 [003.1416-005.2719]: Pass it: the marmalade, please.\n"
    "Ses01F_impro01_M000 [006.0000-007.5000]: Which one? [LAUGHTER]\n"
    "Ses01F_impro01_MXX0 [007.6000-007.9000]: Mm.\n"
    "M: okay\n"
    "Ses01F_impro01_M000 [006.0000-007.5000]: This?\n"
)
WORDS = (
    "\t SFrm  EFrm    SegAScr Word\n"
    "\t    0    11     -90210 <s>\n"
    "\t   12    40    -512345 PASS\n"
    "\t   41    52    -198765 THE(2)\n"
    "\t   53    70 -120334455 ++LAUGHTER++\n"
    "\t   71    82     -88111 </s>\n"
    " Total score:    -2611197\n"
)
PHONEMES = (
    "\t SFrm  EFrm   SegAScr Phone\n"
    "\t    0    11    -90210 SIL\n"
    "\t   12    19   -150000 P SIL AE b\n"
    "\t   20    40   -210000 AE P S e\n"
    "\t   41    52    -70000 DH S AH s\n"
    "\t   53    70   -101010 +LAUGHTER+\n"
    " Total score:     -2611197\n"
)


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("utterance_id", "name"),
    [
        ("Ses01F_impro01_M012", UtteranceName("Ses01F_impro01", "Ses01", "Ses01M", "improvised")),
        ("Ses03M_impro05a_F001", UtteranceName("Ses03M_impro05a", "Ses03", "Ses03F", "improvised")),
        ("Ses05M_script01_1b_M003", UtteranceName("Ses05M_script01_1b", "Ses05", "Ses05M", "scripted")),
        ("Ses05M_script01_1_F003", UtteranceName("Ses05M_script01_1", "Ses05", "Ses05F", "scripted")),
        ("Ses01F_impro01_MXX0", None),
        ("Ses06F_impro01_M000", None),
        ("Ses01F_impro01", None),
    ],
)
def test_the_speaker_is_the_last_letter_and_the_dialog_all_before_it(utterance_id, name):
    assert read_name(utterance_id) == name


def test_evaluations_with_all_their_irregularities(tmp_path):
    read = read_evaluations(write(tmp_path, f"{DIALOG}.txt", EVALUATIONS))
    assert list(read) == ["Ses01F_impro01_F000", "Ses01F_impro01_M000"]
    first = read["Ses01F_impro01_F000"]
    assert (first.dialog_start_s, first.dialog_end_s, first.majority_label) == (3.1416, 5.2718, "neutral")
    assert (first.valence, first.activation, first.dominance) == (2.5, 2.5, 3.0)
    assert first.categorical_ratings == [
        {"evaluator": "E2", "labels": ["Neutral"], "comment": ""},
        {"evaluator": "E3", "labels": ["Neutral", "Surprise"], "comment": ""},
        {"evaluator": "E4", "labels": ["Neutral"], "comment": "bored (a little); tired"},
        {"evaluator": "F1", "labels": ["Anger"], "comment": ""},
    ]
    assert first.dimensional_ratings == [
        {"evaluator": "E3", "valence": 3.0, "activation": 2.0, "dominance": 2.0, "comment": ""},
        {"evaluator": "E4", "valence": 2.0, "activation": 3.0, "dominance": None, "comment": "free comment"},
    ]
    assert read["Ses01F_impro01_M000"] == Evaluation(6.0, 7.5, "undecided", 2.0, 3.0, 3.5)


def test_transcriptions_keep_colons_and_join_lines_and_pass_over_turns_nobody_evaluated(tmp_path):
    texts, passed_over = read_transcriptions(write(tmp_path, f"{DIALOG}.txt", TRANSCRIPTIONS))
    assert texts == {
        "Ses01F_impro01_F000": "Pass it: the marmalade, please.",
        "Ses01F_impro01_M000": "Which one? [LAUGHTER] This?",
    }
    assert passed_over == 2


def test_tags_of_a_text_are_no_words():
    assert spoken_text("Oh [LAUGHTER] no. [BREATHING]") == "Oh no."
    assert text_tags("Oh [LAUGHTER] no. [BREATHING]") == ["laughter", "breathing"]


def test_segments_keep_frames_and_words_or_phonemes_without_neighbours(tmp_path):
    assert read_segments(write(tmp_path, "a.wdseg", WORDS)) == [
        Segment(0, 11, "<s>"),
        Segment(12, 40, "PASS"),
        Segment(41, 52, "THE(2)"),
        Segment(53, 70, "++LAUGHTER++"),
        Segment(71, 82, "</s>"),
    ]
    tokens = [segment.token for segment in read_segments(write(tmp_path, "a.phseg", PHONEMES))]
    assert tokens == ["SIL", "P", "AE", "DH", "+LAUGHTER+"]


def test_line_ends_and_letters_of_old_windows_programs_are_read(tmp_path):
    text = TRANSCRIPTIONS.replace("\n", "\r\n").replace("Which", "I’d which").encode("cp1252")
    texts, _ = read_transcriptions(write(tmp_path, f"{DIALOG}.txt", text))
    assert texts["Ses01F_impro01_M000"] == "I’d which one? [LAUGHTER] This?"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("[3.1 - 5.2]\tSes01F_impro02_F000\tneu\t[2.5, 2.5, 2.5]", 12),
        ("[3.1 - 5.2]\tSes01F_impro01_F001\thappy\t[2.5, 2.5, 2.5]", 12),
        ("[5.2 - 3.1]\tSes01F_impro01_F001\tneu\t[2.5, 2.5, 2.5]", 12),
        ("[3.1 - 5.2]\tSes01F_impro01_F000\tneu\t[2.5, 2.5, 2.5]", 12),
        ("[3.1 - 5.2]\tSes01F_impro01_F001\tneu\t[2.5, 2.5]", 12),
        ("A-E3:\tval x; act 2; dom  2;\t()", 12),
        ("E3:\tNeutral;", 12),
    ],
    ids=[
        "another dialog",
        "no label",
        "ends before it starts",
        "named twice",
        "two attributes",
        "no number",
        "no kind",
    ],
)
def test_a_broken_evaluation_is_named_with_its_line_or_told_and_passed_over(tmp_path, line, number):
    path = write(tmp_path, f"{DIALOG}.txt", EVALUATIONS + line + "\n")
    with pytest.raises(ValueError, match=rf"{re.escape(str(path))}, line {number}: "):
        read_evaluations(path)
    told = []
    path.write_text(path.read_text() + "C-E2:\tNeutral;\t()\n")  # of the refused summary, or of the one before
    assert len(read_evaluations(path, told)) == 2
    assert len(told) == 1 and f"line {number}" in told[0]


def test_an_evaluators_line_without_an_utterance_is_refused(tmp_path):
    with pytest.raises(ValueError, match="line 1: it is not below the summary line"):
        read_evaluations(write(tmp_path, f"{DIALOG}.txt", "C-E2:\tNeutral;\t()\n"))


@pytest.mark.parametrize("line", ["m: sorry", "F;sorry", "[LAUGHTER]", "Ses01F_impro01_MXX01 : Mm.", "Hello."])
def test_lines_that_name_no_utterance_are_passed_over_and_counted(tmp_path, line):
    texts, passed_over = read_transcriptions(write(tmp_path, f"{DIALOG}.txt", TRANSCRIPTIONS + line))
    assert len(texts) == 2 and passed_over == 3


def test_blanks_in_a_turn_make_no_difference(tmp_path):
    texts, _ = read_transcriptions(write(tmp_path, f"{DIALOG}.txt", "Ses01F_impro01_F001  [1.0 - 2.0] :Hello."))
    assert texts == {"Ses01F_impro01_F001": "Hello."}


@pytest.mark.parametrize("line", ["Ses01F_impro01_F001: Hello.", "Ses01F_impro02_F001 [1.0-2.0]: Hello.", "Ses01F"])
def test_a_broken_turn_is_named_with_its_line(tmp_path, line):
    with pytest.raises(ValueError, match="line 6: it is not a turn of Ses01F_impro01") as error:
        read_transcriptions(write(tmp_path, f"{DIALOG}.txt", TRANSCRIPTIONS + line))
    assert "Hello" not in str(error.value)  # what people said, and what evaluators wrote of it


@pytest.mark.parametrize("row", ["83 90 -5", "83 x -5 HELLO", "90 83 -5 HELLO", "83 90 -5 HELLO THERE", "HELLO"])
def test_a_broken_segment_is_named_with_its_line(tmp_path, row):
    with pytest.raises(ValueError, match="a.wdseg, line 8: "):
        read_segments(write(tmp_path, "a.wdseg", WORDS + row))


def test_files_that_are_not_there_or_empty_are_named(tmp_path):
    with pytest.raises(ValueError, match="a.wdseg cannot be read"):
        read_segments(tmp_path / "a.wdseg")
    with pytest.raises(ValueError, match="a.wdseg has no row"):
        read_segments(write(tmp_path, "a.wdseg", "\t SFrm  EFrm    SegAScr Word\n"))


# --- properties: what is written is read; what is spoilt is an error with file and line, or read as what it says ---

SLOW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
frames = st.lists(st.integers(1, 400), min_size=1, max_size=12)
tokens = st.sampled_from(["HELLO", "DON'T", "THE(2)", "++LAUGHTER++", "<sil>", "O'CLOCK"])
phones = st.sampled_from(["SIL", "+BREATHING+", "AE P S i", "ZH AH M e", "T SIL IY b"])


def spoilt(text: str, place: int, junk: str) -> str:
    place %= len(text)
    return text[:place] + junk + text[place + len(junk) :]


@st.composite
def segment_rows(draw, names) -> list[Segment]:
    lengths, first, rows = draw(frames), 0, []
    for length in lengths:
        rows.append(Segment(first, first + length - 1, draw(names)))
        first += length
    return rows


@SLOW
@given(rows=segment_rows(phones), score=st.integers(-(10**9), 0))
def test_written_segments_are_read_back(tmp_path, rows, score):
    lines = [f"\t{row.first_frame:>5d} {row.last_frame:>5d} {score:>9d} {row.token}\n" for row in rows]
    text = "\t SFrm  EFrm   SegAScr Phone\n" + "".join(lines) + f" Total score: {score:>11d}\n"
    read = read_segments(write(tmp_path, "a.phseg", text))
    assert read == [Segment(row.first_frame, row.last_frame, row.token.split()[0]) for row in rows]


@SLOW
@given(rows=segment_rows(tokens), place=st.integers(0, 10_000), junk=st.text(max_size=6))
def test_a_spoilt_segment_file_is_an_error_with_its_line_or_rows_of_frames_and_words(tmp_path, rows, place, junk):
    text = "".join(f"\t{row.first_frame:>5d} {row.last_frame:>5d} {-5:>10d} {row.token}\n" for row in rows)
    path = write(tmp_path, "a.wdseg", spoilt(text, place, junk))
    try:
        read = read_segments(path)
    except ValueError as error:
        assert re.search(r"a.wdseg(, line \d+: | has no row)", str(error))
        return
    kept = [line.split() for line in path.read_bytes().decode().split("\n") if line.strip()]
    kept = [parts for parts in kept if parts[0] != "SFrm" and parts[0] != "Total"]
    assert read == [Segment(int(parts[0]), int(parts[1]), parts[3]) for parts in kept]


times = st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)).map(lambda t: (t[0] / 1e4, (t[0] + t[1]) / 1e4))
ratings = st.floats(1, 5).map(lambda value: round(value, 4))
comments = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=20).map(str.strip)
labels = st.lists(st.sampled_from(["Neutral", "Anger", "Other", "Frustration"]), max_size=3)


@SLOW
@given(
    blocks=st.lists(
        st.tuples(times, st.sampled_from(sorted(LABEL_NAMES)), st.tuples(ratings, ratings, ratings), labels, comments),
        max_size=5,
    )
)
def test_written_evaluations_are_read_back(tmp_path, blocks):
    lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
    for number, ((start_s, end_s), label, attributes, named, comment) in enumerate(blocks):
        told = ", ".join(f"{value:.4f}" for value in attributes)
        lines.append(f"[{start_s:.4f} - {end_s:.4f}]\t{DIALOG}_F{number:03d}\t{label}\t[{told}]")
        lines += [f"C-E1:\t{' '.join(f'{each};' for each in named)}\t({comment})", ""]
    read = read_evaluations(write(tmp_path, f"{DIALOG}.txt", "\n".join(lines)))
    assert len(read) == len(blocks)
    for evaluation, ((start_s, end_s), label, attributes, named, comment) in zip(read.values(), blocks, strict=True):
        assert (evaluation.dialog_start_s, evaluation.dialog_end_s) == (start_s, end_s)
        assert evaluation.majority_label == LABEL_NAMES[label]
        assert (evaluation.valence, evaluation.activation, evaluation.dominance) == attributes
        assert evaluation.categorical_ratings == [{"evaluator": "E1", "labels": named, "comment": comment}]


@SLOW
@given(place=st.integers(0, 10_000), junk=st.text(max_size=6))
def test_a_spoilt_evaluation_file_is_an_error_with_its_line_or_evaluations_as_written(tmp_path, place, junk):
    path = write(tmp_path, f"{DIALOG}.txt", spoilt(EVALUATIONS, place, junk))
    try:
        read = read_evaluations(path)
    except ValueError as error:
        assert re.search(r"Ses01F_impro01.txt, line \d+: ", str(error))
        return
    text = path.read_bytes().decode()
    for utterance_id, evaluation in read.items():
        summary = next(
            line for line in text.split("\n") if f"\t{utterance_id}\t" in line or f" {utterance_id}" in line
        )
        numbers = [float(number) for number in re.findall(r"\d+\.?\d*", summary.replace(utterance_id, ""))]
        assert numbers == [
            *(evaluation.dialog_start_s, evaluation.dialog_end_s),
            *(evaluation.valence, evaluation.activation, evaluation.dominance),
        ]
    rated = [line for line in text.split("\n") if line.strip()[:2] in ("C-", "A-")]
    ratings = [each for one in read.values() for each in (*one.categorical_ratings, *one.dimensional_ratings)]
    assert len(ratings) == len(rated), "no evaluator's line is lost"
    assert all(label in text for one in read.values() for each in one.categorical_ratings for label in each["labels"])


@SLOW
@given(texts=st.lists(comments, max_size=6))
def test_written_transcriptions_are_read_back(tmp_path, texts):
    lines = [f"{DIALOG}_F{number:03d} [000.0000-001.0000]: {text}" for number, text in enumerate(texts)]
    read, _ = read_transcriptions(write(tmp_path, f"{DIALOG}.txt", "\n".join(lines)))
    assert list(read.values()) == texts


@SLOW
@given(place=st.integers(0, 10_000), junk=st.text(max_size=6))
def test_a_spoilt_transcription_is_an_error_with_its_line_or_texts_that_stand_in_it(tmp_path, place, junk):
    path = write(tmp_path, f"{DIALOG}.txt", spoilt(TRANSCRIPTIONS, place, junk))
    try:
        read, _ = read_transcriptions(path)
    except ValueError as error:
        assert re.search(r"Ses01F_impro01.txt, line \d+: ", str(error))
        return
    text = path.read_bytes().decode()
    for utterance_id, said in read.items():
        assert utterance_id in text and all(word in text for word in said.split())


def test_frames_of_thousands_of_digits_are_told(tmp_path):
    with pytest.raises(ValueError, match="line 1: it is not a row with first frame"):
        read_segments(write(tmp_path, "x.wdseg", f"0 {'1' * 9_999} -5 PASS\n"))


@pytest.mark.parametrize("rating", ["val{}", "val 1; act{}", "val 1; act 2; dom{}", "val 1; act 2; dom 3;{}"])
def test_a_line_of_blanks_takes_no_longer_than_another(tmp_path, rating):
    text = EVALUATIONS + f"A-E1: {rating.format(' ' * 20_000)}x\n"  # it took minutes
    with pytest.raises(ValueError, match=r"line \d+: .* is not"):
        read_evaluations(write(tmp_path, f"{DIALOG}.txt", text))
