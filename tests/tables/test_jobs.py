"""Rows of the tables, trained fold by fold."""

import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from datasets import Dataset, Value

from wise_hf.commands.parsing import parse
from wise_hf.data import load_folder, make_folds
from wise_hf.data.files import write_json
from wise_hf.data.prepare import align_corpus, extract_features
from wise_hf.data.schema import PreparedUtterance
from wise_hf.data.unusable import UnusableUtterances
from wise_hf.data.wise_frames import Frames
from wise_hf.tables.estimate import estimate, estimate_to_text
from wise_hf.tables.jobs import (
    TablesPlan,
    collect_runs,
    jobs_of,
    run_jobs,
    trial_of,
    unfinished_jobs,
)
from wise_hf.tables.options import TableOptions
from wise_hf.tables.rows import table_rows
from wise_hf.tables.run import reproduce_tables
from wise_hf.training.loop import Progress, TrainingRun
from wise_hf.training.run_folder import Interrupted
from wise_hf.training.system import System
from wise_hf.training.trial import start_network


EMOTIONS = ["angry", "happy", "neutral", "sad"]
SYSTEMS = {row.system.key: row.system for row in table_rows()}


@pytest.fixture(scope="module")
def aligned(spoken_corpus) -> Dataset:
    return align_corpus(load_folder(spoken_corpus))


def quick(key: str) -> System:
    """A system that trains for two epochs."""
    system = SYSTEMS[key]
    return system if system.recipe is None else replace(system, recipe=replace(system.recipe, epochs=2))


def plan_of(aligned: Dataset, output_dir: Path, *keys: str) -> TablesPlan:
    folds = {"speaker": make_folds(aligned, "speaker", 2)}
    return TablesPlan(aligned, EMOTIONS, [quick(key) for key in keys], keys, folds, [0], None, output_dir)


@pytest.mark.parametrize("key", SYSTEMS)
def test_every_row_trains_and_is_tested(aligned, tmp_path, key):
    plan = plan_of(aligned, tmp_path, key)
    plan = replace(plan, folds={"speaker": plan.folds["speaker"][:1]})
    run_jobs(plan)
    (run,) = collect_runs(plan)
    (fold,) = run["folds"]
    assert (run["key"], run["protocol"], run["seed"]) == (key, "speaker", 0)
    assert len(fold["predictions"]) == fold["sizes"]["test"] == 16
    assert set(fold["predictions"].values()) <= set(EMOTIONS)
    assert len(fold["history"]) == (0 if SYSTEMS[key].recipe is None else 2) and fold["seconds"] > 0
    assert not list(tmp_path.rglob("*.unfinished"))


def test_recordings_without_the_features_of_a_system_are_named(aligned, tmp_path):
    spoilt = [str(tmp_path / "none.wav"), *aligned["audio"][1:]]
    spoilt_corpus = aligned.remove_columns("audio").add_column("audio", spoilt)
    with pytest.raises(UnusableUtterances, match="1 of 32 recordings .*none.wav: the recording is not there"):
        extract_features(spoilt_corpus, SYSTEMS["dual_rnn"].extract, SYSTEMS["dual_rnn"].columns)


def test_a_finished_fold_is_never_run_again_and_a_missing_one_is(aligned, tmp_path):
    plan = plan_of(aligned, tmp_path, "wise", "svm")
    run_jobs(plan)
    files = [job.result_file for job in jobs_of(plan)]
    before = [(path.stat().st_mtime_ns, path.read_text()) for path in files]
    files[1].unlink()
    run_jobs(plan)
    after = [(path.stat().st_mtime_ns, path.read_text()) for path in files]
    assert [new[0] == old[0] for new, old in zip(after, before, strict=True)] == [True, False, True, True]
    assert len(collect_runs(plan)) == 2


def test_a_kill_after_a_training_loses_nothing_of_it_and_leaves_nothing(aligned, tmp_path, monkeypatch):
    plan = plan_of(aligned, tmp_path, "wise")
    plan = replace(plan, folds={"speaker": plan.folds["speaker"][:1]})
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("wise_hf.tables.jobs.remove_whole", lambda _: (_ for _ in ()).throw(SystemExit))
        run_jobs(plan)
    assert list(tmp_path.rglob("*.unfinished")) and not unfinished_jobs(plan)
    run_jobs(plan)
    assert not list(tmp_path.rglob("*.unfinished"))


@pytest.mark.slow
def test_several_workers_train_what_one_trains(aligned, tmp_path):
    one, two = (plan_of(aligned, tmp_path / name, "wise") for name in ("one", "two"))
    run_jobs(one)
    run_jobs(two, num_workers=2)
    predictions = [[fold["predictions"] for fold in collect_runs(each)[0]["folds"]] for each in (one, two)]
    assert predictions[0] == predictions[1]


