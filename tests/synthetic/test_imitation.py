"""The imitation of IEMOCAP, read by patterns of its own: what writes and what reads it must not share a fault."""

import importlib.util
import re
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wise_hf.data.corpora.iemocap import is_imitation
from wise_hf.data.corpora.iemocap.counts import (
    FOUR_CLASS_LABELS,
    SPEAKERS,
    WITHOUT_SEGMENTS,
)
from wise_hf.synthetic import espeak
from wise_hf.synthetic import imitation as synthetic_iemocap
from wise_hf.synthetic.imitation import write_iemocap
from wise_hf.synthetic.imitation_plan import plan_corpus
from wise_hf.synthetic.imitation_speech import voice_of


needs_espeak = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None,
    reason="espeakng-loader is not installed: no synthetic speech",
)

SMALLEST = 1e-6
IRREGULAR_DIALOGS = {
    *("Ses03M_impro05a", "Ses03M_impro05b", "Ses03M_impro08a", "Ses03M_impro08b"),
    *("Ses05M_script01_1", "Ses05M_script01_1b"),
}
UTTERANCE = re.compile(r"Ses0[1-5][FM]_(?:impro0[1-9][ab]?|script0[1-3]_[1-3]b?)_[FM]\d{3}")
SUMMARY = re.compile(r"\[(\d+\.\d{4}) - (\d+\.\d{4})\]\t(\w+)\t(\w{3})\t\[\d\.\d{4}, \d\.\d{4}, \d\.\d{4}\]")
CATEGORY = re.compile(r"C-(E\d|[FM]1):\t((?:[A-Z][a-z]+;+ ?)+)\t\((.*)\)")
ATTRIBUTE = re.compile(r"A-(E\d|[FM]1):\tval [1-5]; act [1-5]; dom  [1-5]?;\t\(.*\)")
TURN = re.compile(r"(\w+) \[(\d{3}\.\d{4})-(\d{3}\.\d{4})\]: (.*)")
SEGMENT = re.compile(r"\t +(\d+) +(\d+) +(-\d+) (\S+)(?: (\S+) (\S+) ([bies]))?")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    pytest.importorskip("espeakng_loader", reason="espeakng-loader is not installed: no synthetic speech")
    return write_iemocap(tmp_path_factory.mktemp("imitation"), share=SMALLEST, seed=3)


def assert_same_tree(first: Path, second: Path) -> None:
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert all((first / file).read_bytes() == (second / file).read_bytes() for file in files)


def files_of(corpus: Path, pattern: str) -> list[Path]:
    """Files of the sessions, without what macOS leaves."""
    return sorted(path for path in corpus.glob(f"Session?/{pattern}") if not path.name.startswith("."))


def lines_of(corpus: Path, pattern: str) -> list[str]:
    return [line for path in files_of(corpus, pattern) for line in path.read_text(encoding="utf-8").split("\n")]


def read_turns(corpus: Path) -> dict[str, list[tuple[str, str, str]]]:
    """Id -> start, end and text of each of its lines, of the turns that were evaluated."""
    turns = defaultdict(list)
    for match in filter(None, map(TURN.fullmatch, lines_of(corpus, "dialog/transcriptions/*.txt"))):
        if UTTERANCE.fullmatch(match[1]):
            turns[match[1]].append(match.groups()[1:])
    return turns


def read_summaries(corpus: Path) -> dict[str, re.Match]:
    lines = lines_of(corpus, "dialog/EmoEvaluation/*.txt")
    return {match[3]: match for match in filter(None, map(SUMMARY.fullmatch, lines))}


def read_segments(path: Path) -> list[re.Match]:
    _, *rows, total, end = path.read_text(encoding="utf-8").split("\n")
    matches = [SEGMENT.fullmatch(row) for row in rows]
    assert total == f" Total score: {sum(int(match[3]) for match in matches):11d}" and end == ""
    return matches


def segment_files(corpus: Path) -> list[tuple[list[re.Match], list[re.Match], Path]]:
    return [
        (read_segments(path), read_segments(path.with_suffix(".phseg")), path)
        for path in files_of(corpus, "sentences/ForcedAlignment/*/*.wdseg")
    ]


