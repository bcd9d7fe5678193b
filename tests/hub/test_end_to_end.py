"""From a training to somebody who has never heard of wise_hf: trained, published, downloaded, loaded, classified."""

import json
import subprocess
from pathlib import Path

import pytest
import script
import torch
from fresh_environment import make_environment
from loopback.hub import environment
from safetensors.torch import load_file, save_file

from wise_hf import WISEModel, read_audio
from wise_hf.hub.publishing import Destination, publish
from wise_hf.model.loading import load_pipeline, load_processor


NAME = "org/wise-iemocap"
SECOND = ("one", "two", "three", "four")

# What a stranger types.
CLASSIFY = """
import importlib.util, json, sys
assert importlib.util.find_spec("wise_hf") is None, "the point is that wise_hf is not here"
import soundfile
from transformers import AutoModel, AutoModelForAudioClassification, AutoProcessor, pipeline

name, recording, text = sys.argv[1:]
classify = pipeline("audio-classification", model=name, trust_remote_code=True)
processor = AutoProcessor.from_pretrained(name, trust_remote_code=True)
samples, rate = soundfile.read(recording, dtype="float32")
inputs = processor(samples, text=text, sampling_rate=rate, return_tensors="pt")
vector = AutoModel.from_pretrained(name, trust_remote_code=True)(**inputs).pooler_output
model = AutoModelForAudioClassification.from_pretrained(name, trust_remote_code=True)
print(json.dumps({
    "pipeline": classify({"audio": recording, "text": text}),
    "alone": classify(recording),
    "model": dict(zip(model.config.id2label.values(), model(**inputs).logits.softmax(-1)[0].tolist())),
    "vector": vector[0].tolist(),
}))
"""
DOWNLOAD = """
import sys
from huggingface_hub import snapshot_download
print(snapshot_download(sys.argv[1]))
"""
LOAD_TWICE = """
import json, sys
from transformers import AutoModel
for _ in range(2):
    model = AutoModel.from_pretrained(sys.argv[1], trust_remote_code=True)
    print(json.dumps([model.config.id2label[0], [float(weight.detach().mean()) for weight in model.parameters()]]))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    return make_environment(tmp_path_factory.mktemp("fresh") / "env")


def run(python: Path | str, *arguments: object, env: dict[str, str]) -> str:
    command = [str(python), *map(str, arguments)]
    env = env | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=env["HF_HOME"])
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


@pytest.mark.slow
def test_a_trained_and_published_model_gives_the_same_scores_to_a_stranger(
    python, hub, logged_in, spoken_corpus, small_hub_card, tmp_path
):
    strangers, out = tmp_path / "strangers", tmp_path / "out"
    strangers.mkdir()
    corpus = ["--data_dir", spoken_corpus, "--epochs", 1, "--no-refit", "--output_dir", out]
    push = ["--push_to_hub", "--hub_model_id", NAME, "--hub_card", small_hub_card]
    done = script.run("train.py", *corpus, *push)
    assert done.returncode == 0, done.stderr[-3000:]

    recording, text = small_hub_card / "samples" / "happy.wav", "What a wonderful surprise, thank you so much!"
    told = json.loads(run(python, "-c", CLASSIFY, NAME, recording, text, env=environment(hub, strangers, token=None)))
    classify = load_pipeline(out / "model")
    for said, given in (("pipeline", {"audio": str(recording), "text": text}), ("alone", str(recording))):
        here = classify(given)
        assert [entry["label"] for entry in told[said]] == [entry["label"] for entry in here]
        assert [entry["score"] for entry in told[said]] == pytest.approx([entry["score"] for entry in here], abs=1e-6)
    assert told["model"] == pytest.approx({entry["label"]: entry["score"] for entry in told["pipeline"]}, abs=1e-6)
    inputs = load_processor(out / "model")(read_audio(recording), text=text, return_tensors="pt")
    with torch.inference_mode():
        vector = WISEModel.from_pretrained(out / "model")(**inputs).pooler_output[0]
    assert told["vector"] == pytest.approx(vector.tolist(), abs=1e-6)


def second_version(staged: Path, output_dir: Path) -> Path:
    """The same model with other weights, other names of its classes and another card."""
    for path in (path for path in staged.rglob("*") if path.is_file()):
        target = output_dir / path.relative_to(staged)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    weights = {name: tensor + 1 for name, tensor in load_file(staged / "model.safetensors").items()}
    save_file(weights, output_dir / "model.safetensors", metadata={"format": "pt"})
    (output_dir / "README.md").write_text((staged / "README.md").read_text() + "\nThe second.\n")
    config = json.loads((staged / "config.json").read_text())
    names = {"id2label": dict(enumerate(SECOND)), "label2id": {name: number for number, name in enumerate(SECOND)}}
    (output_dir / "config.json").write_text(json.dumps(config | names))
    return output_dir


@pytest.mark.parametrize("held", ["config.json", "model.safetensors"])
def test_a_download_during_a_push_is_one_version(python, hub, api, staged, tmp_path, held):
    publish(staged, Destination(NAME), api)
    new = second_version(staged, tmp_path / "new")
    env = environment(hub, tmp_path, token=None)
    gate = hub.hold(rf"^HEAD .*/{held.replace('.', '[.]')}")
    with subprocess.Popen([python, "-c", DOWNLOAD, NAME], env=env, stdout=subprocess.PIPE, text=True) as download:
        assert gate.reached.wait(60)
        publish(new, Destination(NAME), api)
        gate.open()
        folder = Path(download.communicate(timeout=120)[0].strip())
    assert contents(folder) == contents(staged)
    assert contents(Path(run(python, "-c", DOWNLOAD, NAME, env=env | {"HF_HOME": str(tmp_path)}))) == contents(new)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_model_loaded_during_a_push_is_one_version(python, hub, api, staged, tmp_path):
    publish(staged, Destination(NAME), api)
    new = second_version(staged, tmp_path / "new")
    env = environment(hub, tmp_path, token=None) | {"OMP_NUM_THREADS": "1"}
    gate = hub.hold(r"^HEAD .*/model[.]safetensors")  # configuration and code are there by then
    with subprocess.Popen([python, "-c", LOAD_TWICE, NAME], env=env, stdout=subprocess.PIPE, text=True) as loading:
        assert gate.reached.wait(180)
        publish(new, Destination(NAME), api)
        gate.open()
        first, second = map(json.loads, loading.communicate(timeout=180)[0].splitlines())
    assert [first[0], second[0]] == ["angry", "one"]
    assert second[1] == pytest.approx([mean + 1 for mean in first[1]], abs=1e-5)
