"""From arguments to results: which folds a run has, and what it leaves."""

import json
import shutil
from typing import ClassVar

import numpy as np
import pytest
import soundfile
from accelerate.state import AcceleratorState
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker
from datasets import Dataset

import wise_hf
from wise_hf.commands.parsing import parse as parse_options
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.files import write_json
from wise_hf.data.fold_file import write_folds
from wise_hf.data.folds import Fold, make_folds
from wise_hf.data.unusable import UnusableUtterances
from wise_hf.data.wise_frames import Frames
from wise_hf.model.loading import load_processor, weights_digest
from wise_hf.model.spoken_text_wise import split_words
from wise_hf.training import run as experiment
from wise_hf.training.options import TrainOptions
from wise_hf.training.results import describe_folds, results_to_markdown
from wise_hf.training.run import check_training_options, choose_folds, make_systems, train, with_cross_validation
from wise_hf.training.run_folder import Interrupted, check_output_dir, start_run


QUICK = ["--num_proc", "1", "--jobs", "1", "--epochs", "1", "--no-svm", "--no-refit"]


@pytest.fixture
def parse(tmp_path):
    """The options of scripts/train.py, as a run takes them."""

    def parse_here(*given: object) -> TrainOptions:
        usual = ["--data_dir", tmp_path / "corpus", "--output_dir", tmp_path / "out"]
        return with_cross_validation(parse_options(TrainOptions, None, [str(word) for word in [*usual, *given]]))

    return parse_here


def corpus() -> Dataset:
    """Four speakers with four utterances each, the first of which is the same for all."""
    rows = [
        {
            "id": f"{speaker}{number}",
            "speaker": speaker,
            "emotion": ["happy", "sad"][number % 2],
            "text": f"My name is {speaker} {number}." if number else "Look who is here.",
            "words": [],
        }
        for speaker in "abcd"
        for number in range(4)
    ]
    return Dataset.from_list(rows)


@pytest.mark.parametrize(
    ("given", "protocol"),
    [
        ([], "none"),
        (["--dataset", "iemocap"], "session"),
        (["--dataset", "iemocap", "--cross_validation", "none"], "none"),
        (["--cross_validation", "speaker"], "speaker"),
        (["--dataset", "iemocap", "--folds_file", "x.json"], None),
    ],
)
def test_iemocap_is_cross_validated_by_session_unless_asked_otherwise(parse, given, protocol):
    assert parse(*given).cross_validation == protocol


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--text_disjoint"], "--text_disjoint: nothing is tested without a cross-validation"),
        (["--folds", "3", "--text_disjoint"], "--folds, --text_disjoint: nothing is tested"),
        (["--final_model"], "--final_model: nothing is tested without a cross-validation"),
        (["--folds_file", "x.json", "--cross_validation", "none"], "give either it or --cross_validation."),
        (["--folds_file", "x.json", "--folds", "2", "--text_disjoint"], "give either it or --folds, --text_disjoint."),
        (["--folds_file", "x.json", "--dataset", "iemocap"], "x.json is not there"),
    ],
)
def test_options_that_do_not_go_together_are_told_before_any_work(parse, given, sentence):
    with pytest.raises(ValueError) as told:
        check_training_options(parse(*given))
    assert sentence in str(told.value)


def test_folds_are_made_as_the_arguments_say(parse):
    given = ["--cross_validation", "random", "--folds", "2", "--seed", "3"]
    folds, origin = choose_folds(parse(*given), corpus())
    assert folds == make_folds(corpus(), "random", 2, 3)
    assert origin == {"protocol": "random", "seed": 3, "text_disjoint": False}


def test_text_disjoint_folds_say_how_many_they_left_out(parse):
    arguments = parse("--cross_validation", "speaker", "--folds", "2", "--text_disjoint")
    folds, origin = choose_folds(arguments, corpus())
    assert [fold.left_out for fold in folds] == [[8, 12], [0, 4]]
    described = describe_folds(arguments, folds, origin)
    assert described["text_disjoint"] is True and described["left_out"] == [2, 2]


