"""The share of an epoch's time that is the model's."""

import time

from wise_hf.benchmark import training_rows
from wise_hf.benchmark.training_rows import TimedRun, compare_epoch_share, timed_run


def test_what_makes_the_batches_is_not_counted(setting, monkeypatch):
    run = timed_run(setting, 20)
    loader = list(run.train_loader)
    monkeypatch.setattr(TimedRun, "train_loader", (time.sleep(0.2) or batch for batch in loader), raising=False)
    del run.train_loader
    monkeypatch.setattr(training_rows, "timed_run", lambda *_: run)
    (measured,) = compare_epoch_share(setting)
    assert measured.ours - measured.theirs >= 0.2 * len(loader)
    assert measured.theirs > 0