def test_a_result_that_was_made_otherwise_is_not_taken(aligned, tmp_path):
    plan = plan_of(aligned, tmp_path, "wise")
    run_jobs(plan)
    (system,) = plan.systems
    other = replace(system, recipe=replace(system.recipe, learning_rate=0.1))
    with pytest.raises(ValueError, match="fold_1.json was made by another recipe"):
        run_jobs(replace(plan, systems=[other]))


@pytest.mark.parametrize("key", ["wise", "svm"])
def test_a_result_of_other_frames_is_not_taken(aligned, tmp_path, key):
    plan = plan_of(aligned, tmp_path, key)
    others = {row.system.key: row.system for row in table_rows(frames=Frames("level_frames:LEVELS"))}
    result_file = jobs_of(plan)[0].result_file
    made_by = {"recipe": None, "processes": 1, "precision": "no"}
    if key == "wise":
        made_by["recipe"] = asdict(plan.systems[0].recipe)
    write_json(result_file, {"made_by": made_by})  # as earlier versions wrote it
    assert len(unfinished_jobs(plan)) == 1
    same_recipe = replace(others[key], recipe=plan.systems[0].recipe)
    with pytest.raises(ValueError, match="fold_1.json was made by another recipe, of other frames"):
        unfinished_jobs(replace(plan, systems=[same_recipe]))


def test_what_was_run_before_is_collected_with_what_is_run_now(aligned, tmp_path):
    plan = plan_of(aligned, tmp_path, "text", "svm")
    for key in ("svm", "text"):
        run_jobs(replace(plan, to_run=[key]))
    assert [run["key"] for run in collect_runs(plan)] == ["text", "svm"]


def test_protocols_and_seeds_that_are_added_later_leave_what_was_run(aligned, tmp_path):
    first = plan_of(aligned, tmp_path, "svm")
    run_jobs(first)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("fold_*.json")}
    folds = first.folds | {"random": make_folds(aligned, "random", 2)}
    more = replace(first, folds=folds, seeds=[0, 1])
    assert [(job.protocol, job.seed) for job in unfinished_jobs(more)] == [
        *[("speaker", 1)] * 2,
        *[("random", seed) for seed in (0, 0, 1, 1)],
    ]
    run_jobs(more)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [(run["protocol"], run["seed"], len(run["folds"])) for run in collect_runs(more)] == [
        (protocol, seed, 2) for protocol in ("speaker", "random") for seed in (0, 1)
    ]


@pytest.mark.parametrize("key", [key for key, system in SYSTEMS.items() if system.build is not None])
def test_nothing_but_the_training_part_is_built_from(aligned, tmp_path, key):
    plan = plan_of(aligned, tmp_path, key)
    given = []

    def build(train: Sequence[PreparedUtterance], *others: object) -> tuple:
        given.append([each["id"] for each in train])
        return SYSTEMS[key].build(train, *others)

    job = jobs_of(plan)[0]
    trial = trial_of(plan, job)
    start_network(replace(job.system, build=build), trial)
    fold = plan.folds["speaker"][0]
    assert given == [[aligned["id"][number] for number in fold.train]]


def test_features_are_made_anew_when_the_code_that_makes_them_changed(aligned, tmp_path, monkeypatch):
    few = aligned.select(range(4))
    module = tmp_path / "made_here.py"
    monkeypatch.syspath_prepend(tmp_path)
    for value in (1.0, 22.0):  # of different lengths: Python knows compiled code by size and second
        module.write_text(f"def extract(utterance):\n    return {{'value': {value}}}\n", encoding="utf-8")
        sys.modules.pop("made_here", None)
        importlib.invalidate_caches()
        extract = importlib.import_module("made_here").extract
        assert extract_features(few, extract, {"value": Value("float64")})["value"][:] == [value] * 4


def fail(trial: object) -> list[int]:
    raise ValueError("it fails")


