"""The share of an epoch's time that is the model's."""

import time

from wise_hf.benchmark.training_rows import TimedRun, compare_epoch_share, timed_run


def test_the_share_is_below_one(setting):
    (measured,) = compare_epoch_share(setting, utterances=20)
    assert 0 < measured.ratio < 1


def test_what_makes_the_batches_is_not_counted(setting, monkeypatch):
    run = timed_run(setting, 20)
    loader = list(run.train_loader)
    monkeypatch.setattr(TimedRun, "train_loader", (time.sleep(0.2) or batch for batch in loader), raising=False)
    del run.train_loader
    start_s = time.perf_counter()
    run._train_epoch(0)
    assert time.perf_counter() - start_s - run.steps_s >= 0.2 * len(loader)
