"""The Space of a published model."""

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from huggingface_hub import SpaceCard
from script import run

import wise_hf
from wise_hf.hub.publishing import Destination, open_repository, publish
from wise_hf.hub.space import PACKAGE_FILES, SPACE_FILES, publish_space, stage_space


HUB_CARD = Path(__file__).resolve().parents[2] / "hub_card"
NAME, SPACE = "org/wise-test", "org/listen"


@pytest.fixture
def space_dir(tmp_path) -> Path:
    folder = tmp_path / "space"
    folder.mkdir()
    stage_space(HUB_CARD, NAME, folder)
    return folder


def test_the_space_has_its_files_in_one_commit_and_runs_the_published_commit(staged, space_dir, api, hub):
    model = publish(staged, Destination(NAME), api)
    api.upload_file(repo_id=NAME, path_in_repo="modeling_wise.py", path_or_fileobj=b"of somebody else")
    destination = Destination(SPACE, repo_type="space")
    open_repository(destination, api)
    publish_space(space_dir, destination, NAME, model, api)
    files = hub.files(SPACE, kind="space")
    assert {*SPACE_FILES, "handler.py", "samples/samples.json", "samples/sad.wav"} <= set(files)
    for name in PACKAGE_FILES:
        assert files[name] == (Path(wise_hf.__file__).parent / "model" / name).read_bytes()
    assert SpaceCard(files["README.md"].decode()).data.models == [NAME]
    space = hub.repo(SPACE, "space")
    assert space.variables == {"MODEL_ID": NAME, "MODEL_REVISION": model.commit}
    assert len(space.history("main")) == 2 and space.sdk == "gradio"


@pytest.mark.slow
def test_the_space_reads_recordings_without_the_package(space_dir):
    code = (
        "import sys; sys.modules['wise_hf'] = None; import channels_wise, recording; "
        "samples, rate = recording.read_recording('samples/sad.wav'); "
        "print(len(channels_wise.mix_channels(samples, rate)) > rate)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=space_dir)
    assert done.stdout == "True\n", done.stderr


def test_all_files_of_the_space_are_known_and_nothing_else_goes():
    there = {path.name for path in (HUB_CARD / "space").iterdir() if path.is_file()}
    assert there == set(SPACE_FILES)


def test_a_hub_card_without_a_space_is_told(small_hub_card, tmp_path):
    with pytest.raises(ValueError, match="has no README.md; give the folder hub_card"):
        stage_space(small_hub_card, NAME, tmp_path)


@pytest.fixture
def push(logged_in, release, small_hub_card, tmp_path):
    """Runs the script, with a hub_card of one sample."""
    hub_card = shutil.copytree(small_hub_card, tmp_path / "hub_card")
    shutil.copytree(HUB_CARD / "space", hub_card / "space")
    options = ["--model", release.model_dir, "--repo_id", NAME, "--tag", "v1", "--private", "--hub_card", hub_card]
    return partial(run, "push_to_hub.py", *options)


@pytest.mark.slow
def test_the_script_publishes_model_and_space_and_a_failure_leaves_nothing_that_it_cannot_mend(hub, push):
    listed = push("--space", SPACE, "--dry_run", "--hub_card", HUB_CARD)
    assert listed.returncode == 0 and "app.py" in listed.stdout and "handler.py" in listed.stdout
    assert hub.requests == []
    refused = push("--space", "other/space")
    assert refused.returncode == 1 and "other/space was not published" in refused.stderr
    assert "README.md" not in (hub.files(NAME) if hub.asked(f"commit.*{NAME}") else {}), "no page names it"
    hub.fail_next("POST .*/variables", times=float("inf"), status=403)
    failed = push("--space", SPACE)
    assert failed.returncode == 1 and f"{SPACE} was not published: the Hub said 403" in failed.stderr
    hub.mend()
    again = push("--space", SPACE)
    assert again.returncode == 0, again.stderr
    assert again.stdout.split() == [f"{hub.endpoint}/{NAME}", f"{hub.endpoint}/spaces/{SPACE}"]
    space = hub.repo(SPACE, "space")
    assert space.private and space.variables["MODEL_REVISION"] == hub.repo(NAME).tags["v1"].id
    once_more = push("--space", SPACE)
    assert (once_more.returncode, once_more.stdout) == (0, again.stdout)
    assert [len(repo.history("main")) for repo in (hub.repo(NAME), space)] == [2, 2]