@pytest.mark.parametrize("num_workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_training_that_fails_ends_the_rest(aligned, tmp_path, num_workers):
    plan = plan_of(aligned, tmp_path, "svm", "wise", "audio", "im_hr")
    failing = replace(plan.systems[0], fit_and_predict=fail)
    with pytest.raises(ValueError, match="it fails"):
        run_jobs(replace(plan, systems=[failing, *plan.systems[1:]]), num_workers)
    assert len(list(tmp_path.rglob("fold_*.json"))) < 6


def test_a_killed_training_goes_on_where_it_was_and_its_time_counts(aligned, tmp_path, monkeypatch):
    unbroken, broken = (plan_of(aligned, tmp_path / name, "wise") for name in ("unbroken", "broken"))
    run_jobs(unbroken)
    train_epoch = TrainingRun._train_epoch

    def killed(run: TrainingRun, epoch: int) -> float:
        if epoch == 1:
            raise KeyboardInterrupt
        return train_epoch(run, epoch)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(TrainingRun, "_train_epoch", killed)
        run_jobs(broken)
    first_epoch_s = Progress(**torch_load_progress(tmp_path / "broken")).seconds
    run_jobs(broken)
    one, two = (collect_runs(each)[0]["folds"][0] for each in (unbroken, broken))
    assert two["predictions"] == one["predictions"] and two["history"] == one["history"]
    assert two["seconds"] > first_epoch_s > 0


def torch_load_progress(folder: Path) -> dict:
    (state,) = folder.rglob("custom_checkpoint_0.pkl")
    return torch.load(state, weights_only=False)


def test_examples_of_attention_are_of_different_emotions_and_sum_to_one(aligned, tmp_path):
    plan = plan_of(aligned, tmp_path, "wise", "im_hr")
    run_jobs(plan)
    with_attention, without = (run["folds"][0] for run in collect_runs(plan))
    assert "examples" not in without
    assert len({example["emotion"] for example in with_attention["examples"]}) == 4
    for example in with_attention["examples"]:
        assert sum(word["attention"] for word in example["words"]) == pytest.approx(1, abs=1e-4)
        assert example["predicted"] == with_attention["predictions"][example["id"]]


def test_the_time_is_estimated_for_what_is_not_finished(aligned, tmp_path):
    plan = plan_of(aligned, tmp_path, "wise", "svm")
    estimates = estimate(plan)
    assert [each.num_folds for each in estimates] == [2, 2]
    assert estimates[0].most_s == pytest.approx(estimates[0].epoch_s * 2 * 2)
    assert "with 2 at a" in estimate_to_text(estimates, 2) and "WISE" in estimate_to_text(estimates, 2)
    run_jobs(plan)
    assert estimate_to_text(estimate(plan), 1) == "Every fold of every row is finished."


def tables_of(corpus: Path, output_dir: Path, *more: object) -> str:
    """The tables of two rows, one epoch each, of random folds."""
    given = ["--data_dir", corpus, "--output_dir", output_dir, "--rows", "wise,logistic", "--epochs", 1]
    given += ["--protocols", "random", "--num_proc", 1, "--jobs", 1, *more]
    return reproduce_tables(parse(TableOptions, None, [str(word) for word in given]))


def test_the_tables_are_of_the_frames_that_are_asked_for_and_of_no_others(spoken_corpus, tmp_path):
    tables = tables_of(spoken_corpus, tmp_path / "out", "--mfcc_backend", "level_frames:LEVELS")
    assert "| Logistic regression on mean and deviation of the frames | 0." in tables
    assert "augment=drop_words+mix_words" in tables
    assert "features of their own: LSTM+Attn [10], CNN+Phoneme [24], Dual RNNs [2]" in tables
    assert "level_frames:LEVELS: Audio only, IM+DMF, HR+DMF, IM+HR, IM+DMF+HR-, WISE," in tables
    with pytest.raises(ValueError, match="--mfcc_backend was level_frames:LEVELS"):
        tables_of(spoken_corpus, tmp_path / "out")


def test_tables_that_an_earlier_version_began_go_on(spoken_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("wise_hf.tables.run.run_jobs", lambda *_: None)
    tables_of(spoken_corpus, tmp_path / "out")
    recorded = json.loads((tmp_path / "out" / "arguments.json").read_text())
    del recorded["mfcc_backend"]
    write_json(tmp_path / "out" / "arguments.json", recorded)
    with pytest.raises(ValueError, match="--mfcc_backend was native"):
        tables_of(spoken_corpus, tmp_path / "out", "--mfcc_backend", "level_frames:LEVELS")
    tables_of(spoken_corpus, tmp_path / "out")


def test_interrupted_trainings_tell_how_they_are_continued(spoken_corpus, tmp_path, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wise_hf.tables.run.run_jobs", interrupted)
    given = ["--data_dir", spoken_corpus, "--output_dir", tmp_path / "out", "--rows", "svm", "--num_proc", 1]
    with pytest.raises(Interrupted, match="interrupted; continue them with the same command"):
        reproduce_tables(parse(TableOptions, None, [str(word) for word in [*given, "--protocols", "random"]]))
