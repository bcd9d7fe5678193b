"""Systems trained and tested on the same folds: one result file for each system, protocol, seed and fold."""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from accelerate import PartialState
from datasets import Dataset
from tqdm.auto import tqdm

from wise_hf.data.collator import load_utterances
from wise_hf.data.embeddings import WordVectors
from wise_hf.data.files import UNFINISHED, read_json_object, remove_whole, write_json
from wise_hf.data.folds import PARTS, Fold
from wise_hf.data.prepare import extract_features
from wise_hf.data.wise_frames import MFCC
from wise_hf.training.parallel import training_processes
from wise_hf.training.processes import make_accelerator
from wise_hf.training.recipe import Recipe
from wise_hf.training.system import System, Trial
from wise_hf.training.trial import run_trial


EARLIER = Recipe(group_by_length=False)  # what a result does not tell of its recipe


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TablesPlan:
    """What is compared.

    Args:
        aligned: utterances with words.
        emotions: the labels, in the order of their numbers.
        systems: all that there are, in the order in which they are trained.
        to_run: the keys of those that are to be trained now.
        folds: of every protocol.
        seeds: of weights, batches and augmentation; each is a run of its own.
        vectors: word vectors, or `None` to learn them.
        output_dir: where the result files are kept.
        num_skipped: recordings that could not be used and were passed over.
    """

    aligned: Dataset
    emotions: Sequence[str]
    systems: Sequence[System]
    to_run: Collection[str]
    folds: Mapping[str, Sequence[Fold]]
    seeds: Sequence[int]
    vectors: WordVectors | None
    output_dir: Path
    num_skipped: int = 0


@dataclass(frozen=True)
class Job:
    """One training: a system on a fold of a protocol, which counts from 1."""

    system: System
    protocol: str
    seed: int
    number: int
    result_file: Path

    @property
    def working_dir(self) -> Path:
        """What it keeps until it has a result."""
        return self.result_file.with_suffix(UNFINISHED)


def jobs_of(plan: TablesPlan) -> list[Job]:
    """All jobs, finished or not."""
    runs = plan.output_dir / "runs"
    return [
        Job(system, protocol, seed, number, runs / protocol / system.key / f"seed_{seed}" / f"fold_{number}.json")
        for protocol, folds in plan.folds.items()
        for system in plan.systems
        for seed in plan.seeds
        for number in range(1, len(folds) + 1)
    ]


def unfinished_jobs(plan: TablesPlan) -> list[Job]:
    """The jobs of the systems to run that have no result yet.

    Raises:
        ValueError: for a result that was made otherwise.
    """
    jobs = [job for job in jobs_of(plan) if job.system.key in plan.to_run]
    for job in jobs:
        if job.result_file.is_file() and _was_made_by(job) != _made_by(job.system):
            raise ValueError(
                f"{job.result_file} was made by another recipe, of other frames, or with another number of processes "
                "or precision; remove it, or give another folder."
            )
    return [job for job in jobs if not job.result_file.is_file()]


def _made_by(system: System) -> dict:
    """What else decides on a result, as JSON gives it back."""
    accelerator = make_accelerator()
    # Results of earlier versions, whose frames were always MFCC, do not name them.
    other_frames = {} if system.frames in (None, MFCC) else {"frames": system.frames}
    recipe = None if system.recipe is None else asdict(system.recipe)
    made_by = {"recipe": recipe, "processes": accelerator.num_processes, "precision": accelerator.mixed_precision}
    return json.loads(json.dumps(made_by | other_frames))


def _was_made_by(job: Job) -> dict:
    """The same of a result; what an earlier version had no choice of is as it was then."""
    made_by = _read(job)["made_by"]
    recipe = made_by["recipe"]
    return made_by if recipe is None else made_by | {"recipe": json.loads(json.dumps(asdict(EARLIER))) | recipe}


def _read(job: Job) -> dict:
    return read_json_object(job.result_file, "remove it, and it is made again")


def trial_of(plan: TablesPlan, job: Job) -> Trial:
    """The utterances of a job's fold with its system's features, in memory."""
    system = job.system
    utterances = load_utterances(extract_features(plan.aligned, system.extract, system.columns), list(system.columns))
    fold = plan.folds[job.protocol][job.number - 1]
    return Trial(
        parts={part: [utterances[number] for number in getattr(fold, part)] for part in PARTS},
        emotions=plan.emotions,
        vectors=plan.vectors,
        seed=job.seed,
        output_dir=job.working_dir,
        name=f"{system.name}, {job.protocol} {job.number}, seed {job.seed}",
    )


def run_jobs(plan: TablesPlan, num_workers: int = 1) -> None:
    """Run every job that has no result file yet.

    Args:
        plan: what is compared.
        num_workers: jobs at a time, each in a process of its own; 1 = in this one, where accelerate may share a job
            among processes.
    """
    jobs = unfinished_jobs(plan)
    if PartialState().is_main_process:
        _remove_what_kills_left(plan)
    PartialState().wait_for_everyone()  # until all have the same list
    is_silent = not PartialState().is_main_process
    with tqdm(total=len(jobs), desc="Trainings", unit="fold", disable=is_silent) as bar:
        if num_workers == 1:
            for job in jobs:
                run_job(plan, job)
                bar.update()
            return
        with training_processes(num_workers, plan) as run_all:
            for _ in run_all(run_job, jobs):
                bar.update()


def _remove_what_kills_left(plan: TablesPlan) -> None:
    for job in jobs_of(plan):
        if job.result_file.is_file():
            remove_whole(job.working_dir)


def run_job(plan: TablesPlan, job: Job) -> None:
    """Train and test a system on a fold and keep the result; an interrupted training is resumed."""
    trial = trial_of(plan, job)
    result = run_trial(job.system, trial)
    state = PartialState()
    if state.is_main_process:
        sizes = {part: len(trial.parts[part]) for part in PARTS}
        name = plan.folds[job.protocol][job.number - 1].name
        described = {"name": name, "sizes": sizes, "made_by": _made_by(job.system)}
        write_json(job.result_file, described | result, "make room there, and give the same command again")
        remove_whole(job.working_dir)
    state.wait_for_everyone()


def collect_runs(plan: TablesPlan) -> list[dict]:
    """What is finished: for each system, protocol and seed `{"protocol", "key", "seed", "folds"}`."""
    runs: dict[tuple[str, str, int], list[dict]] = {}
    for job in jobs_of(plan):
        if job.result_file.is_file():
            runs.setdefault((job.protocol, job.system.key, job.seed), []).append(_read(job))
    return [
        {"protocol": protocol, "key": key, "seed": seed, "folds": folds}
        for (protocol, key, seed), folds in runs.items()
    ]
