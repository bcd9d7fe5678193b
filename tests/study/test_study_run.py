"""The study of recognition errors from a saved model to its table."""

import csv
import json
import shutil

import numpy as np
import pytest
import script

from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.fold_file import write_folds
from wise_hf.data.folds import make_folds
from wise_hf.data.output_lock import only_writer
from wise_hf.data.utterance_words import align_utterance
from wise_hf.model.loading import load_model, load_processor
from wise_hf.model.recognised_wise import Recognised
from wise_hf.study import scoring
from wise_hf.study.scoring import ScoredModels


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def texts_alone(spoken_corpus, tmp_path):
    """Eight recordings of two speakers with their texts, without word times."""
    folder = tmp_path / "texts"
    with (spoken_corpus / "metadata.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows = rows[:4] + rows[8:12]
    for row in rows:
        (folder / row["file_name"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(spoken_corpus / row["file_name"], folder / row["file_name"])
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def make_run(run, corpus, model):
    """A run of two folds, whose second model says angry, whatever it hears."""
    write_folds(make_folds(corpus, "speaker", 2, 0), corpus, run / "folds.json", "speaker", 0)
    shutil.copytree(model, run / "fold_1")
    angry = load_model(model)
    angry.linear_3.weight.data.zero_()  # all classes alike, of which the first is taken
    angry.save_pretrained(run / "fold_2")
    load_processor(model).save_pretrained(run / "fold_2")
    return run


def test_without_errors_the_scores_are_those_of_evaluate(saved_model, texts_alone, tmp_path, own_cache):
    out, scores = tmp_path / "out", tmp_path / "scores.json"
    common = ("--model", saved_model, "--data_dir", texts_alone)
    done = script.run("asr_study.py", *common, "--output_dir", out, "--error_rates", "0,50")
    assert done.returncode == 0, done.stderr
    assert script.run("evaluate.py", *common, "--output", scores).returncode == 0
    evaluated = json.loads(scores.read_text())
    study = json.loads((out / "study.json").read_text())
    true, heard, unchanged, half = study["conditions"]
    predicted = {each["id"]: each["predicted"] for each in evaluated["predictions"]}
    for each in (true, unchanged):
        assert each["predicted"] == predicted and each["wer"] == 0
        assert each["wa"] == evaluated["wa"] and each["ua"] == evaluated["ua"]
    assert heard["name"] == "pocketsphinx" and heard["wer"] > 0
    words = sum(len(text.split()) for text in load_folder(texts_alone)["text"])
    assert abs(half["wer"] - 0.5) < 2 / words
    assert len(study["conditions"]) == 4 and all("intervals" in each for each in study["conditions"])
    assert done.stdout.strip() == (out / "study.md").read_text().strip() and "| simulated, 50 % | 5" in done.stdout
    assert (out / "study.png").stat().st_size > 10_000


def test_an_utterance_in_which_nothing_is_heard_counts_as_wrong(
    saved_model, spoken_corpus, tmp_path, own_cache, monkeypatch
):
    few = tmp_path / "few"
    shutil.copytree(spoken_corpus, few)
    lines = (few / "metadata.csv").read_text().splitlines()
    (few / "metadata.csv").write_text("\n".join(lines[:5]) + "\n")
    heard_once = []

    def hears_once(samples, rate):
        heard_once.append(len(samples))
        return "leave the picture" if len(heard_once) == 1 else ""

    monkeypatch.setattr("wise_hf.model.recognisers_wise._read", lambda source: hears_once)
    done = script.run(
        *("asr_study.py", "--model", saved_model, "--data_dir", few, "--output_dir", tmp_path / "out"),
        *("--error_rates", "0", "--num_proc", 1),
    )
    assert done.returncode == 0, done.stderr
    heard = json.loads((tmp_path / "out" / "study.json").read_text())["conditions"][1]
    assert heard["num_without_words"] == 3
    assert list(heard["predicted"].values()).count("none") == 3 and heard["wa"] <= 0.25


def test_every_fold_of_a_run_is_scored_on_its_own_test_part(
    saved_model, texts_alone, tmp_path, own_cache, monkeypatch
):
    corpus = load_folder(texts_alone)
    models = ScoredModels(str(make_run(tmp_path / "run", corpus, saved_model)), corpus)
    first, second = (models.tested[str(tmp_path / "run" / name)] for name in ("fold_1", "fold_2"))
    assert len(first) == len(second) == 4 and not first & second
    predicted, texts = models.predict(corpus, align_utterance, 2, batch_size=3)
    with monkeypatch.context() as patched:
        patched.delattr(scoring, "load_model")
        assert models.predict(corpus, align_utterance, 2, batch_size=3) == (predicted, texts), "loaded once"
    assert {predicted[each] for each in second} == {"angry"} and predicted.keys() == texts.keys() == first | second
    alone, _ = ScoredModels(str(saved_model), corpus).predict(corpus, align_utterance, 2, batch_size=8)
    assert {each: predicted[each] for each in first} == {each: alone[each] for each in first}


def test_a_second_study_in_the_same_folder_is_refused_before_anything_is_read(saved_model, tmp_path):
    out = tmp_path / "out"
    with only_writer(out, lambda: None):
        done = script.run("asr_study.py", "--model", saved_model, "--data_dir", tmp_path, "--output_dir", out)
    assert done.returncode == 1 and f"Another process writes to {out}" in done.stderr


def test_a_finished_study_is_not_overwritten_unasked(saved_model, tmp_path):
    (tmp_path / "study.json").write_text("{}")
    given = ("--model", saved_model, "--data_dir", tmp_path, "--output_dir", tmp_path)
    done = script.run("asr_study.py", *given)
    assert done.returncode == 1 and "holds a study; give another folder or --overwrite_output_dir." in done.stderr
    assert "metadata.csv" in script.run("asr_study.py", *given, "--overwrite_output_dir").stderr, "it goes on"


def test_a_corpus_without_texts_has_nothing_to_compare_with(saved_model, texts_alone, tmp_path, own_cache):
    lines = (texts_alone / "metadata.csv").read_text().splitlines()
    without = list(csv.reader(lines))
    column = without[0].index("text")
    with (texts_alone / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([line[:column] + line[column + 1 :] for line in without])
    done = script.run(
        "asr_study.py", "--model", saved_model, "--data_dir", texts_alone, "--output_dir", tmp_path / "out"
    )
    assert done.returncode == 1 and "has a text to compare with" in done.stderr


def test_it_runs_on_iemocap(iemocap_imitation, saved_model, tmp_path, monkeypatch):
    def hears(samples, rate):
        return Recognised([{"word": "well", "start_s": None, "end_s": None, "confidence": None}])

    monkeypatch.setattr("wise_hf.model.recognisers_wise._read", lambda source: hears)
    done = script.run(
        *("asr_study.py", "--model", saved_model, "--dataset", "iemocap", "--data_dir", iemocap_imitation),
        *("--allow_incomplete", "--emotions", "four", "--output_dir", tmp_path / "out", "--error_rates", "30"),
    )
    assert done.returncode == 0, done.stderr
    study = json.loads((tmp_path / "out" / "study.json").read_text())
    true, heard, simulated = study["conditions"]
    assert np.isclose(simulated["wer"], 0.3, atol=0.01) and heard["wer"] > 0.5 and true["wer"] == 0
