"""Praat TextGrid of aligners."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from praatio.textgrid import IntervalTier, PointTier, Textgrid

from wise_hf.data.word_files import read_word_file
from wise_hf.model.word_times_wise import words_from_times


WORDS = [(0.1, 0.4, "kids"), (0.4, 0.7, "are"), (0.9, 1.3, "<unk>")]
PHONES = [(0.1, 0.2, "K"), (0.2, 0.3, "IH1"), (0.3, 0.4, "D"), (0.4, 0.7, "AA1"), (0.7, 0.9, "sil"), (0.9, 1.3, "spn")]
READ = [
    {
        "word": "kids",
        "start_s": 0.1,
        "end_s": 0.4,
        "phonemes": [
            {"phoneme": "K", "start_s": 0.1, "end_s": 0.2},
            {"phoneme": "IH1", "start_s": 0.2, "end_s": 0.3},
            {"phoneme": "D", "start_s": 0.3, "end_s": 0.4},
        ],
    },
    {"word": "are", "start_s": 0.4, "end_s": 0.7, "phonemes": [{"phoneme": "AA1", "start_s": 0.4, "end_s": 0.7}]},
    {"word": "<unk>", "start_s": 0.9, "end_s": 1.3, "phonemes": []},
]
LONG, SHORT = "long_textgrid", "short_textgrid"


def textgrid(path, tiers, form=LONG, encoding="utf-8"):
    """As the Montreal Forced Aligner writes it: through praatio, silences as empty intervals."""
    grid = Textgrid(0, 2)
    for name, entries in tiers.items():
        grid.addTier(IntervalTier(name, entries, 0, 2))
    grid.save(str(path), format=form, includeBlankSpaces=True)
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)
    return path


@pytest.mark.parametrize("form", [LONG, SHORT])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_words_and_their_phones_are_read(tmp_path, form, encoding):
    path = textgrid(tmp_path / "a.TextGrid", {"words": WORDS, "phones": PHONES}, form, encoding)
    assert read_word_file(path) == READ


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system_and_the_last_need_not(tmp_path, newline):
    path = textgrid(tmp_path / "a.TextGrid", {"words": WORDS, "phones": PHONES}, SHORT)
    path.write_bytes(path.read_text().rstrip("\n").replace("\n", newline).encode())
    assert read_word_file(path) == READ


# Typed as Praat's manual has it: no blanks at the ends of lines, and points of a third tier.
PRAAT = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "Word"
        xmin = 0
        xmax = 2
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 1e-05
            text = ""
        intervals [2]:
            xmin = 1e-05
            xmax = 0.5
            text = "say ""no"""
        intervals [3]:
            xmin = 0.5
            xmax = 2
            text = "Zoë"
    item [2]:
        class = "TextTier"
        name = "bell"
        xmin = 0
        xmax = 2
        points: size = 1
        points [1]:
            number = 0.9
            mark = "ding"