def spoken_words(words: list[re.Match]) -> list[str]:
    return [re.sub(r"\(\d\)$", "", row[4]).lower() for row in words if row[4][0] not in "<+"]


def transcribed_words(lines: list[tuple[str, str, str]]) -> list[str]:
    text = re.sub(r"\[\w+\]", " ", " ".join(text for _, _, text in lines))
    return re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower())


# --- the plan ---


@pytest.fixture(scope="module")
def whole_plan() -> list:
    return plan_corpus(1.0, seed=0)


@pytest.mark.parametrize("share", [SMALLEST, 0.01, 0.05, 0.3, 1.0])
def test_ids_are_unique_and_of_their_dialog_and_numbered_in_the_order_of_time(share):
    dialogs = plan_corpus(share, seed=1)
    for dialog in dialogs:
        ids = [turn.utterance_id for turn in dialog.turns]
        assert all(UTTERANCE.fullmatch(each) and each.rpartition("_")[0] == dialog.name for each in ids)
        for letter in "FM":
            numbers = [int(each[-3:]) for each in ids if each[-4] == letter]
            assert numbers and all(first < second for first, second in pairwise(numbers))
            assert share < 1 or numbers == list(range(len(numbers)))
    turns = [turn for dialog in dialogs for turn in dialog.turns]
    assert len({turn.utterance_id for turn in turns}) == len(turns)
    assert [turn.index for turn in turns] == list(range(len(turns)))


@pytest.mark.parametrize("share", [SMALLEST, 0.01, 0.05, 0.3])
def test_a_small_corpus_has_its_share_and_what_no_corpus_may_lack(share):
    dialogs = plan_corpus(share, seed=1)
    turns = [turn for dialog in dialogs for turn in dialog.turns]
    assert max(120, 0.9 * 10039 * share) <= len(turns) <= max(150, 1.1 * 10039 * share)
    assert {dialog.name for dialog in dialogs} >= IRREGULAR_DIALOGS
    assert {turn.utterance_id for turn in turns} >= set(WITHOUT_SEGMENTS)
    cells = Counter((turn.speaker, turn.label, "impro" in turn.utterance_id) for turn in turns)
    assert all(
        cells[speaker, label, improvised] >= 1
        for speaker in SPEAKERS
        for label in (*FOUR_CLASS_LABELS, "undecided")
        for improvised in (True, False)
    )


def test_a_small_corpus_has_few_dialogs_of_a_handful_of_utterances():
    sizes = {dialog.name: len(dialog.turns) for dialog in plan_corpus(0.05)}
    assert len(sizes) < 100
    assert min(sizes.values()) >= 5


def test_the_utterances_without_segments_have_their_labels(whole_plan):
    labels = {turn.utterance_id: turn.label for dialog in whole_plan for turn in dialog.turns}
    assert labels[WITHOUT_SEGMENTS[0]] == "excited"
    assert labels[WITHOUT_SEGMENTS[1]] not in FOUR_CLASS_LABELS


def test_another_seed_deals_the_labels_otherwise():
    assert plan_corpus(0.05, seed=1) == plan_corpus(0.05, seed=1) != plan_corpus(0.05, seed=2)


def test_ten_voices_speak_women_for_f_and_men_for_m():
    voices = {speaker: voice_of(speaker).variant for speaker in SPEAKERS}
    assert len(set(voices.values())) == 10
    women = re.compile(r"f\d|linda|steph|belinda")
    assert all((women.search(voice) is not None) == speaker.endswith("F") for speaker, voice in voices.items())


# --- the tree ---


def test_same_arguments_give_the_same_bytes_whatever_the_number_of_processes(corpus, tmp_path):
    assert_same_tree(corpus, write_iemocap(tmp_path, share=SMALLEST, seed=3, num_proc=2))


