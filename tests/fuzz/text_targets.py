"""Readers of text formats, each with small real files."""

import contextlib
import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from random import Random
from types import SimpleNamespace

from datasets import Dataset

from fuzz.mutations import Mutate, change_bytes, change_json, change_text
from fuzz.running import Target
from wise_hf.commands.parsing import parse
from wise_hf.data.corpora.folder import list_recordings
from wise_hf.data.corpora.iemocap.formats import read_evaluations, read_segments, read_transcriptions
from wise_hf.data.corpora.iemocap.words import SegmentTimes, words_of_segments
from wise_hf.data.embeddings import build_tokenizer, read_word_vectors
from wise_hf.data.fold_file import read_folds
from wise_hf.data.word_files import read_word_file
from wise_hf.hub.card import write_model_card
from wise_hf.hub.publishing import Destination
from wise_hf.hub.release import Release
from wise_hf.hub.samples import HeardSample
from wise_hf.many_files.file_list import read_file_list
from wise_hf.model.configuration_wise import EMOTIONS, WISEConfig
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.loading import load_config, load_processor
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.model.spoken_text_wise import split_words
from wise_hf.model.word_times_wise import repair_times
from wise_hf.timeline.rows import read_rows
from wise_hf.timeline.spans import read_spans
from wise_hf.training.options import TrainOptions


@cache
def _made() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="fuzz-")


def folder() -> Path:
    """A folder of this process's own, gone when it ends."""
    return Path(_made().name)


def in_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """What reads a file, as what reads its content."""

    def read_content(data: bytes) -> object:
        path = folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return read(path)

    return read_content


def target(name: str, read: Callable[[bytes], object], mutate: Mutate, *seeds: bytes | str) -> Target:
    """A target whose cases are its seeds, changed by chance; a case is the same in every process."""
    contents = tuple(each.encode() if isinstance(each, str) else each for each in seeds)
    return Target(name, lambda number: mutate(Random(f"{name} {number}"), contents), read, contents)


def packed(pack: Callable[[bytes], bytes], mutate: Mutate, text: bytes) -> Mutate:
    """Changes of what is inside a packed file, where its checksums would give away those of the file."""

    def change(rng: Random, seeds: Sequence[bytes]) -> bytes:
        return change_bytes(rng, seeds) if rng.random() < 0.3 else pack(mutate(rng, [text]))

    return change


# --- words ---

WISE_WORDS = [
    {"word": "kids", "start_s": 0.1, "end_s": 0.5, "phonemes": [{"phoneme": "K", "start_s": 0.1, "end_s": 0.2}]},
    {"word": "talking", "start_s": 0.5, "end_s": 1.0, "confidence": 0.9},
    {"word": "xqzt", "start": "1.0", "end": "1.5s", "phones": ["S", "AH1"]},
]
WHISPER = {
    "text": " Kids are.",
    "segments": [{"id": 0, "words": [{"word": " Kids", "start": 0.0, "end": 0.5, "probability": 0.9}]}],
    "language": "en",
}
PIECES = {
    "transcription": [
        {
            "text": " Kids",
            "offsets": {"from": 0, "to": 900},
            "tokens": [
                {"text": "[_BEG_]", "offsets": {"from": 0, "to": 0}, "id": 50364, "p": 0.9},
                {"text": " Ki", "offsets": {"from": 0, "to": 300}, "id": 1, "p": 0.9, "t_dtw": -1},
                {"text": "ds", "offsets": {"from": 300, "to": 900}, "id": 2, "p": 0.9, "t_dtw": -1},
            ],
        }
    ]
}
NESTED = [
    {"alternatives": [{"content": "Kids", "confidence": "0.9"}], "start_time": "0.1", "end_time": "0.5", "type": "p"},
    {"text": "are", "timestamp": [0.5, 0.9]},
]
RESULTS = [{"audio": "clip.wav", "scores": [], "words": WISE_WORDS[:2]}]
TIMELINE = [
    {"row": "segment", "file": "clip.wav", "channel": 0, "segment": 0, "start_s": 0.0, "end_s": 1.0, "text": "Kids"},
    {"row": "word", "file": "clip.wav", "channel": 0, "speaker": None, "text": "Kids", "start_s": 0.1, "end_s": 0.5},
]
LONG_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = "kids"
        intervals [2]:
            xmin = 0.5
            xmax = 1.5e0
            text = "talk"
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 1.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = "K"
"""
SHORT_GRID = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1.5\n<exists>\n1\n"IntervalTier"\n"words"\n0\n1.5\n2\n'
    '0\n0.5\n"kids"\n0.5\n1.5\n"talk ""so"""\n'
)
CTM = ";; a comment\nclip 1 0.1 0.4 kids 0.9\nclip 1 0.5 * are\nclip 1 * * <ALT_BEGIN>\nclip A 0.9 0.4 talking\n"
VTT = (
    "WEBVTT\nKind: captions\n\nNOTE x\n\n1\n00:00:00.100 --> 00:00:00.900 align:start\n"
    "kids<00:00:00.480><c> are</c>\n\n00:00.900 --> 00:01.500\n<v Bob>talking <u>by</u>\n"
)
SRT = "1\n00:00:00,100 --> 00:00:00,900\nKids are\n\n2\n00:00:00,900 --> 00:00:01,500\n<u>talking</u> here\n"


