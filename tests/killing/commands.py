"""The commands that are killed, and a tiny corpus for them."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from encoders import save_encoder
from loopback.hub import LoopbackHub

from killing.outputs import contents
from killing.processes import Place, Running
from wise_hf.data.output_lock import LOCK, lock_beside


HUB_CARD = Path(__file__).resolve().parents[2] / "hub_card"
LONG_S = 60  # several pieces
REPO_ID = "org/wise-test"


@dataclass(frozen=True)
class Command:
    """A command of the project.

    Args:
        name: what the table calls it.
        script: its name in scripts.
        arguments: by the folder of its output.
        result: what it has left, by path, where it runs.
        clear: before it is run in another place.
        lock: what it locks; `None` = it writes to no folder.
    """

    name: str
    script: str
    arguments: Callable[[Path], list]
    result: Callable[[Place], dict[str, object]] = lambda place: contents(place.out)
    clear: Callable[[], object] = lambda: None
    lock: Callable[[Place], Path] | None = lambda place: place.out / LOCK

    def start(self, place: Place, out: Path | None = None) -> Running:
        """Start it; what it leaves goes to `out`, by default that of its place."""
        return Running(self.script, [str(each) for each in self.arguments(out or place.out)], place)


def all_commands(inputs: Path, hub: LoopbackHub) -> list[Command]:
    """The commands, those that train also with two processes.

    Args:
        inputs: of `write_inputs`.
        hub: that is pushed to.
    """
    corpus = ["--data_dir", inputs / "corpus", "--num_proc", 1]
    prepare = [*corpus, "--num_proc", 2, "--overwrite_output_dir"]  # the later one counts
    study = [*corpus, "--error_rates", "0,30", "--model", inputs / "run", "--overwrite_output_dir", "--output_dir"]
    encoder = ["--frame_encoder", inputs / "encoder"]
    tables = [*corpus, "--rows", "wise,svm", "--protocols", "speaker", "--epochs", 2, "--jobs"]
    model = ["--model", inputs / "run" / "fold_1"]
    push = [*model, "--repo_id", REPO_ID, "--hub_card", inputs / "hub_card", "--tag", "v1"]
    predict_long = [inputs / "long.wav", "--words", inputs / "long.words.json", "--overwrite_output_dir"]
    predict_many = ["--input", inputs / "calls.csv", "--shard_size", 2]

    def beside(place: Place) -> Path:
        return lock_beside(place.out)

    def long(place: Place) -> Path:
        return lock_beside(place.out / "long")

    return [
        Command("prepare", "prepare.py", lambda out: [*prepare, "--output_dir", out], lock=beside),
        Command("train", "train.py", lambda out: train_arguments(inputs / "corpus", out)),
        Command("train 2 jobs", "train.py", lambda out: train_arguments(inputs / "corpus", out, 2)),
        Command("train encoder", "train.py", lambda out: [*train_arguments(inputs / "corpus", out), *encoder]),
        Command("asr study", "asr_study.py", lambda out: [*study, out]),
        Command("tables", "reproduce_tables.py", lambda out: [*tables, 1, "--output_dir", out]),
        Command("tables 2 jobs", "reproduce_tables.py", lambda out: [*tables, 2, "--output_dir", out]),
        Command("predict long", "predict.py", lambda out: [*predict_long, *model, "--output_dir", out], lock=long),
        Command("predict many", "predict.py", lambda out: [*predict_many, *model, "--output", out]),
        Command("push", "push_to_hub.py", lambda out: push, lambda _: on_hub(hub), hub.store.repos.clear, None),
    ]


def train_arguments(corpus: Path, out: Path, jobs: int = 1) -> list:
    """Cross-validation with refit; the same command starts it and goes on with it."""
    options = ["--cross_validation", "speaker", "--folds", 2, "--refit", "true", "--epochs", 3, "--final_model"]
    where = ["--output_dir", out, "--resume_from_checkpoint", out]
    return ["--data_dir", corpus, "--num_proc", 1, "--jobs", jobs, *options, *where]


def on_hub(hub: LoopbackHub) -> dict[str, object]:
    """The files of the repository, what its tag names, and how many commits it took; nothing before the first."""
    if ("model", REPO_ID) not in hub.store.repos or len(hub.repo(REPO_ID).history("main")) == 1:
        return {}
    repo = hub.repo(REPO_ID)
    tags = {f"tag {name}": hub.files(REPO_ID, name) for name in repo.tags}
    return {**hub.files(REPO_ID), **tags, "commits": len(repo.history("main"))}


def write_inputs(folder: Path) -> None:
    """A corpus of synthetic speech, what is made of it (a run of training, long and short recordings), an encoder."""
    from wise_hf.synthetic.demo_corpus import write_corpus

    write_corpus(folder / "corpus", num_speakers=4, utterances_per_speaker=4)
    recordings = sorted((folder / "corpus" / "audio").glob("*/*.wav"))
    _write_long(recordings, folder / "long.wav")
    with (folder / "corpus" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["file_name"]: row["text"] for row in csv.DictReader(file)}
    with (folder / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(folder / "corpus" / name, text) for name, text in list(texts.items())[:8]]
        csv.writer(file).writerows([("path", "text"), *rows])
    _copy_hub_card(folder / "hub_card")
    save_encoder("wav2vec2-layer", folder / "encoder")
    place = Place(folder / "training")
    running = Running("train.py", [str(each) for each in train_arguments(folder / "corpus", place.out)], place)
    if running.status():
        raise RuntimeError(running.output())
    place.out.rename(folder / "run")


def _write_long(recordings: list[Path], path: Path) -> None:
    """Recordings one after the other, again and again, with the times of their words."""
    words, parts, start_s = [], [], 0.0
    while start_s < LONG_S:
        recording = recordings[len(parts) % len(recordings)]
        samples, rate = soundfile.read(recording, dtype="float32")
        its = json.loads(recording.with_suffix(".words.json").read_text(encoding="utf-8"))
        words += [
            {"word": each["word"], "start_s": each["start_s"] + start_s, "end_s": each["end_s"] + start_s}
            for each in its
        ]
        parts.append(samples)
        start_s += len(samples) / rate
    soundfile.write(path, np.concatenate(parts), rate)
    path.with_suffix(".words.json").write_text(json.dumps(words), encoding="utf-8")


def _copy_hub_card(folder: Path) -> None:
    """What is published beside a model, with one of its samples."""
    (folder / "samples").mkdir(parents=True)
    for name in ("README.md", "handler.py", "requirements.txt", "gitattributes", "samples/happy.wav"):
        shutil.copy(HUB_CARD / name, folder / name)
    samples = json.loads((HUB_CARD / "samples" / "samples.json").read_text(encoding="utf-8"))
    kept = [each for each in samples if each["file"] == "happy.wav"]
    (folder / "samples" / "samples.json").write_text(json.dumps(kept), encoding="utf-8")
