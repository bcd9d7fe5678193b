import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from model_inputs import tiny_config
from wise_hf.synthetic.benchmarking import (
    Measurement,
    compare_epoch,
    compare_in_turn,
    compare_mfcc,
    compare_model,
    speech_like_batch,
    table,
)

from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.synthetic import benchmarking


SCRIPT = Path(__file__).parents[2] / "scripts" / "benchmark.py"


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("benchmark_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def call(script, monkeypatch):
    def run_with(*arguments):
        monkeypatch.setattr(sys, "argv", ["benchmark.py", *map(str, arguments)])
        monkeypatch.setattr(torch, "set_num_threads", lambda number: None)
        script.command_line.run(script.main)

    return run_with


def test_both_run_in_turn_and_the_medians_are_kept(monkeypatch):
    calls = []
    taken = iter([1.0, 4.0, 3.0, 2.0, 1.0, 7.0])
    monkeypatch.setattr(benchmarking, "timeit", lambda run, number: (run(), next(taken))[1])
    comparison = compare_in_turn("both", lambda: calls.append("A"), lambda: calls.append("B"), repeats=3)
    assert "".join(calls) == "AB" + "ABABAB"
    assert comparison == Measurement("both", ours=1.0, theirs=4.0)
    assert comparison.ratio == 4.0


def test_short_runs_are_repeated_for_the_time_asked_for():
    start = time.perf_counter()
    compare_in_turn("nothing", lambda: None, lambda: None, repeats=1, seconds=0.05)
    assert time.perf_counter() - start >= 0.05


def test_the_batch_is_as_long_and_as_uneven_as_speech():
    batch = speech_like_batch(WISEConfig(), utterances=300)
    words, phonemes, frames = (batch[name] for name in ("attention_mask", "word_lengths", "phoneme_lengths"))
    assert batch["input_features"].shape[2] == 39
    for lengths, mean, limit in ((words.sum(1), 15, 128), (phonemes, 4, 14), (frames, 6, 64)):
        there = lengths[lengths > 0].double()
        assert there.mean() == pytest.approx(mean, rel=0.1)
        assert there.std() > 0.3 * mean
        assert there.max() <= limit


def test_the_same_seed_gives_the_same_batch():
    first, second, other = (
        speech_like_batch(tiny_config(feature_size=39), utterances=3, seed=seed) for seed in (1, 1, 2)
    )
    torch.testing.assert_close(first, second)
    assert first["input_features"].shape != other["input_features"].shape


def test_the_model_is_compared_in_bytes_forward_and_training():
    comparisons = compare_model(tiny_config(feature_size=39), utterances=2, repeats=1)
    assert [each.name for each in comparisons] == ["batch", "forward pass", "training step"]
    assert comparisons[0].ratio > 10
    assert all(each.ours > 0 and each.theirs > 0 for each in comparisons)


def test_an_epoch_on_the_frames_of_an_encoder_is_compared_with_one_on_mfcc():
    comparison = compare_epoch(utterances=3, repeats=1)
    assert comparison.name == "epoch of 3 utterances, MFCC / Whisper-base frames"
    assert comparison.ours > 0 and comparison.theirs > 0


def test_the_mfcc_of_both_backends_are_compared():
    pytest.importorskip("opensmile")
    assert compare_mfcc(audio_s=0.5, repeats=1, seconds=0).ratio > 0


def test_without_opensmile_all_else_is_compared(script, monkeypatch):
    monkeypatch.setattr(script.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(script, "compare_model", lambda repeats: [Measurement("forward pass", 1.0, 2.0)])
    monkeypatch.setattr(script, "compare_epoch", lambda repeats: Measurement("epoch", 1.0, 2.0))
    monkeypatch.setattr(script, "compare_scores", lambda samples, ours, repeats: [Measurement("scores", 1.0, 2.0)])
    monkeypatch.setattr(script, "compare_memory", lambda samples, ours: [Measurement("memory", 1.0, 2.0, "bytes")])
    compared = script.run(1, np.zeros(16_000, np.float32), "hello")
    assert [each.name for each in compared] == ["forward pass", "epoch", "scores", "memory"]


def test_the_table_has_aligned_columns():
    lines = table([Measurement("step", 0.001, 0.02), Measurement("batch", 2e6, 500e6, "bytes")]).splitlines()
    assert lines == [
        "what      ours     theirs   ratio",
        "step   1.00 ms   20.00 ms   20.0x",
        "batch  2.00 MB  500.00 MB  250.0x",
    ]


def test_the_numbers_are_printed_and_written(script, call, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(script, "run", lambda repeats, samples, text: [Measurement("step", 0.001, 0.02)])
    monkeypatch.setattr(script, "recording", lambda audio, text: (np.zeros(16000, np.float32), "hello", "none"))
    call("--output", tmp_path / "numbers.json", "--repeats", 2)
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert numbers["comparisons"] == [{"name": "step", "ours": 0.001, "theirs": 0.02, "unit": "s", "ratio": 20.0}]
    assert numbers["repeats"] == 2
    assert {"threads", "torch", "transformers", "speech"} <= set(numbers)
    printed = capsys.readouterr().out
    assert "20.0x" in printed
    assert f"PyTorch ran on {torch.get_num_threads()} thread(s)." in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repeats", "0"], "argument --repeats: '0' is not a whole number above 0"),
        (["--threads", "-1"], "argument --threads: '-1' is not a whole number above 0"),
        (["--audio", "missing.wav"], "--audio and --text go together"),
        (["--text", "hello"], "--audio and --text go together"),
        (["--audio", "missing.wav", "--text", "hello"], "missing.wav is not there"),
        (["--output", "/proc/no/such/folder/numbers.json"], "cannot be written"),
    ],
)
def test_bad_arguments_are_told_in_a_sentence(call, capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        call(*arguments)
    assert caught.value.code in (1, 2)
    assert message in capsys.readouterr().err.splitlines()[-1]
