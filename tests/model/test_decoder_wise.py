import pytest

from wise_hf.model import decoder_wise
from wise_hf.model.decoder_wise import drop_decoder, shared_decoder


def test_a_decoder_is_made_once_a_purpose_and_again_after_it_was_dropped():
    made = []

    def make():
        made.append(object())
        return made[-1]

    first = shared_decoder("test", make)
    assert shared_decoder("test", make) == first
    assert len(made) == 1
    drop_decoder("test")
    assert shared_decoder("test", make)[1] is not first[1]
    drop_decoder("test")
    drop_decoder("test")


def test_a_decoder_of_another_process_is_not_used(monkeypatch):
    first = shared_decoder("test", object)
    monkeypatch.setattr(decoder_wise.os, "getpid", lambda: -1)
    assert shared_decoder("test", object)[1] is not first[1]
    drop_decoder("test")
    monkeypatch.undo()
    drop_decoder("test")


def test_a_missing_recogniser_is_named_with_the_way_out(monkeypatch):
    def fail(name):
        raise ImportError(name)

    monkeypatch.setattr(decoder_wise.importlib, "import_module", fail)
    with pytest.raises(ImportError, match="pip install"):
        decoder_wise.import_pocketsphinx()


def test_the_files_of_a_missing_recogniser_are_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(decoder_wise.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install"):
        decoder_wise.model_file("en-us/mdef")
