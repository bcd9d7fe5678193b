"""An imitation of IEMOCAP for those who have no copy of it: layout, counts and irregularities, spoken by espeak-ng.

The speech is synthetic and the tree holds nothing of IEMOCAP: no recording, no text, no rating. It proves that what
reads and trains on IEMOCAP works; a score on it says nothing about emotions in human voices. Left out are the video,
the motion capture, `Documentation`, `dialog/lab` and the syllables (`.syseg`).
"""

import logging
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from wise_hf.data.corpora.iemocap import IMITATION_MARK
from wise_hf.data.files import check_writable
from wise_hf.synthetic import imitation_formats as formats
from wise_hf.synthetic.espeak import SAMPLING_RATE, espeak_files
from wise_hf.synthetic.imitation_plan import Dialog, plan_corpus
from wise_hf.synthetic.imitation_speech import SpokenTurn, say


logger = logging.getLogger(__name__)

PAUSE_S = (0.05, 0.8)  # between turns
ROOM_NOISE = 10.0  # of a dialog where nobody speaks: its rms, in steps of 16 bit

README = f"""{IMITATION_MARK} Nobody speaks here, and nothing of IEMOCAP is in it.

The speech is synthetic (espeak-ng), and texts, labels and ratings are invented; only the layout of the files, the
number of utterances and the irregularities are like those of IEMOCAP. Scores on it show that the machinery works, and
say nothing about emotions in human voices.

Share of IEMOCAP's size: {{share!r}}
Seed: {{seed}}
"""

# What macOS leaves beside the files of a copied folder; no text and no audio, whatever its name says.
_APPLE_DOUBLE = bytes.fromhex("0005160700020000") + b"Mac OS X        " + bytes(range(128, 256))
_DS_STORE = b"\x00\x00\x00\x01Bud1" + bytes(range(128, 256))


def write_iemocap(output_dir: str | Path, share: float = 0.05, seed: int = 0, num_proc: int = 1) -> Path:
    """Write a corpus in the layout of IEMOCAP. The same arguments give the same bytes, whatever `num_proc`.

    In scripted dialogs every session has the same lines, as in IEMOCAP.

    Args:
        output_dir: new, empty, or an imitation of the same share and seed, which is written anew.
        share: part of IEMOCAP's size, above 0, at most 1; at 1 it has the corpus's counts exactly (about 12 hours of
            speech, 5 GB). However small, it has every irregularity, and two utterances or more of each speaker and
            each label of the paper's.
        seed: 0 or more; decides who says what and how, and how it is rated.
        num_proc: processes, 1 or more.

    Returns:
        The folder: `Session1` to `Session5` and `README.txt`.

    Raises:
        ValueError: an argument out of range, or a folder that cannot be written or holds something else.
        ImportError: espeakng-loader is missing.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; give a part of IEMOCAP's size above 0 and at most 1.")
    if seed < 0 or num_proc < 1:
        raise ValueError(f"seed is {seed} and num_proc {num_proc}; give a seed of 0 or more and 1 or more processes.")
    espeak_files()
    root = Path(output_dir)
    readme = README.format(share=float(share), seed=seed)
    check_writable(root)
    _check_folder(root, readme)
    # First, so that an imitation that was interrupted is known as one.
    _write(root / "README.txt", readme)
    dialogs = plan_corpus(share, seed)
    write = partial(_write_dialog, root, seed)
    if num_proc == 1:
        num_turns = sum(map(write, dialogs))
    else:
        with ProcessPoolExecutor(num_proc) as processes:
            num_turns = sum(processes.map(write, dialogs))
    logger.info("Wrote %d synthetic utterances in %d dialogs to %s", num_turns, len(dialogs), root)
    return root


def _check_folder(root: Path, readme: str) -> None:
    """Refuse a folder in which writing could touch what somebody else has there."""
    names = {path.name for path in root.iterdir() if not path.name.startswith(".")}
    ours = {"README.txt", *(f"Session{number}" for number in range(1, 6))}
    told = root / "README.txt"
    is_ours = names <= ours and told.is_file() and told.read_text(encoding="utf-8", errors="replace") == readme
    if names and not is_ours:
        raise ValueError(
            f"{root} holds something else than an imitation of this share and seed; give an empty or a new folder."
        )


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _write_dialog(root: Path, seed: int, dialog: Dialog) -> int:
    """Speak a dialog and write all its files; returns the number of its utterances."""
    rng = np.random.default_rng([seed, zlib.crc32(dialog.name.encode())])
    spoken: list[SpokenTurn] = []
    for turn in dialog.turns:
        start_s = round((spoken[-1].end_s if spoken else 0.0) + rng.uniform(*PAUSE_S), 4)
        spoken.append(say(turn, start_s, seed, rng))
    session = root / f"Session{dialog.name[4]}"
    _write_audio(session, dialog.name, spoken, rng)
    _write_texts(session / "dialog", dialog, spoken, rng)
    alignments = session / "sentences" / "ForcedAlignment" / dialog.name
    for each in spoken:
        if each.turn.has_segments:
            words, phones = formats.segment_texts(each, rng)
            _write(alignments / f"{each.turn.utterance_id}.wdseg", words)
            _write(alignments / f"{each.turn.utterance_id}.phseg", phones)
    _write_junk(alignments / f"{spoken[0].turn.utterance_id}.wdseg")
    return len(spoken)


def _write_audio(session: Path, dialog: str, spoken: Sequence[SpokenTurn], rng: np.random.Generator) -> None:
    """Each utterance, and the whole dialog with the woman on the left and the man on the right channel."""
    num_samples = round((spoken[-1].end_s + PAUSE_S[1]) * SAMPLING_RATE)
    whole = np.round(rng.normal(0, ROOM_NOISE, (num_samples, 2))).astype(np.int16)
    paths = [session / "sentences" / "wav" / dialog / f"{each.turn.utterance_id}.wav" for each in spoken]
    whole_path = session / "dialog" / "wav" / f"{dialog}.wav"
    _write_junk(paths[0])
    _write_junk(whole_path)
    for path, each in zip(paths, spoken, strict=True):
        start = round(each.start_s * SAMPLING_RATE)
        whole[start : start + len(each.samples), "FM".index(each.turn.speaker[-1])] = each.samples
        soundfile.write(path, each.samples, SAMPLING_RATE, subtype="PCM_16")
    soundfile.write(whole_path, whole, SAMPLING_RATE, subtype="PCM_16")


def _write_texts(folder: Path, dialog: Dialog, spoken: Sequence[SpokenTurn], rng: np.random.Generator) -> None:
    """Evaluations and transcription of a dialog."""
    ratings = [formats.rate(each.turn, rng) for each in spoken]
    blocks = map(formats.evaluation_block, spoken, ratings)
    evaluations, transcriptions = folder / "EmoEvaluation", folder / "transcriptions"
    texts = formats.evaluator_files(dialog, ratings)
    texts[f"{dialog.name}.txt"] = "".join([formats.EVALUATION_HEADER, *blocks])
    for path, text in texts.items():
        _write(evaluations / path, text)
    _write(transcriptions / f"{dialog.name}.txt", formats.transcription(dialog, spoken))
    _write_junk(evaluations / f"{dialog.name}.txt")
    _write_junk(transcriptions / f"{dialog.name}.txt")


def _write_junk(beside: Path) -> None:
    _write(beside.parent / f"._{beside.name}", _APPLE_DOUBLE)
    _write(beside.parent / ".DS_Store", _DS_STORE)
