"""The Space of a published model."""

from pathlib import Path

import pytest
from huggingface_hub import SpaceCard

import wise_hf
from wise_hf.hub.publishing import Destination, publish
from wise_hf.hub.space import publish_space


HUB_CARD = Path(__file__).resolve().parents[2] / "hub_card"
MODEL, SPACE = Destination("org/wise-test", tag="v1"), Destination("org/listen", repo_type="space")


def test_the_space_has_its_files_in_one_commit_and_runs_the_published_commit(staged, api, hub):
    publish(staged, MODEL, api)
    publish_space(HUB_CARD, SPACE, MODEL, api)
    files = hub.files("org/listen", kind="space")
    assert {"app.py", "README.md", "requirements.txt", "samples/samples.json", "samples/sad.wav"} <= set(files)
    assert files["visualization.py"] == (Path(wise_hf.__file__).parent / "visualization.py").read_bytes()
    assert SpaceCard(files["README.md"].decode()).data.models == ["org/wise-test"]
    space = hub.repo("org/listen", "space")
    assert space.variables == {"MODEL_ID": "org/wise-test", "MODEL_REVISION": hub.repo("org/wise-test").at("v1").id}
    assert len(space.history("main")) == 2 and space.sdk == "gradio"


def test_a_hub_card_without_a_space_is_told(api, hub, small_hub_card):
    with pytest.raises(ValueError, match="has no app.py; give the folder hub_card"):
        publish_space(small_hub_card, SPACE, MODEL, api)
    assert hub.requests == []
