"""The card: its numbers are those of results.json, its code runs, and it says what is not known."""

import functools
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jinja2
import jinja2.meta
import pytest
from hub_input import CONFUSIONS, EMOTIONS, UNKNOWN_CONFUSIONS, results_of_a_run, results_of_validation
from huggingface_hub import ModelCard
from loopback.hub import environment

from wise_hf.data.corpora.iemocap import IMITATION
from wise_hf.hub.card import check_results, describe_release, eval_results, these_weights, write_model_card
from wise_hf.hub.publishing import Destination, publish
from wise_hf.hub.release import Release
from wise_hf.hub.samples import HeardSample
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.loading import load_model


HUB_CARD = Path(__file__).resolve().parents[2] / "hub_card"
SCORES = [{"label": label, "score": 0.25} for label in EMOTIONS]
SAMPLE = HeardSample("samples/happy.wav", "happy", 'Say "hello" to her.', "say hello to her", SCORES, SCORES)


@pytest.fixture
def card(saved_model, tmp_path):
    """Writes a card and loads it back."""
    model = load_model(saved_model)

    def write(*results: dict, fold: int = 2, tag: str | None = "v1.0", **changes) -> ModelCard:
        destination = Destination("org/wise-test", tag=tag)
        release = replace(Release(Path("out/fold_2"), destination, HUB_CARD), **changes)
        weights = f"weights of fold {fold}"
        write_model_card(release, model, weights, results, [SAMPLE], tmp_path / "README.md")
        return ModelCard.load(tmp_path / "README.md")

    return write


def test_the_metadata_is_what_the_hub_reads(card):
    data = card(results_of_a_run()).data
    assert (data.library_name, data.pipeline_tag, data.language) == ("transformers", "audio-classification", "en")
    assert {"speech-emotion-recognition", "custom_code", "wise"} <= set(data.tags)
    assert data.widget == [
        {
            "src": "samples/happy.wav",
            "example_title": 'Synthetic speech, meant happy: Say "hello" to her.',
            "output": SCORES,
        }
    ]
    assert data.license == "other" and data.license_link.endswith("/org/wise-test#training-data-and-licence")
    assert card(results_of_a_run(), license="cc-by-nc-sa-4.0").data.to_dict()["license"] == "cc-by-nc-sa-4.0"


def test_the_model_index_has_the_very_numbers_of_the_results(card):
    results = json.loads(json.dumps(results_of_a_run()))
    loaded = card(results).data
    assert loaded.model_name == "wise-test"
    found = {entry.metric_name: entry.metric_value for entry in loaded.eval_results}
    mean = {name: system["mean"] for name, system in results["systems"].items()}
    assert found == {
        "WA, speakers unknown, mean of 2 folds": mean["WISE, speakers unknown"]["wa"],
        "UA, speakers unknown, mean of 2 folds": mean["WISE, speakers unknown"]["ua"],
        "WA, speakers known, mean of 2 folds": mean["WISE"]["wa"],
        "UA, speakers known, mean of 2 folds": mean["WISE"]["ua"],
    }
    assert {entry.metric_type for entry in loaded.eval_results} == {"accuracy", "recall"}
    assert all((entry.dataset_config, entry.dataset_split) == ("speaker", "test") for entry in loaded.eval_results)


def test_a_second_protocols_results_are_in_the_index_and_in_the_text(card):
    made = card(results_of_a_run(), results_of_a_run(protocol="random", corpus="calls"))
    assert {entry.dataset_config for entry in made.data.eval_results} == {"speaker", "random"}
    assert "### Protocol: leave speakers out" in made.text and "### Protocol: random utterances" in made.text
    apart = card(results_of_a_run(), results_of_a_run(text_disjoint=True))
    assert {entry.dataset_config for entry in apart.data.eval_results} == {"speaker", "speaker-text-disjoint"}
    scripted = results_of_a_run(corpus_options={"scenario": "scripted"}, text_disjoint=True, folds_file="theirs.json")
    first, *_, last = card(results_of_a_run(), scripted).data.eval_results
    assert last.dataset_config == "speaker-scripted-text-disjoint" and list(first.dataset_args) == ["protocol"]
    assert last.dataset_args == first.dataset_args | {"scenario": "scripted", "folds_file": "theirs.json"}
    with pytest.raises(ValueError, match="Of speaker, speaker give each protocol's results once"):
        card(results_of_a_run(), results_of_a_run())


