"""First answers of processes of their own."""

import sys
from functools import partial
from timeit import timeit

from test_recording_rows import SMALL
from transformers import Wav2Vec2Config

from wise_hf.benchmark import start_rows
from wise_hf.benchmark.start_rows import compare_first_prediction, compare_imports
from wise_hf.benchmark.systems import wav2vec2_scores


def test_the_first_import_of_each_does_not_count(setting, monkeypatch):
    taken = iter([9.0, 9.0, 2.0, 3.0])
    monkeypatch.setattr(start_rows, "seconds_of", lambda *_, **__: next(taken))
    (measured,) = compare_imports(setting)
    assert (measured.ours, measured.theirs) == (2.0, 3.0)


def test_saved_models_answer_by_the_lines_that_are_timed(spoken_setting, monkeypatch):
    def in_this_process(before, timed, *arguments, threads):
        monkeypatch.setattr(sys, "argv", ["-c", *map(str, arguments)])
        return timeit(f"import sys\n{before}\nassert {timed}", number=1)

    monkeypatch.setattr(start_rows, "seconds_of", in_this_process)
    monkeypatch.setattr(start_rows, "wav2vec2_scores", partial(wav2vec2_scores, Wav2Vec2Config(**SMALL)))
    (measured,) = compare_first_prediction(spoken_setting)
    assert measured.ours > 0 and measured.theirs > 0