def test_folds_of_a_file_keep_the_protocol_and_the_seed_of_their_run(parse, tmp_path):
    path = tmp_path / "theirs.json"
    folds = [Fold("x", [1, 2, 3, 5, 6, 7], [9, 10, 11], [12, 13, 14], [0, 4, 8, 15])]
    write_folds(folds, corpus(), path, "random", 7, text_disjoint=True)
    arguments = parse("--folds_file", path, "--seed", "1")
    check_training_options(arguments)
    chosen, origin = choose_folds(arguments, corpus())
    assert chosen == folds and origin["seed"] == 7
    assert describe_folds(arguments, chosen, origin) == {
        "protocol": "random",
        "folds_seed": 7,
        "folds_file": "theirs.json",
        "text_disjoint": True,
        "left_out": [4],
    }


def test_a_continued_run_goes_on_with_the_folds_that_it_wrote(parse, tmp_path):
    folds = [Fold("x", list(range(8)), [8, 9, 10, 11], [12, 13, 14, 15])]
    write_folds(folds, corpus(), tmp_path / "out" / "folds.json", "speaker", 0)
    options = ["--cross_validation", "speaker", "--folds", "2"]
    assert choose_folds(parse(*options), corpus())[0] != folds, "a new run makes its own"
    arguments = parse(*options, "--resume_from_checkpoint", tmp_path / "out")
    assert choose_folds(arguments, corpus())[0] == folds
    with pytest.raises(ValueError, match="names 1 utterances that the corpus does not have"):
        choose_folds(arguments, corpus().select(range(15)))


def test_a_run_is_started_and_continued_by_the_same_command(parse, tmp_path):
    output, again = tmp_path / "out", ("--resume_from_checkpoint", tmp_path / "out")
    check_output_dir(parse(*again))
    for name in (".lock", "arguments.json.unfinished"):  # of a run that was killed before it was recorded
        (output / name).touch()
    check_output_dir(parse(*again))
    start_run(parse(*again))
    (output / "fold_1.json").touch()
    check_output_dir(parse(*again))
    start_run(parse(*again))
    assert {path.name for path in output.iterdir()} == {".lock", "arguments.json", "fold_1.json"}


