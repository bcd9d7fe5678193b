"""IEMOCAP's text formats, written: evaluations, transcriptions, segments, with the irregularities that they have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wise_hf.data.corpora.iemocap.labels import LABEL_NAMES
from wise_hf.synthetic.imitation_plan import Dialog, Turn
from wise_hf.synthetic.imitation_speech import SpokenTurn


EVALUATION_HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
FRAMES_PER_S = 100

_CODES = {name: code for code, name in LABEL_NAMES.items()}
# What evaluators call a label, and the valence, activation and dominance that most of them give, 1 to 5.
_ANSWERS = {
    "angry": ("Anger", (2, 4, 4)),
    "disgusted": ("Disgust", (2, 3, 3)),
    "excited": ("Excited", (4, 4, 3)),
    "fearful": ("Fear", (2, 3, 2)),
    "frustrated": ("Frustration", (2, 3, 3)),
    "happy": ("Happiness", (4, 3, 3)),
    "neutral": ("Neutral", (3, 2, 3)),
    "other": ("Other", (3, 3, 3)),
    "sad": ("Sadness", (2, 2, 2)),
    "surprised": ("Surprise", (3, 4, 3)),
    "undecided": (None, (3, 3, 3)),
}
_COMMENTS = ("bored", "a little tired", "sarcastic; hard to tell")

# Of each `_RATING_PERIOD` utterances, the one whose evaluation has this irregularity.
_RATING_PERIOD = 12
_SEVERAL_LABELS, _SPURIOUS_SEMICOLON, _EMPTY_DOMINANCE, _NO_ATTRIBUTES, _COMMENT = 1, 3, 5, 7, 9
# Every how many turns a transcription's start is 0.0001 s later than the evaluation's, or its text in two lines.
_LATER_PERIOD, _TWO_LINES_PERIOD = 5, 43
_UNNAMED_PERIOD = 3  # every how many dialogs a turn has no id

# Common words' first pronunciation; said otherwise, a word's row names the second: `THE(2)`.
_FIRST_PRONUNCIATIONS = {
    "THE": "DH AH",
    "TO": "T UW",
    "YOU": "Y UW",
    "YOUR": "Y AO R",
    "OUR": "AW ER",
    "WHAT": "W AH T",
    "HAS": "HH AE Z",
}


@dataclass(frozen=True)
class Ratings:
    """What the evaluators say of a turn.

    Args:
        categories, attributes: the line of each evaluator (`E2`, or `F1` for the speaker).
        means: valence, activation and dominance, without what speakers say of themselves.
    """

    categories: Mapping[str, str]
    attributes: Mapping[str, str]
    means: np.ndarray


def rate(turn: Turn, rng: np.random.Generator) -> Ratings:
    """Invent evaluators' answers, of which the turn's label is the majority (or none, where undecided)."""
    own = f"{turn.speaker[-1]}1"
    comment = _COMMENTS[rng.integers(len(_COMMENTS))] if _has(turn, _COMMENT) else ""
    values = np.clip(rng.integers(-1, 2, (3, 3)) + _ANSWERS[turn.label][1], 1, 5).astype(float)
    if _has(turn, _EMPTY_DOMINANCE):
        values[1, 2] = np.nan
    answers = zip(("E2", "E3", "E4", own), _answers(turn, rng), ("", "", comment, ""), strict=True)
    return Ratings(
        {who: f"C-{who}:\t{labels}\t({comment})\n" for who, labels, comment in answers},
        {who: _attributes(who, *of_one) for who, of_one in zip(("E3", "E4", own), values, strict=True)},
        np.nanmean(values[:2], axis=0),
    )


def _attributes(who: str, valence: float, activation: float, dominance: float) -> str:
    told = "" if np.isnan(dominance) else f"{dominance:.0f}"
    return f"A-{who}:\tval {valence:.0f}; act {activation:.0f}; dom  {told};\t()\n"


def _has(turn: Turn, irregularity: int) -> bool:
    return turn.index % _RATING_PERIOD == irregularity


def _answers(turn: Turn, rng: np.random.Generator) -> list[str]:
    """Labels of three evaluators and of the speaker, each ended by a semicolon."""
    agreed = _ANSWERS[turn.label][0]
    others = rng.permutation([name for name, _ in _ANSWERS.values() if name not in (None, agreed)]).tolist()
    if agreed is None:
        answers = [[others.pop()], [others.pop()], [others.pop()]]
    else:
        answers = [[agreed], [agreed], [agreed if rng.random() < 0.5 else others.pop()]]
    if _has(turn, _SEVERAL_LABELS):
        answers[1].append(others.pop())
    told = [" ".join(f"{label};" for label in answer) for answer in [*answers, answers[0]]]
    if _has(turn, _SPURIOUS_SEMICOLON):
        told[2] += ";"
    return told


def evaluator_files(dialog: Dialog, ratings: Sequence[Ratings]) -> dict[str, str]:
    """Each evaluator's own files, which repeat what stands in the dialog's; their layout is invented.

    Returns:
        Paths below `dialog/EmoEvaluation`, and their contents.
    """
    files: dict[str, str] = {}
    for turn, own in zip(dialog.turns, ratings, strict=True):
        for folder, kind, lines in (("Categorical", "cat", own.categories), ("Attribute", "atr", own.attributes)):
            for who, line in lines.items():
                path = f"{folder if who[0] == 'E' else 'Self-evaluation'}/{dialog.name}_{who.lower()}_{kind}.txt"
                files[path] = f"{files.get(path, '')}{turn.utterance_id} {line}"
    return files


def evaluation_block(spoken: SpokenTurn, ratings: Ratings) -> str:
    """A turn's part of `dialog/EmoEvaluation/<dialog>.txt`: summary line, evaluators' lines, blank line."""
    turn = spoken.turn
    means = ", ".join(f"{mean:.4f}" for mean in ratings.means)
    summary = f"[{spoken.start_s:.4f} - {spoken.end_s:.4f}]\t{turn.utterance_id}\t{_CODES[turn.label]}\t[{means}]\n"
    attributes = {} if _has(turn, _NO_ATTRIBUTES) else ratings.attributes
    return "".join([summary, *ratings.categories.values(), *attributes.values(), "\n"])


def transcription(dialog: Dialog, spoken: Sequence[SpokenTurn]) -> str:
    """`dialog/transcriptions/<dialog>.txt`, with a turn that nobody evaluated, and in some a turn without an id."""
    lines = [line for each in spoken for line in _transcribed(each)]
    letter, start_s = "MF"[dialog.index % 2], spoken[0].end_s
    lines.insert(1, f"{dialog.name}_{letter}XX0 {_span(start_s, start_s + 0.3)}: Mm.\n")
    if dialog.index % _UNNAMED_PERIOD == 0:
        lines.append("M: okay\n")
    return "".join(lines)


def _transcribed(spoken: SpokenTurn) -> list[str]:
    turn, words = spoken.turn, spoken.text.split()
    later_s = 0.0001 if turn.index % _LATER_PERIOD == 0 else 0.0
    start = f"{turn.utterance_id} {_span(spoken.start_s + later_s, spoken.end_s)}:"
    is_in_two = len(words) > 1 and (turn.index + 1) % _TWO_LINES_PERIOD == 0
    parts = [words[: len(words) // 2], words[len(words) // 2 :]] if is_in_two else [words]
    return [f"{' '.join([start, *part])}\n" for part in parts]


def _span(start_s: float, end_s: float) -> str:
    return f"[{start_s:08.4f}-{end_s:08.4f}]"


Phone = tuple[str, int, int]  # name, first and last frame
Row = tuple[str, list[Phone]]  # token of a word or silence, and its phones


def segment_texts(spoken: SpokenTurn, rng: np.random.Generator) -> tuple[str, str]:
    """The `.wdseg` and the `.phseg` of an utterance, with invented scores."""
    rows = _frame_rows(spoken)
    phones = [phone for _, own in rows for phone in own]
    frames = np.array([last - first + 1 for _, first, last in phones])
    scores = -frames * rng.integers(3000, 25000, len(frames))
    sounds = [
        f"\t{first:5d} {last:5d} {score:9d} {name}\n"
        for (_, first, last), score, name in zip(phones, scores, _phone_names(rows), strict=True)
    ]
    ends = np.cumsum([len(own) for _, own in rows])
    words = [
        f"\t{own[0][1]:5d} {own[-1][2]:5d} {score.sum():10d} {token}\n"
        for (token, own), score in zip(rows, np.split(scores, ends[:-1]), strict=True)
    ]
    trailer = f" Total score: {scores.sum():11d}\n"
    return (
        "".join([f"\t{'SFrm':>5} {'EFrm':>5} {'SegAScr':>10} Word\n", *words, trailer]),
        "".join([f"\t{'SFrm':>5} {'EFrm':>5} {'SegAScr':>9} Phone\n", *sounds, trailer]),
    )


def _frame_rows(spoken: SpokenTurn) -> list[Row]:
    """Words and the silence between them on the grid of frames, without a gap."""
    # Only frames whose window of 25.6 ms lies in the recording were scored.
    num_frames = (len(spoken.samples) - 410) // 160 + 1
    rows: list[Row] = []
    cursor = 0
    for word in spoken.words:
        start = round(word["start_s"] * FRAMES_PER_S)
        if start > cursor:
            rows.append(_silence("<sil>" if rows else "<s>", cursor, start))
            cursor = start
        phones = []
        for phoneme in word["phonemes"]:
            end = max(round(phoneme["end_s"] * FRAMES_PER_S), cursor + 1)
            phones.append((phoneme["phoneme"], cursor, end - 1))
            cursor = end
        rows.append((_token(word), phones))
    return [*rows, _silence("</s>", cursor, num_frames)]


def _silence(token: str, start: int, end: int) -> Row:
    return token, [("SIL", start, end - 1)]


def _token(word: dict) -> str:
    token = word["word"].upper()
    said = " ".join(phoneme["phoneme"] for phoneme in word["phonemes"])
    return f"{token}(2)" if _FIRST_PRONUNCIATIONS.get(token, said) != said else token


def _phone_names(rows: Sequence[Row]) -> Iterator[str]:
    """Names of a `.phseg`: silence and noises alone, other phones with left and right neighbour and place in the word.

    What is beside silence or a noise has SIL as its neighbour.
    """
    phones = [(name, place, len(own)) for _, own in rows for place, (name, _, _) in enumerate(own)]
    plain = [name if name.isalpha() else "SIL" for name, _, _ in phones]
    for index, (name, place, number) in enumerate(phones):
        if plain[index] == "SIL":
            yield name
        else:
            letter = "s" if number == 1 else "b" if place == 0 else "e" if place == number - 1 else "i"
            yield f"{name} {plain[index - 1]} {plain[index + 1]} {letter}"
