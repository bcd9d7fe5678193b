"""Command lines and files of options."""

import re
from dataclasses import dataclass

import pytest

from wise_hf.commands.parsing import parse
from wise_hf.data.corpora import CORPORA, Corpus
from wise_hf.data.options import Options, option
from wise_hf.training.options import TrainOptions


USUAL = ("--data_dir", "speech", "--output_dir", "out")


def test_flags_of_before_mean_what_they_meant():
    words = [*USUAL, "--no-refit", "--no-svm", "--steady_start", "--emotions", "angry,sad", "--augment", "none"]
    options = parse(TrainOptions, None, [*words, "--scenario", "scripted", "--text_disjoint", "--no-interaction"])
    assert options.refit is False and options.svm is False and options.steady_start is True
    assert options.emotions == ["angry", "sad"] and options.augment == () and not options.interaction
    assert options.corpus_options == {"scenario": "scripted"} and options.text_disjoint


def test_what_is_not_given_is_left_to_the_recipe():
    options = parse(TrainOptions, None, USUAL)
    assert (
        options.refit is None
        and options.epochs is None
        and options == TrainOptions(data_dir="speech", output_dir="out")
    )


@pytest.mark.parametrize("name", ["options.yaml", "options.json"])
def test_options_come_from_a_file_and_the_command_line_counts_more(tmp_path, name):
    content = "data_dir: speech\noutput_dir: out\nepochs: 5\nemotions: [angry, sad]\nrefit: false\nend_rule: plain\n"
    if name.endswith("json"):
        content = (
            '{"data_dir":\t"speech", "output_dir": "out", "epochs": 5, "emotions": ["angry", "sad"], "refit": false, '
        )
        content += '"end_rule": "plain"}'
    (tmp_path / name).write_text(content, encoding="utf-8-sig")  # as Windows writes it
    options = parse(TrainOptions, None, [str(tmp_path / name), "--epochs", "3"])
    assert (options.epochs, options.emotions, options.refit) == (3, ["angry", "sad"], False)
    assert options.corpus_options == {"end_rule": "plain"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("epoch: 3", "there is no option epoch; is epochs meant?"),
        ("- epochs", "holds no options with their values"),
        ("epochs: [", "cannot be read"),
        ("epochs: 1\nseed: 3\nepochs: 2", "epochs is given twice; give it once"),
        ("seed: no\ndata_dir: a\noutput_dir: b", "invalid int value: 'no'"),
        ("", "holds no options with their values"),
        ("help: 1", "there is no option help"),
        ("seed: 1.7", "invalid"),
        ("seed: true", "invalid"),
        ("seed: -1\ndata_dir: a\noutput_dir: b", "--seed: '-1' is not a whole number"),
        ("seed: 4294967296\ndata_dir: a\noutput_dir: b", "--seed: '4294967296' is not below 2**32"),
        ("label_map: [ab, cd]\ndata_dir: a\noutput_dir: b", "is not a mapping of labels to emotions"),
        ("emotions: {a: 1, b: 2}\ndata_dir: a\noutput_dir: b", "is not a list of different names"),
        ("corpus_options: 5\ndata_dir: a\noutput_dir: b", "is not a JSON object"),
        ("data_dir: ''\noutput_dir: b", "a value is empty; give one, or leave its option out"),
        ("svm: perhaps", "Truthy value expected"),
        ("data_dir: a\noutput_dir: b\nepochs: [1, 2]", "--epochs: '[1, 2]' is not a whole number above 0"),
        ("output_dir: [a]\ndata_dir: b", "--output_dir: "),
        ("data_dir: a\noutput_dir: b\nepochs: -1", "--epochs: '-1' is not a whole number above 0"),
    ],
)
def test_a_file_that_makes_no_sense_is_told_in_a_sentence(tmp_path, capsys, content, told):
    (tmp_path / "options.yaml").write_text(content)
    with pytest.raises(SystemExit) as ended:
        parse(TrainOptions, None, [str(tmp_path / "options.yaml")])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and told in said and said.count("options.yaml") == 1


def test_an_error_on_the_command_line_beside_a_file_may_be_of_either(tmp_path, capsys):
    (tmp_path / "options.yaml").write_text("data_dir: a\noutput_dir: b\n")
    with pytest.raises(SystemExit):
        parse(TrainOptions, None, [str(tmp_path / "options.yaml"), "--epochs", "0"])
    assert "options.yaml and the command line: " in capsys.readouterr().err


def test_values_that_make_no_sense_end_with_a_sentence(capsys):
    with pytest.raises(SystemExit) as ended:
        parse(TrainOptions, None, [*USUAL, "--dropout", "1"])
    assert (
        ended.value.code == 2
        and "--dropout: '1.0' is not a number of at least 0 and below 1" in capsys.readouterr().err
    )


def test_help_shows_the_defaults_in_groups(capsys):
    with pytest.raises(SystemExit):
        parse(TrainOptions, None, ["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "(default: 40" in told and "(default: native)" in told and "model (WISEConfig):" in told
    assert "crema_d: CREMA-D (AudioWAV)" in told and "default: None" not in told


def test_values_of_a_file_are_converted_as_those_of_a_command_line(tmp_path):
    content = (
        "data_dir: 7\noutput_dir: out\nseed: null\nsvm: no\nrefit: false\nlearning_rate: 1e-3\nsteady_start: 'yes'\n"
    )
    (tmp_path / "options.yaml").write_text(content)
    options = parse(TrainOptions, None, [str(tmp_path / "options.yaml")])
    assert (str(options.data_dir), options.seed, options.svm, options.refit) == ("7", 0, False, False)
    assert options.learning_rate == 1e-3 and options.steady_start is True


def test_a_corpus_may_have_options_with_defaults_of_their_own(monkeypatch):
    @dataclass(frozen=True, kw_only=True)
    class Toy(Options):
        take: int = option(5, help="how many")
        quiet: bool = option(True, help="no sound")

    monkeypatch.setitem(CORPORA, "toy", Corpus(name="toy", what="clips", read=None, options=Toy))
    assert parse(TrainOptions, None, USUAL).corpus_options is None
    given = parse(TrainOptions, None, [*USUAL, "--take", "0", "--no_quiet"]).corpus_options
    assert given == {"take": 0, "quiet": False}


def test_a_corpuss_options_are_given_by_name_and_as_json_together():
    words = [*USUAL, "--scenario", "improvised", "--corpus_options", '{"keep_nonverbal": true}']
    assert parse(TrainOptions, None, words).corpus_options == {"keep_nonverbal": True, "scenario": "improvised"}


ALIASES = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{ALIASES}emotions: *a19\n", "given as .NAME; write it out"),  # 9**19 times x
        ("emotions: " + "[" * 9_999, "cannot be read .*recursion"),
        ("seed: 2020-99-99", "cannot be read .*month"),
        ("seed: " + "1" * 9_999, "cannot be read .*digits|not a whole number"),
        ("x" * 100 + ": 1", "there is no option x{60}"),
        ("corpus_options: '" + "[" * 9_999 + "'", "is not a JSON object"),
    ],
)
def test_a_file_that_is_hardly_one_of_options_is_told_in_a_sentence(tmp_path, capsys, content, told):
    (tmp_path / "options.yaml").write_text(content)
    with pytest.raises(SystemExit):
        parse(TrainOptions, None, [str(tmp_path / "options.yaml"), *USUAL])
    sentence = capsys.readouterr().err.rpartition("error: ")[2]
    assert re.search(told, sentence) and len(sentence) < 500