def test_a_kill_while_an_earlier_run_is_cleared_away_leaves_no_result_without_its_model(parse, tmp_path, monkeypatch):
    start_run(parse())
    for fold in ("fold_1", "fold_2"):
        write_json(tmp_path / "out" / fold / "config.json", {})
        write_json(tmp_path / "out" / f"{fold}.json", {})
    monkeypatch.setattr("shutil.rmtree", lambda *_: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        start_run(parse("--overwrite_output_dir"))
    assert not list((tmp_path / "out").glob("fold_*.json"))


def test_a_new_run_clears_the_folds_of_an_earlier_one_away(parse, tmp_path):
    output = tmp_path / "out"
    start_run(parse("--resume_from_checkpoint", output))
    write_folds(make_folds(corpus(), "none"), corpus(), output / "folds.json", "none", 0)
    start_run(parse("--resume_from_checkpoint", output))
    assert (output / "folds.json").is_file()
    start_run(parse("--overwrite_output_dir"))
    assert [path.name for path in output.iterdir()] == ["arguments.json"]
    recorded = json.loads((output / "arguments.json").read_text())
    assert recorded["cross_validation"] == "none" and recorded["folds_file"] is None


def test_a_run_is_described_before_the_training(parse, spoken_corpus, monkeypatch):
    AcceleratorState._reset_state(reset_partial_state=False)
    monkeypatch.setattr(experiment, "run_folds", lambda *args: pytest.fail("trained first"))

    def broken(*args: object) -> dict:
        raise ZeroDivisionError

    monkeypatch.setattr(experiment, "describe_training", broken)
    with pytest.raises(ZeroDivisionError):
        train(parse("--data_dir", spoken_corpus, "--num_proc", "1"))


def test_a_runs_folds_give_another_the_same_results(parse, spoken_corpus, tmp_path):
    quick = ["--data_dir", spoken_corpus, *QUICK]
    runs = {
        "made": ["--cross_validation", "speaker", "--folds", "2"],
        "read": ["--folds_file", tmp_path / "made/folds.json"],
    }
    for name, options in runs.items():
        AcceleratorState._reset_state(reset_partial_state=False)
        text = results_to_markdown(train(parse(*quick, "--output_dir", tmp_path / name, *options)))
        assert "leave speakers out" in text
    made, read = (json.loads((tmp_path / name / "results.json").read_text()) for name in runs)
    assert made["versions"]["wise_hf"] == wise_hf.__version__, "also where it is on the path without being installed"
    assert made["folds"] == read["folds"] and made["systems"] == read["systems"]
    assert (made["protocol"], read["protocol"]) == ("speaker", "speaker") and made["left_out"] == [0, 0]
    assert (tmp_path / "made/folds.json").read_bytes() == (tmp_path / "read/folds.json").read_bytes()


def test_a_final_model_learns_from_all_and_is_what_is_published(parse, spoken_corpus, tmp_path):
    options = ["--data_dir", spoken_corpus, *QUICK, "--cross_validation", "speaker", "--folds", 2, "--final_model"]
    published = []
    AcceleratorState._reset_state(reset_partial_state=False)
    results = train(parse(*options), after_training=published.append)
    assert published == [tmp_path / "out" / "model"]
    digest = weights_digest(published[0])
    assert results["final_model"] == {"weights": digest, "num_utterances": 32, "epoch": 1}
    assert len(results["folds"]) == 2 and digest not in [fold["weights"] for fold in results["folds"]]
    listed = json.loads((tmp_path / "out" / "folds.json").read_text())["folds"]
    assert [len(fold["test"]) for fold in listed] == [16, 16], "the folds of a later run can be read from it"
    assert "learnt from all 32 utterances" in results_to_markdown(results)
    words = {word.lower() for text in load_folder(spoken_corpus)["text"] for word in split_words(text)}
    assert words <= load_processor(published[0]).tokenizer.get_vocab().keys()


@pytest.mark.slow
def test_several_trainings_at_a_time_give_what_one_gives(parse, spoken_corpus, tmp_path, monkeypatch):
    options = ["--data_dir", spoken_corpus, *QUICK, "--cross_validation", "speaker", "--folds", 2, "--final_model"]
    options += ["--refit", "true", "--epochs", 2, "--svm", "true", "--log_with", "kept"]
    monkeypatch.setitem(LOGGER_TYPE_TO_CLASS, "kept", Kept)
    results, logged = [], []
    for jobs in (1, 2):
        AcceleratorState._reset_state(reset_partial_state=False)
        monkeypatch.setattr(Kept, "told", [])
        results.append(train(parse(*options, "--jobs", jobs, "--output_dir", tmp_path / str(jobs))))
        logged.append(sorted(map(str, Kept.told[2:])))
    assert results[0] == results[1] and logged[0] == logged[1]
    AcceleratorState._reset_state(reset_partial_state=False)
    resumed = ["--jobs", 2, "--output_dir", tmp_path / "2", "--resume_from_checkpoint", tmp_path / "2"]
    assert train(parse(*options, *resumed)) == results[0], "nothing is left to train"
    left = [sorted(str(path.relative_to(tmp_path / jobs)) for path in (tmp_path / jobs).rglob("*")) for jobs in "12"]
    assert left[0] == left[1] and {"fold_1", "fold_1.json", "model.json"} <= set(left[0])


def test_a_final_model_of_folds_that_test_nothing_is_refused(parse, spoken_corpus, tmp_path):
    fold = Fold("all", list(range(1, 32)), [0], [])
    write_folds([fold], load_folder(spoken_corpus), tmp_path / "folds.json", "none", 0)
    options = parse("--data_dir", spoken_corpus, "--folds_file", tmp_path / "folds.json", "--final_model", *QUICK)
    AcceleratorState._reset_state(reset_partial_state=False)
    with pytest.raises(ValueError, match="--final_model: .*folds.json tests nothing; give"):
        train(options)


def test_the_pooled_systems_of_a_run_read_what_wise_reads(parse):
    given = ["--mfcc_backend", "level_frames:LEVELS", "--augment", "none"]
    frames = Frames("level_frames:LEVELS")
    wise, others = make_systems(parse(*given), frames)
    assert list(others) == ["svm", "svm_unknown", "logistic", "logistic_unknown"]
    assert all(each.columns == wise.columns and each.frames == wise.frames for each in others.values())
    assert list(make_systems(parse(*given, "--normalization", "global"), frames)[1]) == ["svm", "logistic"]
    assert make_systems(parse(*given, "--no-svm"), frames)[1] == {}


def test_a_run_on_other_frames_scores_the_pooled_systems_on_them(parse, spoken_corpus):
    given = ["--mfcc_backend", "level_frames:LEVELS", "--augment", "none", "--cross_validation", "speaker"]
    results = train(parse("--data_dir", spoken_corpus, *QUICK, *given, "--folds", 2, "--svm", "true"))
    pooled = [f"{name} on mean and deviation of the frames" for name in ("SVM", "Logistic regression")]
    assert set(pooled) <= set(results["systems"]) and results["frames"] == "level_frames:LEVELS"
    markdown = results_to_markdown(results)
    assert all(f"| {name} | 0." in markdown for name in [*pooled, "Logistic regression, speakers unknown"])


def test_what_is_passed_over_is_in_no_fold_and_counted(parse, spoken_corpus, tmp_path):
    folder = shutil.copytree(spoken_corpus, tmp_path / "spoilt")
    soundfile.write(folder / "silence.wav", np.zeros(16_000), 16_000)
    columns, *lines = (folder / "metadata.csv").read_text().splitlines()
    silent = {"file_name": "silence.wav", "emotion": "sad", "speaker": lines[0].split(",")[3]}
    line = ",".join(silent.get(name, "") for name in columns.split(","))
    (folder / "metadata.csv").write_text("\n".join([columns, line, *lines]) + "\n")
    quick = ["--data_dir", folder, *QUICK]
    AcceleratorState._reset_state(reset_partial_state=False)
    with pytest.raises(UnusableUtterances, match="1 of 33 recordings .*silence.wav"):
        train(parse(*quick))
    text = results_to_markdown(train(parse(*quick, "--skip_unusable")))
    assert "32 utterances" in text and "passed over: 1" in text
    assert json.loads((tmp_path / "out" / "results.json").read_text())["num_skipped"] == 1
    assert "silence.wav" not in (tmp_path / "out" / "folds.json").read_text()


class Kept(GeneralTracker):
    """A tracker that keeps what it is told."""

    name, requires_logging_directory = "kept", False
    told: ClassVar[list] = []

    def __init__(self, run_name: str, **options: object):
        super().__init__()
        self.told.append(run_name)

    @property
    def tracker(self) -> list:
        return self.told

    def store_init_configuration(self, values: dict) -> None:
        self.told.append(values)

    def log(self, values: dict, step: int | None = None, **options: object) -> None:
        self.told.append((step, values))

    def finish(self) -> None:
        self.told.append("finished")


def test_a_tracker_is_told_of_every_epoch_of_every_fold(parse, spoken_corpus, tmp_path, monkeypatch):
    AcceleratorState._reset_state(reset_partial_state=False)
    monkeypatch.setitem(LOGGER_TYPE_TO_CLASS, "kept", Kept)
    monkeypatch.setattr(Kept, "told", [])
    folds = ["--cross_validation", "speaker", "--folds", "2"]
    train(parse("--data_dir", spoken_corpus, *QUICK, "--epochs", "2", *folds, "--log_with", "kept"))
    name, options, *epochs, last = Kept.told
    assert name == "wise_hf" and options["epochs"] == "2" and last == "finished"
    series = {"loss", "learning_rate", "wa", "ua"}
    expected = [(epoch, {f"fold_{fold}/{each}" for each in series}) for fold in (1, 2) for epoch in (1, 2)]
    assert [(epoch, set(figures)) for epoch, figures in epochs] == expected
    kept = json.loads((tmp_path / "out" / "results.json").read_text())["folds"]
    assert epochs[3][1]["fold_2/loss"] == kept[1]["history"][1]["loss"]


def test_an_interrupted_run_tells_how_it_is_continued(parse, spoken_corpus, tmp_path, monkeypatch):
    AcceleratorState._reset_state(reset_partial_state=False)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "run_folds", interrupted)
    with pytest.raises(Interrupted, match=f"same command and --resume_from_checkpoint {tmp_path / 'out'}"):
        train(parse("--data_dir", spoken_corpus, *QUICK))


