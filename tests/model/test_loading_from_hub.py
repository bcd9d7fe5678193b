"""A model on the Hub is fetched at one commit, checked there and loaded from there."""

import json
import os
import subprocess
import sys
from pathlib import Path


STEPS = """
import json, os, sys
from pathlib import Path
from loopback.hub import LoopbackHub, environment

model, home = sys.argv[1:]
told = {}
with LoopbackHub() as hub:
    os.environ.update(environment(hub, home))  # before the first import of huggingface_hub
    from huggingface_hub import HfApi
    from wise_hf.model import loading

    def asked_by_loading():
        hub.requests.clear()
        loading.load_pipeline("org/model")
        return [f"{request.method} {request.path}" for request in hub.requests]

    def why_not(name, **given):
        try:
            loading.load_pipeline(name, **given)
        except (ValueError, OSError) as error:
            return [type(error).__name__, str(error)]

    def change_after_the_check(folder):
        check(folder)
        harmful = json.dumps(config | {"frame_encoder": "http://127.0.0.1:9/model"}).encode()
        api.upload_file(path_or_fileobj=harmful, path_in_repo="config.json", repo_id="org/model")

    api, check = HfApi(), loading.check_named_files
    config = json.loads((Path(model) / "config.json").read_text())
    api.create_repo("org/model")
    api.upload_folder(repo_id="org/model", folder_path=model)
    told["first"], told["again"] = asked_by_loading(), asked_by_loading()
    told["commits"] = [loading.commit_of("org/model"), api.model_info("org/model").sha]
    loading.check_named_files = change_after_the_check
    asked_by_loading()
    loading.check_named_files = check
    told["changed"] = why_not("org/model")
    told["unknown"], told["no tag"] = why_not("org/none"), why_not("org/model", revision="v9")
told["unreachable"], told["unreachable and cached"] = why_not("org/other"), why_not("org/model")
print(json.dumps(told))
"""


def test_a_model_on_the_hub_is_fetched_and_checked_at_one_commit(saved_model: Path, tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(__file__).resolve().parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", STEPS, str(saved_model), str(tmp_path / "home")],
        env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert any("model.safetensors" in each for each in told["first"])
    assert not any(".py" in each or "README" in each for each in told["first"]), "only what is read"
    assert len(told["again"]) == 1, "which commit it is"
    assert told["commits"][0] == told["commits"][1]
    for given, kind, sentence in (
        ("changed", "ValueError", "a path or an address"),
        ("unknown", "ValueError", "The Hub has no model org/none, or none that your token may read"),
        ("no tag", "ValueError", "The Hub has no model org/model at v9,"),
        ("unreachable", "OSError", "The Hub cannot be reached, and org/other was not fetched before"),
        ("unreachable and cached", "ValueError", "a path or an address"),
    ):
        assert told[given][0] == kind and sentence in told[given][1], told[given]
