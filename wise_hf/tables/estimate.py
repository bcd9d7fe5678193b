"""How long a comparison will take, measured before it starts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from wise_hf.tables.jobs import TablesPlan, trial_of, unfinished_jobs
from wise_hf.training.trial import run_trial, start_network


@dataclass(frozen=True)
class Estimate:
    """How long the unfinished folds of a system take.

    Args:
        name: of the system.
        epoch_s: an epoch on the first fold, from a few of its steps and its validation; `None` for what is no network.
        most_s: all its folds that are not finished, if none stops early.
        num_folds: how many these are.
    """

    name: str
    epoch_s: float | None
    most_s: float
    num_folds: int


def estimate(plan: TablesPlan) -> list[Estimate]:
    """Measure each system that is not finished on its first unfinished fold."""
    jobs = unfinished_jobs(plan)
    estimates = []
    for system in plan.systems:
        own = [job for job in jobs if job.system is system]
        if not own:
            continue
        trial = trial_of(plan, own[0])
        if system.fit_and_predict is not None:
            start_s = time.monotonic()
            run_trial(system, trial)
            estimates.append(Estimate(system.name, None, (time.monotonic() - start_s) * len(own), len(own)))
        else:
            epoch_s = start_network(system, trial).measure_epoch_s()
            estimates.append(Estimate(system.name, epoch_s, epoch_s * system.recipe.epochs * len(own), len(own)))
    return estimates


def estimate_to_text(estimates: Sequence[Estimate], num_workers: int) -> str:
    """As a person reads it."""
    if not estimates:
        return "Every fold of every row is finished."
    width = max(len(each.name) for each in estimates)
    lines = [f"{'Row':<{width}}  s an epoch  folds  minutes, if none stops early"]
    for each in estimates:
        epoch = "" if each.epoch_s is None else f"{each.epoch_s:.1f}"
        lines.append(f"{each.name:<{width}}  {epoch:>10}  {each.num_folds:>5}  {each.most_s / 60:>28.1f}")
    total_min = sum(each.most_s for each in estimates) / 60
    lines.append(
        f"{total_min:.0f} minutes one after the other, about {total_min / num_workers:.0f} with {num_workers} at a "
        "time. Rows with patience end sooner, most of all the compared systems with their hundreds of epochs."
    )
    return "\n".join(lines)