def test_a_run_that_is_interrupted_while_its_corpus_is_prepared_is_started_again(parse, tmp_path, monkeypatch):
    AcceleratorState._reset_state(reset_partial_state=False)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "prepare_corpus", interrupted)
    with pytest.raises(
        Interrupted, match="The preparation was interrupted; continue it with the same command"
    ) as told:
        train(parse(*QUICK))
    assert not told.value.added


@pytest.mark.parametrize(
    "changed",
    [
        *(["--no-refit"], ["--no-steady_start"], ["--augment", "none"], ["--dropout", "0"], ["--weight_decay", "0"]),
        *(["--label_smoothing", "0"], ["--max_grad_norm", "0"], ["--no-svm"], ["--no-attention"]),
    ],
)
def test_a_run_is_not_continued_with_an_option_switched_off(parse, tmp_path, changed):
    (tmp_path / "out").mkdir()
    start_run(parse())
    with pytest.raises(ValueError, match=f"other options .*--{changed[0].removeprefix('--').removeprefix('no-')} was"):
        check_output_dir(parse(*changed, "--resume_from_checkpoint", tmp_path / "out"))


@pytest.mark.parametrize(
    ("content", "told"), [("{", r"cannot be read as JSON \(.*\)"), ("[]", "holds no JSON object")]
)
def test_a_run_whose_record_is_damaged_is_told_by_its_name(parse, tmp_path, content, told):
    (tmp_path / "out").mkdir()
    start_run(parse())
    (tmp_path / "out" / "arguments.json").write_text(content)
    with pytest.raises(ValueError, match=rf"arguments.json {told}; give another output folder\."):
        check_output_dir(parse("--resume_from_checkpoint", tmp_path / "out"))


def test_a_run_that_an_earlier_version_recorded_is_continued(parse, tmp_path):
    (tmp_path / "out").mkdir()
    start_run(parse())
    path = tmp_path / "out" / "arguments.json"
    recorded = json.loads(path.read_text()) | {"label_map": {}, "skip_unusable": None, "text_disjoint": None}
    path.write_text(json.dumps(recorded | {"scenario": None, "keep_nonverbal": None}))
    check_output_dir(parse("--resume_from_checkpoint", tmp_path / "out"))


def test_a_corpus_is_tested_by_its_usual_number_of_folds_also_where_its_protocol_is_named(parse):
    for given in ([], ["--cross_validation", "speaker"]):
        options = parse("--dataset", "ravdess", *given)
        assert (options.cross_validation, options.folds) == ("speaker", 5)
    assert parse("--dataset", "ravdess", "--cross_validation", "random").folds is None
    assert parse("--dataset", "ravdess", "--folds", "4").folds == 4