def test_every_planned_utterance_has_its_files_and_no_other(corpus):
    planned = {turn.utterance_id for dialog in plan_corpus(SMALLEST, seed=3) for turn in dialog.turns}
    recordings = files_of(corpus, "sentences/wav/*/*.wav")
    assert {path.stem for path in recordings} == planned
    assert all(path.parent.name == path.stem.rpartition("_")[0] for path in recordings)
    assert set(read_summaries(corpus)) == set(read_turns(corpus)) == planned
    for kind in ("wdseg", "phseg"):
        found = {path.stem for path in files_of(corpus, f"sentences/ForcedAlignment/*/*.{kind}")}
        assert found == planned - set(WITHOUT_SEGMENTS)


def test_an_utterance_is_what_its_dialog_has_at_its_time_on_its_speakers_channel(corpus):
    summaries = read_summaries(corpus)
    for path in files_of(corpus, "dialog/wav/*.wav"):
        whole, rate = soundfile.read(path, dtype="int16")
        assert rate == 16000 and whole.shape[1] == 2
        for utterance in (corpus / f"Session{path.stem[4]}" / "sentences" / "wav" / path.stem).glob("Ses*.wav"):
            samples, rate = soundfile.read(utterance, dtype="int16")
            assert rate == 16000 and samples.ndim == 1 and soundfile.info(utterance).subtype == "PCM_16"
            start_s, end_s = map(float, summaries[utterance.stem].groups()[:2])
            start = round(start_s * 16000)
            channel = "FM".index(utterance.stem[-4])
            assert np.array_equal(whole[start : start + len(samples), channel], samples)
            assert abs(end_s - start_s - len(samples) / 16000) <= 0.0001


def test_evaluations_have_the_corpus_layout(corpus):
    for path in files_of(corpus, "dialog/EmoEvaluation/*.txt"):
        header, *blocks = path.read_text(encoding="utf-8").split("\n\n")
        assert header == "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]"
        assert blocks.pop() == ""
        for block in blocks:
            summary, *lines = block.split("\n")
            assert SUMMARY.fullmatch(summary)
            assert all(CATEGORY.fullmatch(line) or ATTRIBUTE.fullmatch(line) for line in lines)


def test_the_label_is_what_most_evaluators_say_and_none_where_they_disagree(corpus):
    names = {"ang": "Anger", "hap": "Happiness", "exc": "Excited", "neu": "Neutral", "sad": "Sadness"}
    names |= {"fru": "Frustration", "sur": "Surprise", "fea": "Fear"}
    for path in files_of(corpus, "dialog/EmoEvaluation/*.txt"):
        for block in path.read_text(encoding="utf-8").split("\n\n")[1:-1]:
            summary, *lines = block.split("\n")
            ratings = [match for match in map(CATEGORY.fullmatch, lines) if match and match[1].startswith("E")]
            votes = Counter(label for match in ratings for label in re.findall(r"[A-Z]\w+", match[2]))
            majority = [label for label, count in votes.items() if count >= 2]
            assert majority == [names[label] for label in [SUMMARY.fullmatch(summary)[4]] if label != "xxx"]


def test_segments_are_contiguous_from_the_first_to_the_last_and_end_inside_the_recording(corpus):
    for words, phones, path in segment_files(corpus):
        recording = path.parents[2] / "wav" / path.parent.name / f"{path.stem}.wav"
        assert (words[0][4], words[-1][4]) == ("<s>", "</s>")
        for rows in (words, phones):
            assert int(rows[0][1]) == 0
            assert all(int(row[1]) <= int(row[2]) for row in rows)
            assert all(int(second[1]) == int(first[2]) + 1 for first, second in pairwise(rows))
            assert (int(rows[-1][2]) + 1) / 100 <= soundfile.info(recording).duration