'''


def test_praats_own_layout_is_read(tmp_path):
    (tmp_path / "a.textgrid").write_text(PRAAT, encoding="utf-8")
    assert read_word_file(tmp_path / "a.textgrid") == [
        {"word": 'say "no"', "start_s": 1e-05, "end_s": 0.5, "phonemes": []},
        {"word": "Zoë", "start_s": 0.5, "end_s": 2.0, "phonemes": []},
    ]


SPEAKERS = {
    "anna - words": WORDS,
    "anna - phones": PHONES,
    "bert - words": [(1.4, 1.8, "yes")],
    "bert - phones": [(1.4, 1.8, "Y")],
}


def test_the_speaker_that_is_meant_is_read(tmp_path):
    path = textgrid(tmp_path / "a.TextGrid", SPEAKERS)
    assert read_word_file(path, speaker="anna") == READ
    assert [word["word"] for word in read_word_file(path, speaker="bert")] == ["yes"]


@pytest.mark.parametrize(("speaker", "told"), [(None, "one is meant"), ("carl", "not 'carl'")])
def test_several_speakers_are_refused_where_it_is_not_known_which(tmp_path, speaker, told):
    path = textgrid(tmp_path / "a.TextGrid", SPEAKERS)
    with pytest.raises(ValueError, match=rf"a.TextGrid: .* 2 speakers \(anna, bert\), {told}; give the speaker"):
        read_word_file(path, speaker=speaker)


def test_the_channel_that_is_meant_is_read_from_a_timeline(tmp_path):
    tiers = {"segments (channel 0)": [(0, 2, "kids are")], "words (channel 0)": WORDS, "words (channel 1)": WORDS[:1]}
    path = textgrid(tmp_path / "a.TextGrid", tiers)
    assert [word["word"] for word in read_word_file(path, channel=1)] == ["kids"]
    with pytest.raises(ValueError, match=r"2 channels \(0, 1\), one is meant; give the channel"):
        read_word_file(path)


def test_a_single_tier_holds_the_words_whatever_its_name(tmp_path):
    path = textgrid(tmp_path / "a.TextGrid", {"Mary": WORDS[:2]})
    assert [word["word"] for word in read_word_file(path)] == ["kids", "are"]


@pytest.mark.parametrize(
    ("tiers", "told"),
    [
        ({"ORT": WORDS, "MAU": PHONES}, "its tiers are 'ORT', 'MAU'; call one 'words'"),
        ({"phones": PHONES}, "its tiers are 'phones'; call one 'words'"),
        ({"words": WORDS, "Word": WORDS}, "its tiers are 'words', 'Word'"),
    ],
)
def test_tiers_of_other_names_are_told(tmp_path, tiers, told):
    with pytest.raises(ValueError, match=f"a.TextGrid: {told}"):
        read_word_file(textgrid(tmp_path / "a.TextGrid", tiers))


def test_a_textgrid_of_points_has_no_words(tmp_path):
    grid = Textgrid(0, 2)
    grid.addTier(PointTier("words", [(0.5, "kids")], 0, 2))
    grid.save(str(tmp_path / "a.TextGrid"), format=LONG, includeBlankSpaces=True)
    with pytest.raises(ValueError, match="its tiers are none"):
        read_word_file(tmp_path / "a.TextGrid")


@pytest.mark.parametrize("form", [LONG, SHORT])
def test_a_file_that_is_cut_off_is_never_read_in_part(tmp_path, form):
    path = textgrid(tmp_path / "a.TextGrid", {"words": WORDS, "phones": PHONES}, form)
    whole, read = path.read_text(), read_word_file(path)
    for end in range(0, len(whole.rstrip()), 3):
        path.write_text(whole[:end])
        try:
            assert read_word_file(path) == read
        except ValueError as error:
            assert str(error).startswith("a.TextGrid: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "does not begin as a TextGrid"),
        ('{"start": 0, "end": 1, "tiers": {}}', "does not begin as a TextGrid"),
        (PRAAT.replace("xmax = 0.5", "xmax = half"), "cannot be read as a TextGrid"),
        (PRAAT.replace("xmax = 0.5", "xmax = 0.5.1"), "interval 2 has no times in seconds"),
        (PRAAT.replace("Zoë", 'text = "Zoë'), "a label holds what looks like a line of a TextGrid"),
        (
            PRAAT.replace("intervals: size = 3", "intervals: size = 4"),
            r"2 tiers of \[3\] intervals but announces",
        ),
    ],
)
def test_what_is_no_textgrid_or_a_damaged_one_is_told(tmp_path, text, told):
    (tmp_path / "a.TextGrid").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"a.TextGrid: .*({told})"):
        read_word_file(tmp_path / "a.TextGrid")


@pytest.mark.parametrize("field", ["name", "text"])
def test_a_file_made_to_be_slow_is_refused_at_once(tmp_path, field):
    (tmp_path / "a.TextGrid").write_text(PRAAT.replace('text = "Zoë"', f'{field} = "x' * 100_000), encoding="utf-8")
    with pytest.raises(ValueError, match="looks like a line of a TextGrid"):
        read_word_file(tmp_path / "a.TextGrid")


def test_times_out_of_order_and_overlaps_are_read_and_then_repaired(tmp_path):
    (tmp_path / "a.TextGrid").write_text(
        PRAAT.replace("xmin = 0.5", "xmin = 0.4").replace("xmin = 1e-05", "xmin = 0.1"), encoding="utf-8"
    )
    words = words_from_times(read_word_file(tmp_path / "a.TextGrid"), 2.0)
    assert [word["word"] for word in words] == ["say", "no", "Zoe"]
    edges_s = [time_s for word in words for time_s in (word["start_s"], word["end_s"])]
    assert edges_s == pytest.approx([0.1, 0.3, 0.3, 0.45, 0.45, 2.0])


LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6)
LENGTHS = st.lists(st.tuples(st.floats(1e-6, 3), LABELS, st.booleans()), min_size=1, max_size=8)


@given(LENGTHS, st.sampled_from([LONG, SHORT]), st.sampled_from(["utf-8", "utf-16"]))
def test_what_praatio_writes_is_read(tmp_path_factory, lengths, form, encoding):
    entries, end_s = [], 0.0
    for length_s, label, has_gap in lengths:
        start_s = end_s + length_s * has_gap
        end_s = start_s + length_s
        entries.append((start_s, end_s, label))
    grid = Textgrid(0, end_s)
    grid.addTier(IntervalTier("words", entries, 0, end_s))
    path = tmp_path_factory.getbasetemp() / "written.TextGrid"
    grid.save(str(path), format=form, includeBlankSpaces=True)
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)
    words = read_word_file(path)
    assert [word["word"] for word in words] == [label for _, _, label in entries]
    assert [word["start_s"] for word in words] == pytest.approx([start_s for start_s, _, _ in entries], abs=1e-8)
    assert [word["end_s"] for word in words] == pytest.approx([end_s for _, end_s, _ in entries], abs=1e-8)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("intervals: size = ", f"intervals: size = {'1' * 9_999}", "announces others; it is damaged"),
        ("xmax = 0.4", "xmax = 0.4.1e5", "cannot be read as a TextGrid"),
        ("xmax = 0.4", f"xmax = {':' * 9_999}", "cannot be read|has no times in seconds"),
    ],
)
def test_numbers_that_are_none_are_told_in_a_sentence(tmp_path, old, new, told):
    path = textgrid(tmp_path / "a.TextGrid", {"words": WORDS})
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=rf"a.TextGrid: .*{told}") as error:
        read_word_file(path)
    assert len(str(error.value)) < 300 and str(error.value).endswith(".")


def test_a_number_that_is_too_large_for_a_time_is_told_in_a_sentence(tmp_path):
    path = textgrid(tmp_path / "a.TextGrid", {"words": WORDS}, SHORT)
    path.write_text(path.read_text().replace('"words"\n', f'"words"\n{"1" * 400}', 1))
    with pytest.raises(ValueError, match=r"a.TextGrid: it cannot be read as a TextGrid; save it again in Praat\."):
        read_word_file(path)


def test_the_name_of_a_tier_is_told_in_part_where_it_is_long(tmp_path):
    name = "a" * 9_999
    path = textgrid(tmp_path / "a.TextGrid", {name: WORDS, "b": WORDS})
    with pytest.raises(ValueError, match="its tiers are 'a{199}; call one 'words'"):
        read_word_file(path)
    path = textgrid(tmp_path / "a.TextGrid", {name: WORDS}, SHORT)
    path.write_text(path.read_text().replace("\n0.4\n", "\n0:4\n"))
    with pytest.raises(ValueError, match="tier 'a{80}': interval 2 has no times"):
        read_word_file(path)


SHORT_LINES = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", "1", "<exists>", "1"]
SHORT_LINES += ['"IntervalTier"', '"words"', "0", "1", "1", "0", "1", '"kids"']


@pytest.mark.parametrize("number", range(9, len(SHORT_LINES) - 1))
def test_a_label_where_a_number_should_be_is_not_quoted(tmp_path, number):
    path = tmp_path / "a.TextGrid"
    path.write_text("\n".join(SHORT_LINES))
    assert [word["word"] for word in read_word_file(path)] == ["kids"]
    path.write_text("\n".join([*SHORT_LINES[:number], "Zebulon", *SHORT_LINES[number + 1 :]]))
    with pytest.raises(ValueError, match="cannot be read as a TextGrid|has no times in seconds|is damaged") as error:
        read_word_file(path)
    assert "Zebulon" not in str(error.value)


@pytest.mark.parametrize(
    ("count", "name", "told"), [(900, "words", "announces others"), (1, "tier" * 900, "its tiers")]
)
def test_of_very_many_or_long_tiers_a_part_is_told(tmp_path, count, name, told):
    tiers = [*SHORT_LINES[7:], *SHORT_LINES[7:]] * count
    header = [*SHORT_LINES[:6], "2"]
    (tmp_path / "a.TextGrid").write_text("\n".join([*header, *tiers]).replace("words", name))
    with pytest.raises(ValueError, match=told) as error:
        read_word_file(tmp_path / "a.TextGrid")
    assert len(str(error.value)) < 500 and str(error.value).endswith(".")