@pytest.mark.parametrize("changes", [{"corpus": "others"}, {"recipe_name": "paper"}, {"word_vectors": "learnt"}])
def test_results_of_another_corpus_or_recipe_are_not_given_for_this_ones(card, changes):
    with pytest.raises(ValueError, match="The results differ in .*; give those of one corpus and recipe"):
        card(results_of_a_run(), results_of_a_run(protocol="random") | changes, dataset_name="calls")


def test_where_nobody_is_known_there_is_one_row_without_further_words():
    results = results_of_a_run()
    del results["systems"]["WISE, speakers unknown"]
    assert [entry.metric_name for entry in eval_results(results)] == ["WA, mean of 2 folds", "UA, mean of 2 folds"]


def test_recall_of_every_emotion_is_that_of_the_pooled_confusion(card):
    text = card(results_of_a_run()).text
    for index, emotion in enumerate(EMOTIONS):
        recalls = []
        for matrices in (UNKNOWN_CONFUSIONS, CONFUSIONS):
            row = [sum(counts) for counts in zip(*(matrix[index] for matrix in matrices), strict=True)]
            recalls.append(f"{row[index] / sum(row):.3f}")
        assert f"| {emotion} | {sum(row)} | {recalls[0]} | {recalls[1]} |" in text
    assert "Confusion of the test parts of all folds, speakers unknown" in text


def test_the_card_says_which_model_this_is_and_what_it_never_heard(card):
    text = card(results_of_a_run()).text
    assert "those of fold 2 of 2, chosen by whoever published it" in text and "from 80 utterances" in text
    assert "never heard the 32" in text and "the pipeline gives the row `WISE, speakers unknown`" in text
    assert "leave speakers out: no speaker is in training and test" in text and "seed 3" in text
    assert "Recipe `wise_hf`" in text and "torch 2.13.0" in text
    first = card(results_of_a_run(), fold=1).text
    assert "those of fold 1 of 2, the first, whatever it scored" in first
    assert "speakers 1-2" not in text + first, "speakers may be called by their names"


def test_the_card_says_that_no_score_is_of_a_model_that_learnt_from_all(card):
    results = results_of_a_run() | {"final_model": {"weights": "weights of all", "num_utterances": 64, "epoch": 40}}
    check_results(WISEConfig(), "weights of all", [results])
    text = these_weights("weights of all", results)
    assert "learnt from all 64 utterances" in text and "no score above is of them" in text
    assert "those of fold 2 of 2" in card(results).text


def test_scores_of_a_validation_part_are_told_but_not_indexed(card):
    made = card(results_of_validation(), fold=1)
    assert made.data.eval_results is None and "model-index" not in made.content and made.data.metrics is None
    assert "which chose the epoch: they flatter the model" in made.text
    assert "does worse than these scores, which know who speaks" in made.text and "speakers unknown" not in made.text
    assert "learnt from 64 utterances and were kept at epoch 40" in made.text


def test_without_results_the_card_says_that_nothing_was_measured(card):
    made = card()
    assert "Nothing was measured" in made.text and "model-index" not in made.content
    assert made.data.metrics is None and made.data.to_dict().get("model_name") is None


@pytest.mark.parametrize(
    ("corpus", "given", "sentence"),
    [
        ("calls", "RAVDESS (CC BY-NC-SA 4.0)", "RAVDESS (CC BY-NC-SA 4.0)"),
        ("IEMOCAP", None, "licensed for research to the person who signed for it, and may not be passed on"),
        (IMITATION, None, "nothing about real emotions"),
        ("calls", None, "`calls`, of which it is not said here whose they are and under which licence"),
    ],
)
def test_the_training_data_is_told_with_its_licence_or_with_its_lack(card, corpus, given, sentence):
    text = " ".join(card(results_of_a_run(corpus=corpus), training_data=given).text.split())
    assert sentence in text and "The code in this repository is Apache-2.0" in text
    assert "depends on the licence of the recordings" in text


@pytest.mark.parametrize("name", ["strange: | name", "'", '"#', "mine\n---\nlicense: mit"])
def test_a_strange_corpus_name_breaks_neither_the_metadata_nor_the_page(card, name):
    made = card(results_of_a_run(), dataset_name=name)
    assert {entry.dataset_name for entry in made.data.eval_results} == {name}
    assert made.data.license == "other" and made.text.lstrip().startswith("# wise-test")


def test_the_card_has_what_a_reader_needs(card):
    text = card(results_of_a_run()).text
    for heading in (
        *("How to use it", "Live inference", "Scores", "Training data and licence", "How the words are found"),
        *("Limits", "Intended use and misuse", "Versions and code", "Citation"),
    ):
        assert f"\n## {heading}\n" in text
    assert "10.21437/Interspeech.2020-3131" in text and "Inference Endpoint" in text and "AI Act" in text
    assert 'revision="v1.0"' in text and "a commit cannot" in " ".join(text.split())
    assert not re.search(r"\n\n\n|{{|{%|%}|None|undefined", text)


