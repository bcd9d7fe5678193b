"""Synthetic speech of a length."""

from itertools import pairwise

import numpy as np
import pytest
import soundfile

from wise_hf.benchmark.spoken import Spoken, joined, spoken_for, spoken_sentence


@pytest.fixture(autouse=True)
def speaker():
    pytest.importorskip("espeakng_loader")


@pytest.mark.parametrize("duration_s", [5, 10, 20, 80, 119, 600])
def test_speech_of_a_length_is_a_little_shorter_and_its_words_are_in_order(duration_s):
    said = spoken_for(duration_s)
    assert duration_s - 2.2 < said.duration_s <= duration_s
    assert said.text.lower().rstrip(".?!").split()[-1] == said.words[-1]["word"]
    assert all(first["end_s"] <= second["start_s"] + 1e-6 for first, second in pairwise(said.words))
    assert said.words[-1]["end_s"] <= said.duration_s


def test_joined_words_keep_their_places_in_the_samples():
    sentence = spoken_sentence()
    both = joined([sentence, sentence])
    first, again = both.words[0], both.words[len(sentence.words)]
    assert again["start_s"] == pytest.approx(first["start_s"] + sentence.duration_s)
    assert np.array_equal(both.samples[: len(sentence.samples)], both.samples[len(sentence.samples) :])


def test_it_is_written_as_a_recording(tmp_path):
    samples = np.linspace(-0.5, 0.5, 160, dtype=np.float32)
    path = Spoken(samples, "hello").write(tmp_path / "hello.wav")
    read, rate = soundfile.read(path)
    assert rate == 16_000
    assert read == pytest.approx(samples, abs=1e-4)
