"""scripts/train.py --push_to_hub: what is found out before the training, and what is done after it."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from accelerate.state import AcceleratorState
from huggingface_hub import ModelCard
from loopback.hub import OTHER_TOKEN, READ_TOKEN, TOKEN, environment

from wise_hf.commands.parsing import parse
from wise_hf.commands.train import TrainAndPublishOptions
from wise_hf.commands.train import main as train
from wise_hf.hub.publishing import Destination, publish
from wise_hf.hub.trained_model import check_hub_options, command_to_publish
from wise_hf.training import run as experiment


SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "train.py"
NAME = "org/wise-trained"
PUSH = ["--push_to_hub", "--hub_model_id", NAME]


@pytest.fixture
def usual(tmp_path, small_hub_card) -> list[str]:
    """What every command here has."""
    given = ["--data_dir", tmp_path / "corpus", "--output_dir", tmp_path / "out", "--hub_card", small_hub_card]
    return [*map(str, given)]


@pytest.fixture
def parse_given(usual) -> Callable[..., TrainAndPublishOptions]:
    """The options of scripts/train.py, as a run takes them."""
    return lambda *given: parse(TrainAndPublishOptions, None, [*usual, *given])


pytestmark = pytest.mark.usefixtures("waits")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--hub_model_id", NAME], "--hub_model_id: nothing is published without --push_to_hub"),
        (["--hub_license", "mit"], "--hub_license: nothing is published without --push_to_hub"),
        (["--hub_private_repo", "--hub_tag", "v1"], "--hub_private_repo, --hub_tag: nothing is published without"),
        (["--push_to_hub"], "--push_to_hub needs a name on the Hub; give --hub_model_id"),
        (["--push_to_hub", "--hub_model_id", "name"], "'name' is no name on the Hub"),
        ([*PUSH, "--hub_tag", "v 1"], "is no name of a tag"),
        ([*PUSH, "--hub_card", "none"], "none has no README.md; give the folder hub_card"),
    ],
)
def test_a_publication_that_cannot_be_is_told_before_any_work(parse_given, monkeypatch, given, sentence):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(ValueError) as told:
        check_hub_options(parse_given(*given))
    assert sentence in str(told.value)


def test_nobody_logged_in_is_told_before_any_work(parse_given, monkeypatch):
    monkeypatch.setattr("wise_hf.hub.connection.get_token", lambda: None)
    with pytest.raises(ValueError, match="Nobody is logged in to the Hub"):
        check_hub_options(parse_given(*PUSH))
    check_hub_options(parse_given())


@pytest.fixture
def quick(spoken_corpus):
    AcceleratorState._reset_state(reset_partial_state=False)
    return ["--data_dir", str(spoken_corpus), "--num_proc", "1", "--epochs", "1", "--no-svm", "--no-refit"]


@pytest.mark.parametrize(
    ("token", "kind", "sentence"),
    [
        ("hf_wrong", OSError, r"401 .*log in by `hf auth login`"),
        (READ_TOKEN, ValueError, "may only read; log in"),
        (OTHER_TOKEN, OSError, r"403 .*with a token that may write there"),
    ],
)
def test_a_login_that_may_not_publish_is_told_before_the_training(
    usual, hub, logged_in, quick, tmp_path, token, kind, sentence
):
    logged_in.setenv("HF_TOKEN", token)
    logged_in.setattr(experiment, "run_folds", lambda *args: pytest.fail("trained first"))
    with pytest.raises(kind, match=sentence) as told:
        train([*usual, *quick, *PUSH])
    assert token not in str(told.value)
    assert not (tmp_path / "out" / "arguments.json").exists(), "the same command, mended, starts the run"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--hub_license", "mine"], "'mine' is no licence that the Hub knows"),
        (["--hub_tag", "v1"], "has a tag v1 already"),
    ],
)
def test_a_licence_or_tag_that_cannot_be_is_told_before_the_training(
    usual, hub, logged_in, quick, staged, options, sentence
):
    if "--hub_tag" in options:
        publish(staged, Destination(NAME, tag="v1"))
    logged_in.setattr(experiment, "run_folds", lambda *args: pytest.fail("trained first"))
    with pytest.raises(ValueError, match=sentence):
        train([*usual, *quick, *PUSH, *options])
    assert len(hub.asked("POST /api/repos/create")) == 2 * ("--hub_tag" in options), "by the test and by the run"


def test_the_command_to_publish_later_is_whole(parse_given, small_hub_card):
    options = parse_given(*PUSH, "--hub_private_repo", "--hub_training_data", "my data")
    later = command_to_publish(options, Path("out/fold_1"))
    assert later == (
        f"wise-hf push --model out/fold_1 --repo_id {NAME} --private --training_data 'my data' "
        f"--hub_card {small_hub_card}"
    )


def test_a_trained_model_is_published_and_a_failed_push_keeps_the_results(
    usual, hub, logged_in, quick, tmp_path, capsys
):
    options = [*quick, "--cross_validation", "speaker", "--folds", "2", *PUSH, "--hub_private_repo"]
    hub.fail_next("^POST .*/commit/", times=float("inf"))
    with pytest.raises(OSError) as told:
        train([*usual, *options])
    out = tmp_path / "out"
    assert "the Hub said 503" in str(told.value) and f"its results are in {out}" in str(told.value)
    assert f"wise-hf push --model {out / 'fold_1'} --repo_id {NAME} --private" in str(told.value)
    results = json.loads((out / "results.json").read_text())
    assert len(results["folds"]) == 2 and set(hub.files(NAME)) == {".gitattributes"}
    hub.mend()
    AcceleratorState._reset_state(reset_partial_state=False)
    given = json.loads((out / "arguments.json").read_text())
    assert not any("hub" in name for name in given), "what is published may differ when a run is continued"
    train([*usual, *options, "--hub_tag", "v1", "--resume_from_checkpoint", str(out)])
    assert "leave speakers out" in capsys.readouterr().out
    files = hub.files(NAME, "v1")
    assert results["folds"][0]["weights"] == hashlib.sha256(files["model.safetensors"]).hexdigest()
    assert files["model.safetensors"] == (out / "fold_1" / "model.safetensors").read_bytes()
    assert hub.repo(NAME).private and len(hub.repo(NAME).history("main")) == 2
    index = ModelCard(files["README.md"].decode()).data.eval_results
    assert index[-1].metric_value == results["systems"]["WISE"]["mean"]["ua"]
    assert "those of fold 1 of 2" in files["README.md"].decode()


@pytest.mark.slow
def test_of_two_processes_the_main_one_alone_writes_and_publishes(hub, spoken_corpus, small_hub_card, tmp_path):
    command = [*("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"), SCRIPT]
    command += ["--data_dir", spoken_corpus, "--output_dir", tmp_path / "out", "--hub_card", small_hub_card, *PUSH]
    command += ["--num_proc", "1", "--epochs", "1", "--no-svm"]
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        env=environment(hub, tmp_path / "home") | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["accelerate"]["processes"] == 2 and done.stdout.count("Protocol:") == 1
    assert np.sum(results["folds"][0]["validation"]["confusion"]) == results["folds"][0]["sizes"]["validation"]
    assert (tmp_path / "out" / "model" / "model.safetensors").is_file()
    assert f"Published: {hub.endpoint}/{NAME}" in done.stderr and TOKEN not in done.stdout + done.stderr
    assert len(hub.repo(NAME).history("main")) == 2 and len(hub.asked("POST /api/repos/create")) == 2
    assert "which chose the epoch" in hub.files(NAME)["README.md"].decode()