def test_the_template_asks_for_nothing_that_is_not_given(card):
    asked = jinja2.meta.find_undeclared_variables(
        jinja2.Environment().parse((HUB_CARD / "README.md").read_text(encoding="utf-8"))
    )
    release = Release(Path("fold_1"), Destination("org/x"), HUB_CARD)
    given = describe_release(release, WISEConfig(), [SAMPLE])
    assert asked == {*given, "card_data", "parameters", "runs", "these_weights", "training_data"}


def test_a_space_is_named_where_there_is_one(card):
    assert "huggingface.co/spaces" not in card().text
    assert "https://huggingface.co/spaces/org/listen" in card(space="org/listen").text


@pytest.mark.parametrize(
    ("changes", "weights", "sentence"),
    [
        ({"emotions": ["happy", "sad"]}, "weights of fold 1", "of another model, with the emotions happy, sad"),
        ({"model": {"hierarchy": "word"}}, "weights of fold 1", "of another model, with hierarchy=word"),
        ({}, "weights of fold 3", "of another model, with other weights"),
    ],
)
def test_results_of_another_model_are_refused(changes, weights, sentence):
    results = results_of_a_run() | changes
    with pytest.raises(ValueError, match=sentence):
        check_results(WISEConfig(), weights, [results])


@pytest.mark.parametrize("text", [None, "{", "[]", '{"systems": {}}', '{"systems": {"WISE": {}}}'])
def test_a_file_that_holds_no_results_is_told(tmp_path, text):
    path = tmp_path / "mine.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=r"mine.json (cannot be read|holds no results).*give a results.json"):
        Release(tmp_path, Destination("org/x"), HUB_CARD, (path,)).read_results()


# What is printed on the page is put together and run as it stands, where wise_hf is not installed.
WITHOUT_WISE_HF = 'import sys\nsys.modules["wise_hf"] = None\n'


@pytest.fixture(scope="module")
def endpoint(staged_once, tmp_path_factory):
    """hub_card/serve.py with the published handler, as Inference Endpoints run it."""
    folder = shutil.copytree(staged_once, tmp_path_factory.mktemp("endpoint") / "model")
    shutil.copy(HUB_CARD / "serve.py", folder)
    command = [sys.executable, "serve.py", "--model", str(folder), "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.mark.slow
def test_the_printed_code_runs_as_printed(staged, api, hub, endpoint, tmp_path):
    publish(staged, Destination("org/wise-test", tag="v1"), api)
    text = (staged / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 5 and all("v1" in block for block in (blocks[0], blocks[2], blocks[3]))
    env = environment(hub, tmp_path / "home") | {"ENDPOINT_URL": endpoint, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_WISE_HF + "\n".join(blocks)],
        capture_output=True,
        text=True,
        env=env,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert "score" in lines[0] and hub.repo("org/wise-test").at("v1").id in lines and "score" in lines[-1]


@pytest.mark.slow
def test_the_printed_request_runs_as_printed(staged, endpoint, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    request = re.search(r"```bash\n(curl .*?)```", (staged / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    shutil.copy(staged / "samples/happy.wav", tmp_path / "call.wav")
    env = {"ENDPOINT_URL": endpoint, "HF_TOKEN": "hf_x", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", "-c", request], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert {entry["label"] for entry in json.loads(done.stdout)} == set(EMOTIONS), done.stderr


@pytest.mark.parametrize(
    "changed",
    [
        *({"folds": []}, {"folds": 5}, {"emotions": [1]}, {"corpus_options": None}, {"recipe": {}}, {"model": []}),
        *({"corpus": "\ud800"}, {"corpus_options": {"a": functools.reduce(lambda inner, _: [inner], range(330), [])}}),
    ],
)
def test_results_that_hold_something_else_are_told_in_a_sentence(card, changed):
    with pytest.raises(
        ValueError, match=r"(not as a training writes them \(.+\)|nested too deep); give a whole results|of another"
    ):
        card(results_of_a_run() | changed)


def test_a_fault_of_the_template_is_not_told_as_one_of_the_results(card, tmp_path):
    (tmp_path / "README.md").write_text("{{ name + 5 }}")
    with pytest.raises(TypeError):
        card(results_of_a_run(), hub_card_dir=tmp_path)
