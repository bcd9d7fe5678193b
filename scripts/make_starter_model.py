"""Make the starter model: python scripts/make_starter_model.py scripts/starter_model.yaml --data_dir RAVDESS ...

It trains on five folds of speakers for the scores, and on all speakers for the weights, measures both, and lays out
hub_card/starter_model. `make starter-model` has the whole command; with --resume_from_checkpoint it goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated

from wise_hf.commands.parsing import parse
from wise_hf.commands.run import run
from wise_hf.data.corpora import Corpus, folder, ravdess, register
from wise_hf.data.corpora.reading import read_corpus
from wise_hf.data.corpora.recordings import Recording, reader
from wise_hf.data.files import check_writable
from wise_hf.data.fold_file import read_folds
from wise_hf.data.options import Options, as_path, option
from wise_hf.hub.starter_folder import write_starter
from wise_hf.hub.starter_model import FOLDER
from wise_hf.hub.templates import templates_dir
from wise_hf.model.loading import load_pipeline
from wise_hf.training import TrainOptions, train
from wise_hf.training.channel_scores import score_channels
from wise_hf.training.evaluation import EvaluateOptions, score_model
from wise_hf.training.run_folder import FOLDS


@dataclass(frozen=True, kw_only=True)
class StarterFolderOptions(Options):
    """What it is measured on beside the folds, and where it goes."""

    _argument_group_name = "starter model"

    starter_dir: Annotated[Path, as_path] = option(templates_dir() / FOLDER, help="where it is laid out")
    also: list[Path] = field(
        default_factory=list, metadata={"help": "folders with a metadata.csv, learnt from beside RAVDESS"}
    )
    transfer: list[Path] = field(
        default_factory=list, metadata={"help": "folders with a metadata.csv, scored on and not learnt from"}
    )
    training_data: str | None = option(None, help="the corpora and their licences, for the card")
    channels: bool = option(True, help="score quieter, narrow and noisy copies as well")


@dataclass(frozen=True, kw_only=True)
class StarterOptions(TrainOptions, StarterFolderOptions):
    """Everything that this script can be told."""


def main() -> None:
    options = parse(StarterOptions, __doc__)
    for each in options.transfer:
        folder.list_recordings(each)  # what is missing is told now
    check_writable(options.starter_dir)
    training = TrainOptions(**{each.name: getattr(options, each.name) for each in fields(TrainOptions)})
    if options.also:
        register(joined(options.also))
        training = replace(training, dataset="joined")
    if not train(replace(training, final_model=True)):
        return  # of all processes but the main one
    channels = measure_channels(training) if options.channels else {}
    transfer = [measure_transfer(training.output_dir / "model", each, training.num_proc) for each in options.transfer]
    write_starter(training.output_dir, channels, transfer, options.starter_dir, options.training_data)


def joined(others: Sequence[Path]) -> Corpus:
    """RAVDESS with the recordings of other folders."""

    def list_all(root: Path) -> list[Recording]:
        return [*ravdess.list_speech(root), *(each for other in others for each in folder.list_recordings(other))]

    names = ", ".join(other.resolve().name for other in others)
    read = reader(list_all, ravdess.LABEL_SETS)
    return replace(ravdess.CORPUS, name="joined", read=read, title=lambda data_dir: f"RAVDESS, {names}", sources={})


def measure_channels(options: TrainOptions) -> dict:
    """The scores of the first fold's model on changed copies of what it never heard."""
    corpus, _ = read_corpus(options)
    tested = corpus.select(read_folds(options.output_dir / FOLDS, corpus)[0].test)
    return score_channels(load_pipeline(options.output_dir / "fold_1"), tested.to_list())


def measure_transfer(model: Path, data_dir: Path, num_proc: int) -> dict:
    """The scores of a model on a corpus that it learnt nothing from, where speakers are known and where not."""
    register(UNKNOWN_SPEAKERS)
    known, unknown = (_scores(model, data_dir, each.name, num_proc) for each in (folder.CORPUS, UNKNOWN_SPEAKERS))
    num_utterances = known.pop("num_utterances")
    del unknown["num_utterances"]
    return {
        "corpus": data_dir.resolve().name,
        "num_utterances": num_utterances,
        "known": known,
        "unknown": unknown,
    }


def _scores(model: Path, data_dir: Path, dataset: str, num_proc: int) -> dict:
    scores = score_model(EvaluateOptions(model=str(model), data_dir=data_dir, dataset=dataset, num_proc=num_proc))
    return {name: scores[name] for name in ("num_utterances", "wa", "ua", "macro_f1")}


def _without_speakers(list_recordings: Callable[[Path], list[Recording]]) -> Callable[[Path], list[Recording]]:
    return lambda root: [replace(each, speaker=None) for each in list_recordings(root)]


UNKNOWN_SPEAKERS = replace(
    folder.CORPUS, name="unknown_speakers", read=reader(_without_speakers(folder.list_recordings))
)


if __name__ == "__main__":
    run(main)
