"""What is laid out to be published, and what never is."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

import wise_hf
from wise_hf.data.output_lock import lock_beside
from wise_hf.hub import staging
from wise_hf.hub.publishing import staged_names
from wise_hf.hub.staging import stage_model


PACKAGE = Path(wise_hf.__file__).parent / "model"
CODE = {path.name for path in PACKAGE.glob("*_wise.py")}
PUBLISHED = {
    ".gitattributes",
    "README.md",
    "config.json",
    "handler.py",
    "model.safetensors",
    "processor_config.json",
    "requirements.txt",
    "samples/happy.wav",
    "samples/samples.json",
    "tokenizer.json",
    "tokenizer_config.json",
    *CODE,
}
# A fresh interpreter in which wise_hf cannot be imported.
EVERY_CLASS = """
import sys
sys.modules["wise_hf"] = None
import json
from transformers import AutoConfig, AutoFeatureExtractor, AutoModel, AutoModelForAudioClassification, AutoProcessor
from transformers import pipeline
folder = sys.argv[1]
for loader in (AutoConfig, AutoModel, AutoModelForAudioClassification, AutoFeatureExtractor, AutoProcessor):
    loader.from_pretrained(folder, trust_remote_code=True)
classify = pipeline("audio-classification", model=folder, trust_remote_code=True)
print(json.dumps(classify(f"{folder}/samples/happy.wav")))
"""


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_exactly_what_a_model_needs_is_laid_out(staged):
    assert staged_names(staged) == sorted(PUBLISHED)
    for name in CODE:
        assert (staged / name).read_bytes() == (PACKAGE / name).read_bytes()


def test_nothing_else_of_the_models_folder_goes(release, tmp_path):
    strays = ["arguments.json", "optimizer.bin", "scheduler.pt", ".env", "._modeling_wise.py", "notes_wise.txt"]
    for name in (*strays, "checkpoint/model.safetensors", "old/config.json"):
        write(release.model_dir / name)
    (tmp_path / "staged").mkdir()
    staying = stage_model(release, tmp_path / "staged")
    assert staged_names(tmp_path / "staged") == sorted(PUBLISHED)
    assert staying == sorted([*strays, "checkpoint", "old"])


@pytest.mark.slow
def test_every_class_is_named_and_loads_without_wise_hf(staged, tmp_path):
    config = json.loads((staged / "config.json").read_text())
    assert set(config["auto_map"]) == {
        "AutoConfig",
        "AutoModel",
        "AutoModelForAudioClassification",
        "AutoFeatureExtractor",
        "AutoProcessor",
    }
    assert config["custom_pipelines"]["audio-classification"]["impl"].startswith("pipeline_wise.")
    env = os.environ | {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", EVERY_CLASS, str(staged)], capture_output=True, text=True, env=env, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr[-3000:]
    widget = json.loads(done.stdout.splitlines()[-1])
    shown = (staged / "README.md").read_text()
    for entry in widget:
        assert f"  - label: {entry['label']}\n    score: {round(entry['score'], 4)}\n" in shown


def test_an_older_or_downloaded_folder_is_completed_from_the_package(release, tmp_path):
    config_file = release.model_dir / "config.json"
    config = json.loads(config_file.read_text())
    config["auto_map"] = {"AutoModel": "modeling_old.WISEModel"}
    del config["custom_pipelines"]
    config_file.write_text(json.dumps(config))
    for path in release.model_dir.glob("*.py"):
        path.unlink()
    stage_model(release, tmp_path / "staged")
    assert staged_names(tmp_path / "staged") == sorted(PUBLISHED)
    published = json.loads((tmp_path / "staged" / "config.json").read_text())
    assert published["auto_map"]["AutoModel"] == "modeling_wise.WISEModel" and len(published["auto_map"]) == 5
    assert published["custom_pipelines"]["audio-classification"]["type"] == "audio"
    assert json.loads(config_file.read_text()) == config, "the model's own folder stays as it is"


def test_a_model_saved_with_other_code_is_told(release, tmp_path, caplog):
    write(release.model_dir / "decoder_wise.py", "other = True\n")
    stage_model(release, tmp_path / "staged")
    assert "saved with another version of decoder_wise.py" in caplog.text
    assert (tmp_path / "staged/decoder_wise.py").read_bytes() == (PACKAGE / "decoder_wise.py").read_bytes()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "processor_config.json"])
def test_a_folder_without_a_whole_model_is_refused(release, tmp_path, name):
    (release.model_dir / name).unlink()
    with pytest.raises(ValueError, match=rf"holds no model \(no {name}\); give a folder such as OUT/model"):
        stage_model(release, tmp_path / "staged")
    assert not (tmp_path / "staged").exists()


def test_what_is_no_folder_is_refused(release, tmp_path):
    for path in (release.model_dir / "config.json", release.model_dir / "none"):
        with pytest.raises(ValueError, match="is no folder; give a model's folder"):
            stage_model(replace(release, model_dir=path), tmp_path / "staged")


def test_a_folder_with_a_recording_is_refused(release, tmp_path):
    write(release.model_dir / "data/x.wav")
    with pytest.raises(ValueError, match="x.wav looks like a recording"):
        stage_model(release, tmp_path / "staged")
    assert not (tmp_path / "staged").exists()


def test_a_link_that_leads_out_of_the_models_folder_is_not_published(release, tmp_path):
    (tmp_path / "token").write_text("hf_secret")
    license_file = release.model_dir / "LICENSE"
    license_file.symlink_to(tmp_path / "token")
    with pytest.raises(ValueError, match="LICENSE is a link, and what it leads to would be published"):
        stage_model(release, tmp_path / "staged")
    license_file.unlink()
    (release.model_dir / "tokenizer.json").rename(tmp_path / "tokenizer.json")
    (release.model_dir / "tokenizer.json").symlink_to(tmp_path / "tokenizer.json")
    with pytest.raises(ValueError, match="tokenizer.json is a link that leads out of the model's folder"):
        stage_model(release, tmp_path / "staged")


def test_weights_that_are_no_safetensors_are_refused(release, tmp_path):
    weights = release.model_dir / "model.safetensors"
    write(weights, "a pickle under another name")
    with pytest.raises(ValueError, match="is no safetensors file"):
        stage_model(release, tmp_path / "staged")
    weights.rename(release.model_dir / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"has its weights as pytorch_model.bin; only safetensors are published"):
        stage_model(release, tmp_path / "staged")


@pytest.mark.parametrize("change", ["missing", "unexpected", "shape"])
def test_weights_that_do_not_fit_the_code_are_refused(release, tmp_path, change):
    path = release.model_dir / "model.safetensors"
    tensors = load_file(path)
    name = next(iter(tensors))
    if change == "missing":
        del tensors[name]
    elif change == "unexpected":
        tensors["other.weight"] = tensors[name].clone()
    else:
        tensors[name] = tensors[name][:-1].clone()
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(ValueError, match="The weights do not fit"):
        stage_model(release, tmp_path / "staged")


@pytest.mark.parametrize("text", ['{"model_type": "bert"}', "[]", "{", "[" * 99_999])
def test_another_models_configuration_is_refused(release, tmp_path, text):
    write(release.model_dir / "config.json", text)
    with pytest.raises(ValueError, match="is not that of a WISE model|config.json is no JSON "):
        stage_model(release, tmp_path / "staged")


def test_a_sample_that_cannot_be_classified_stops_the_publication(release, tmp_path, monkeypatch):
    def deaf(*args: object, **kwargs: object) -> None:
        raise ValueError("No word was heard.")

    monkeypatch.setattr(staging.wise_hf.WISEAudioClassificationPipeline, "__call__", deaf)
    before = {*tmp_path.iterdir(), lock_beside(tmp_path / "staged")}
    with pytest.raises(ValueError, match=r"cannot classify the sample .*happy.wav \(No word was heard"):
        stage_model(release, tmp_path / "staged")
    assert set(tmp_path.iterdir()) == before, "there is the whole folder or nothing of it"


@pytest.mark.parametrize("name", ["README.md", "handler.py", "requirements.txt", "gitattributes"])
def test_a_hub_card_without_its_files_is_told(release, tmp_path, name):
    folder = shutil.copytree(release.hub_card_dir, tmp_path / "card")
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"has no {name}; give the folder hub_card"):
        stage_model(replace(release, hub_card_dir=folder), tmp_path / "staged")


@pytest.mark.parametrize(
    "samples",
    ["{", "[]", '[{"file": "x.wav"}]', '[{"file": "../x.wav", "meant": "sad", "text": "x"}]', '[{"file": 1}]']
    + ['[{"file": "none.wav", "meant": "sad", "text": "x"}]'],
)
def test_a_list_of_samples_that_cannot_be_used_is_told(release, tmp_path, samples):
    folder = shutil.copytree(release.hub_card_dir, tmp_path / "card")
    write(folder / "samples/samples.json", samples)
    with pytest.raises(ValueError, match="samples.json "):
        stage_model(replace(release, hub_card_dir=folder), tmp_path / "staged")


def test_the_models_own_folder_is_not_written_into(release):
    with pytest.raises(ValueError, match="lies in the model's own folder"):
        stage_model(release, release.model_dir / "staged")
    assert not (release.model_dir / "staged").exists()


def test_a_folder_that_holds_something_is_not_written_into(release, tmp_path):
    write(tmp_path / "staged/precious.txt")
    with pytest.raises(ValueError, match="staged is there already; remove it, or give another folder"):
        stage_model(release, tmp_path / "staged")
    assert staged_names(tmp_path / "staged") == ["precious.txt"]