def test_phones_tile_their_word_with_their_neighbours_and_places(corpus):
    for words, phones, _ in segment_files(corpus):
        bases = [row[4] if row[4].isalpha() else "SIL" for row in phones]
        for word in words:
            own = [index for index, row in enumerate(phones) if int(word[1]) <= int(row[1]) <= int(word[2])]
            assert (phones[own[0]][1], phones[own[-1]][2]) == word.groups()[:2]
            assert int(word[3]) == sum(int(phones[index][3]) for index in own)
            if word[4][0] in "<+":
                name = "SIL" if word[4].startswith("<") else word[4][1:-1]
                assert [phones[index].groups()[3:] for index in own] == [(name, None, None, None)]
            else:
                places = ["s"] if len(own) == 1 else ["b", *"i" * (len(own) - 2), "e"]
                assert [phones[index][7] for index in own] == places
                assert all(phones[i].groups()[4:6] == (bases[i - 1], bases[i + 1]) for i in own)


def test_speech_is_where_the_segments_say(corpus):
    for words, _, path in segment_files(corpus):
        samples, _ = soundfile.read(path.parents[2] / "wav" / path.parent.name / f"{path.stem}.wav")
        silence = samples[: int(words[1][1]) * 160 - 160]
        speech = samples[int(words[1][1]) * 160 : (int(words[-2][2]) + 1) * 160]
        assert np.sqrt(np.mean(silence**2)) < 0.3 * np.sqrt(np.mean(speech**2))


def test_few_transcriptions_differ_from_what_is_spoken_and_all_others_agree(corpus):
    turns = read_turns(corpus)
    differing = [
        path.stem
        for words, _, path in segment_files(corpus)
        if spoken_words(words) != transcribed_words(turns[path.stem])
    ]
    assert 1 <= len(differing) <= 0.05 * len(turns)


def test_noises_of_the_segments_are_tags_of_the_transcription(corpus):
    turns, noises = read_turns(corpus), Counter()
    for words, _, path in segment_files(corpus):
        tags = re.findall(r"\[(\w+)\]", " ".join(text for _, _, text in turns[path.stem]))
        assert tags == [row[4].strip("+") for row in words if row[4].startswith("+")]
        noises.update(tags)
    assert set(noises) == {"LAUGHTER", "BREATHING", "GARBAGE", "LIPSMACK"}


def test_an_utterance_is_laughter_only(corpus):
    turns = read_turns(corpus)
    laughing = [path.stem for words, _, path in segment_files(corpus) if not spoken_words(words)]
    assert laughing
    assert all([text for _, _, text in turns[each]] == ["[LAUGHTER]"] for each in laughing)


def test_segments_have_pauses_and_second_pronunciations(corpus):
    tokens = Counter(row[4] for words, _, _ in segment_files(corpus) for row in words)
    assert tokens["<sil>"]
    assert any(re.fullmatch(r"[A-Z']+\(2\)", token) for token in tokens)


def test_transcriptions_have_every_irregularity(corpus):
    turns, summaries = read_turns(corpus), read_summaries(corpus)
    lines = lines_of(corpus, "dialog/transcriptions/*.txt")
    assert "M: okay" in lines
    unnumbered = {line.split()[0] for line in lines if re.match(r"Ses\w+_[FM]XX0 ", line)}
    assert any(each.endswith("_MXX0") for each in unnumbered)
    assert not unnumbered & set(summaries)
    assert any(":" in text for own in turns.values() for _, _, text in own)
    assert any(len(own) == 2 for own in turns.values())
    later = [round(1e4 * (float(own[0][0]) - float(summaries[each][1]))) for each, own in turns.items()]
    assert Counter(later).keys() == {0, 1}


def test_evaluations_have_every_irregularity(corpus):
    text = "\n".join(lines_of(corpus, "dialog/EmoEvaluation/*.txt"))
    assert "\txxx\t" in text
    assert re.search(r"^C-E\d:\t\w+; \w+;\t", text, re.MULTILINE)
    assert ";;\t" in text
    assert "dom  ;" in text
    assert re.search(r"^C-E\d:.*\(\w.*\)$", text, re.MULTILINE)
    assert all(f"\n{who}:\t" in text for who in ("C-F1", "C-M1", "A-F1", "A-M1"))
    assert any("\nA-" not in block for block in text.split("\n\n") if block.startswith("["))