def _read_words(path: Path) -> None:
    """As the words of an English recording, and as those of a Polish one."""
    words = read_word_file(path, "clip", channel=0, speaker="anna")
    for language in ("en", "pl"):
        repair_times(words, 2.0, language)


def word_targets() -> list[Target]:
    lines = "\n".join(map(json.dumps, TIMELINE))
    texts = {
        "TextGrid": (LONG_GRID, SHORT_GRID),
        "ctm": (CTM.replace("clip A", "clip 1"),),
        "vtt": (VTT.replace("<u>by</u>", "by"), VTT.replace("<00:00:00.480>", "")),
        "srt": (SRT,),
    }
    jsons = {"words": WISE_WORDS, "whisper": WHISPER, "pieces": PIECES, "nested": NESTED, "results": RESULTS}
    return [
        *(
            target(f"words.{kind}", in_file(f"clip.{kind}", _read_words), change_text, *its)
            for kind, its in texts.items()
        ),
        target("words.jsonl", in_file("clip.jsonl", _read_words), change_text, lines),
        *(
            target(f"words.{name}.json", in_file("clip.json", _read_words), change_json, json.dumps(its))
            for name, its in jsons.items()
        ),
    ]


# --- corpora ---

METADATA = (
    'file_name,emotion,text,speaker,session\na.wav,happy,"Well, ""yes""",anna,1\nsub/b.wav,sad,,bob,2\n',
    "File Name, emotion, note\na.wav, happy, x\nb.wav, sad, y\n",
)
EVALUATION = (
    "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
    "[3.1416 - 5.2718]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 3.0000]\n"
    "C-E2:\tNeutral; Surprise;\t()\nC-F1:\tAnger;\t(bored (a little); tired)\n"
    "A-E3:\tval 3; act 2; dom  2;\t()\nA-E4:\tval 2; act 3; dom  ;\t(free comment)\n"
)
TURNS = (
    "Ses01F_impro01_F000 [003.1416-005.2719]: Pass it: the [LAUGHTER] marmalade.\n"
    "Ses01F_impro01_MXX0 [007.6000-007.9000]: Mm.\nM: okay\n"
)
WDSEG = (
    "\t SFrm  EFrm    SegAScr Word\n\t    0    11     -90210 <s>\n\t   12    40    -512345 PASS\n"
    "\t   41    52    -198765 THE(2)\n\t   53    70 -120334455 ++LAUGHTER++\n Total score:    -2611197\n"
)
PHSEG = (
    "\t SFrm  EFrm   SegAScr Phone\n\t    0    11    -90210 SIL\n\t   12    40   -150000 P SIL AE b\n"
    "\t   41    52    -70000 DH S AH s\n\t   53    70   -101010 +LAUGHTER+\n Total score:     -2611197\n"
)
SPANS = "file_name,start_s,end_s,emotion,channel,speaker\na.wav,0.0,1.5,happy,0,anna\na.wav,1.5,3.0,sad,0,\n"
ROWS = [
    {
        **{"row": "segment", "file": "a.wav", "channel": None, "speaker": None, "segment": 0, "start_s": 0.0},
        **{"end_s": 1.0, "text": "Kids", "language": "en", "alignment": "aligner", "fit": 0.9, "emotion": "sad"},
        **{"probabilities": {"sad": 1.0}, "warnings": []},
    },
    {"row": "left_out", "file": "a.wav", "channel": None, "start_s": 1.0, "end_s": 2.0, "reason": "silence"},
]
TEXT = (
    "WEBVTT\n[noise] Dr. Smith (laughs) paid $5.99-7 on 12/24/2024 at 7:05 pm, see www.example.com/a_b.\n"
    "*CHI: &-uh I saw 1,000 of 2½ <I want> [/] {F um, } *really* +1 (555) 123-4567 5 km/h 3rd 1990s 4°C -3.\n"
)


