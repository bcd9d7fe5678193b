"""The console command: what it lists, and how it calls the commands."""

import sys

import pytest

import wise_hf
from wise_hf.commands.console import COMMANDS, main


def test_help_names_every_command(capsys):
    for arguments in ([], ["--help"]):
        main(arguments)
        told = capsys.readouterr().out
        assert all(f"\n  {name} " in told for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_its_options_by_its_name(name, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["wise-hf"])
    monkeypatch.setattr(sys, "path", [*sys.path])
    if name == "space":
        pytest.importorskip("gradio", reason="needs gradio for the page")
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: wise-hf {name} ")


def test_the_version_is_that_of_the_package(capsys):
    main(["--version"])
    assert capsys.readouterr().out == f"wise-hf {wise_hf.__version__}\n"


def test_an_unknown_command_is_told_in_one_sentence(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["trian"])
    told = capsys.readouterr().err
    assert told.startswith("wise-hf: there is no command 'trian'; give one of train, ") and told.count("\n") == 1


def test_errors_and_usage_are_those_of_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["wise-hf", "predict", "call.wav", "--model", "nowhere"])
    with pytest.raises(SystemExit, match="1"):
        main()
    assert capsys.readouterr().err.startswith("wise-hf predict: nowhere is not there; give")
    with pytest.raises(SystemExit, match="2"):
        main(["push"])
    assert "wise-hf push: error: the following arguments are required: --model" in capsys.readouterr().err