def test_evaluators_have_files_of_their_own_that_are_no_summaries(corpus):
    for folder in ("Categorical", "Attribute", "Self-evaluation"):
        files = files_of(corpus, f"dialog/EmoEvaluation/{folder}/*.txt")
        assert files
        assert not any(SUMMARY.fullmatch(line) for path in files for line in path.read_text().split("\n"))


@pytest.mark.parametrize(
    "folder",
    [
        *("dialog/EmoEvaluation", "dialog/transcriptions", "dialog/wav"),
        *("sentences/wav/*", "sentences/ForcedAlignment/*"),
    ],
)
def test_every_folder_has_what_macos_leaves(corpus, folder):
    for name in (".DS_Store", "._Ses*"):
        files = list(corpus.glob(f"Session?/{folder}/{name}"))
        assert {path.parent for path in files} == set(corpus.glob(f"Session?/{folder}"))
        with pytest.raises(UnicodeDecodeError):
            files[0].read_text(encoding="utf-8")


def test_scripted_lines_recur_in_other_sessions_and_improvised_ones_do_not(corpus):
    sessions = {True: defaultdict(set), False: defaultdict(set)}
    for utterance_id, lines in read_turns(corpus).items():
        text = " ".join(text for _, _, text in lines)
        sessions["script" in utterance_id][text].add(utterance_id[:5])
    scripted = [len(where) for text, where in sessions[True].items() if "[" not in text]
    assert sum(number >= 2 for number in scripted) > 0.4 * len(scripted)
    assert sum(len(where) >= 2 for where in sessions[False].values()) < 0.1 * len(sessions[False])


def test_the_tree_says_that_it_is_synthetic(corpus):
    readme = (corpus / "README.txt").read_text(encoding="utf-8")
    assert "synthetic" in readme and "nothing of IEMOCAP" in readme
    assert sorted(path.name for path in corpus.iterdir()) == [
        "README.txt",
        *(f"Session{number}" for number in range(1, 6)),
    ]


# --- errors ---


@needs_espeak
@pytest.mark.parametrize("options", [{"share": 0}, {"share": 1.1}, {"share": float("nan")}, {"seed": -1}])
def test_arguments_out_of_range_are_refused_in_one_sentence(tmp_path, options):
    with pytest.raises(ValueError, match="; give a ") as error:
        write_iemocap(tmp_path / "corpus", **options)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "corpus").exists()


@needs_espeak
def test_no_processes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="1 or more processes"):
        write_iemocap(tmp_path / "corpus", num_proc=0)


@needs_espeak
def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ValueError, match="give another folder"):
        write_iemocap(tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "a file"


@needs_espeak
@pytest.mark.parametrize("name", ["README.txt", "Session1/mine.wav", "notes.txt"])
def test_a_folder_with_something_else_is_refused_and_left_as_it_is(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(ValueError, match="holds something else .* give an empty or a new folder"):
        write_iemocap(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]
    assert (tmp_path / name).read_text() == "mine"


def test_an_imitation_of_another_seed_is_not_written_over(corpus):
    with pytest.raises(ValueError, match="this share and seed"):
        write_iemocap(corpus, share=SMALLEST, seed=4)


def test_an_imitation_that_was_interrupted_is_completed(corpus):
    recording = files_of(corpus, "sentences/wav/*/*.wav")[0]
    content = recording.read_bytes()
    recording.write_bytes(content[:100])
    write_iemocap(corpus, share=SMALLEST, seed=3)
    assert recording.read_bytes() == content


def test_missing_espeak_says_how_to_install_it_and_nothing_is_written(monkeypatch, tmp_path):
    monkeypatch.setattr(synthetic_iemocap, "espeak_files", espeak.espeak_files.__wrapped__)
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(ImportError, match="pip install espeakng-loader"):
        write_iemocap(tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()


def test_an_imitation_is_known_as_one(corpus, tmp_path):
    assert is_imitation(corpus)
    assert not is_imitation(tmp_path)
    (tmp_path / "README.txt").write_text("The real one.")
    assert not is_imitation(tmp_path)