def _read_evaluations(path: Path) -> None:
    read_evaluations(path, [])
    read_evaluations(path)


def _read_transcriptions(path: Path) -> None:
    read_transcriptions(path, [])
    read_transcriptions(path)


def _read_segments(name: str, path: Path) -> None:
    """With the other of the two files as it should be."""
    segments = read_segments(path)
    words, phonemes = (segments if each.startswith(name) else _whole_segments(each) for each in ("wdseg", "phseg"))
    words_of_segments(words, phonemes, SegmentTimes(), 2.0)


@cache
def _whole_segments(name: str) -> list:
    path = folder() / f"whole.{name}"
    path.write_text({"wdseg": WDSEG, "phseg": PHSEG}[name])
    return read_segments(path)


def corpus_targets() -> list[Target]:
    dialog = "Ses01F_impro01.txt"
    return [
        target(
            "metadata.csv", in_file("metadata.csv", lambda path: list_recordings(path.parent)), change_text, *METADATA
        ),
        target("EmoEvaluation", in_file(f"evaluation/{dialog}", _read_evaluations), change_text, EVALUATION),
        target("transcriptions", in_file(f"turns/{dialog}", _read_transcriptions), change_text, TURNS),
        target("wdseg", in_file("x.wdseg", partial(_read_segments, "wdseg")), change_text, WDSEG),
        target("phseg", in_file("x.phseg", partial(_read_segments, "phseg")), change_text, PHSEG),
        target("spans.csv", in_file("spans.csv", lambda path: read_spans(path.parent)), change_text, SPANS),
        target(
            "timeline.jsonl",
            in_file("rows.jsonl", lambda path: list(read_rows(path))),
            change_text,
            "\n".join(map(json.dumps, ROWS)),
        ),
        target("text", lambda data: split_words(data.decode(errors="replace")), change_text, TEXT),
        target("files.csv", in_file("files.csv", read_file_list), change_text, "path,text,channel\na.wav,Hi,0\n"),
        target(
            "files.jsonl", in_file("files.jsonl", read_file_list), change_text, '{"path": "a.wav", "channel": 1}\n'
        ),
        target("files.txt", in_file("files.txt", read_file_list), change_text, "a.wav\nb.wav\n"),
    ]


# --- word vectors ---

GLOVE = b"the 0.1 -0.2 3e-1 0.4\ndon't 1 2 3 4\nkids 0.5 0.5 0.5 0.5\n"


