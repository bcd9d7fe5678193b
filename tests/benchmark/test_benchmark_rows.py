"""Rows by name."""

from dataclasses import replace

import torch

from wise_hf.benchmark import spoken
from wise_hf.benchmark.measurement import NotHere, of_repeats
from wise_hf.benchmark.rows import run_rows


def not_here(setting):
    raise NotHere("no GPU here")


def test_rows_are_run_in_the_order_asked_for_and_those_that_cannot_be_are_told(setting):
    rows = {name: lambda setting, name=name: [of_repeats(name, [1.0], [2.0])] for name in ("A", "B")}
    *_, (measured, missing) = run_rows(["B", "gpu", "A"], setting, rows | {"gpu": not_here})
    assert [each.name for each in measured] == ["B", "A"]
    assert missing == {"gpu": "no GPU here"}


def test_every_row_has_the_threads_of_the_setting(setting, monkeypatch):
    threads = []
    monkeypatch.setattr(torch, "set_num_threads", threads.append)

    def train(setting):
        torch.set_num_threads(1)
        return []

    def other(setting):
        return [of_repeats("threads", [1.0], [threads[-1]])]

    *_, (measured, _) = run_rows(["train", "other"], replace(setting, threads=2), {"train": train, "other": other})
    assert measured[0].ratio == 2


def test_without_a_speaker_only_what_is_spoken_is_left_out(setting, monkeypatch):
    monkeypatch.setattr(spoken.importlib.util, "find_spec", lambda name: None)
    spoken.some_sentences.cache_clear()
    silent = replace(setting, recording=None)
    names = ["scores", "transcribed", "mfcc_growth", "bytes"]
    *_, (measured, missing) = run_rows(names, silent)
    assert [each.unit for each in measured] == ["bytes"]
    assert list(missing) == names[:3]
    assert all("espeakng-loader is not installed" in reason for reason in missing.values())