def zipped(text: bytes) -> bytes:
    """An archive with this text file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("glove.txt", text)
    return file.getvalue()


def vector_targets() -> list[Target]:
    return [
        target("glove.txt", in_file("glove.txt", read_word_vectors), change_text, GLOVE),
        *(
            target(name, in_file(name, read_word_vectors), packed(pack, change_text, GLOVE), pack(GLOVE))
            for name, pack in {"glove.zip": zipped, "glove.txt.gz": gzip.compress}.items()
        ),
    ]


# --- runs and models ---

HUB_CARD = Path(__file__).resolve().parents[2] / "hub_card"
SCORES = [{"label": "happy", "score": 1.0}]
SAMPLE = HeardSample("samples/happy.wav", "happy", "Hello.", "hello", SCORES, SCORES)
OPTIONS = (
    "data_dir: corpus\noutput_dir: out\nemotions: [angry, happy]\nlabel_map: calm=neutral\nrefit: false\nseed: 5\n"
    "skip_unusable: true\njobs: 1\n"
)


def read_options(path: Path) -> None:
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            parse(TrainOptions, None, [str(path)])
    except SystemExit:
        sentence = " ".join(told.getvalue().rpartition("error: ")[2].split())
        raise SystemExit(f"{sentence:.1000}") from None  # argparse quotes values of any length


def _read_folds(path: Path) -> None:
    read_folds(path, _corpus())


@cache
def _corpus() -> Dataset:
    speakers = ["anna", "anna", "bob", "bob", "cleo", "cleo"]
    texts = [f"This is what number {number} says." for number in range(6)]
    names = [f"{number}.wav" for number in range(6)]
    return Dataset.from_dict({"id": names, "speaker": speakers, "text": texts, "words": [[]] * 6})


def _folds() -> str:
    names = _corpus()["id"][:]
    fold = {"name": "speaker: anna", "train": names[4:], "validation": names[2:4], "test": names[:2], "left_out": []}
    told = {"protocol": "speaker", "seed": 0, "text_disjoint": True, "num_utterances": 6}
    return json.dumps(told | {"folds": [fold | {"speakers": {"train": ["cleo"]}}]})


def _results() -> str:
    """Those of the starter model, of fewer folds and of the usual model."""
    results = json.loads((HUB_CARD / "starter_model" / "results.json").read_text())
    folds = [fold | {"weights": "x"} for fold in results["folds"][:1]]
    kept = {name: value for name, value in results.items() if name not in ("channels", "transfer")}
    return json.dumps(kept | {"folds": folds, "model": {}, "emotions": list(EMOTIONS)})


def _read_results(path: Path) -> None:
    release = Release(path.parent, Destination("org/name"), HUB_CARD, (path,))
    model = SimpleNamespace(config=WISEConfig(), parameters=list)
    write_model_card(release, model, "x", release.read_results(), [SAMPLE], path.with_name("card.md"))


def run_targets() -> list[Target]:
    values = {"data_dir": "corpus", "output_dir": "out", "emotions": ["angry", "happy"], "seed": 5, "refit": True}
    return [
        target("options.yaml", in_file("options.yaml", read_options), change_text, OPTIONS),
        target("options.json", in_file("options.json", read_options), change_json, json.dumps(values)),
        target("folds.json", in_file("folds.json", _read_folds), change_json, _folds()),
        target(
            "results.json",
            in_file("results.json", _read_results),
            change_json,
            _results(),
        ),
    ]


def model_targets() -> list[Target]:
    model = folder() / "model"
    WISEConfig(vocab_size=5).save_pretrained(model)
    WISEProcessor(WISEFeatureExtractor(), build_tokenizer(["[PAD]", "[UNK]", "kids", "are"])).save_pretrained(model)
    names = {"config.json": load_config, "processor_config.json": load_processor}
    names |= dict.fromkeys(("tokenizer.json", "tokenizer_config.json"), load_processor)
    return [_model_target(name, load, (model / name).read_bytes()) for name, load in names.items()]


def _model_target(name: str, load: Callable[[Path], object], content: bytes) -> Target:
    """A file of a model's folder, whose other files are as they should be."""

    def read(path: Path) -> None:
        try:
            load(path.parent)
        finally:
            path.write_bytes(content)

    return target(name, in_file(f"model/{name}", read), change_json, content)
