"""The starter model's folder: the files of a saved model, its scores, and the card that is made of both."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from wise_hf.data.corpora import source_of
from wise_hf.data.files import save_files, write_json, write_text
from wise_hf.hub.card import describe_run
from wise_hf.hub.release import RESULTS
from wise_hf.hub.staging import MODEL_FILES
from wise_hf.hub.starter_model import LICENSE
from wise_hf.model.configuration_wise import WISEConfig, layers_in_words
from wise_hf.training.results import load_template
from wise_hf.training.run_folder import FOLDS


CARD = "README.md"
MAX_MB = 30
# Long, and of no use to whoever reads the scores.
LEFT_OUT = ("history", "refit_history", "predictions")


def write_starter(
    run_dir: Path, channels: Mapping, transfer: Sequence[Mapping], output_dir: Path, training_data: str | None = None
) -> None:
    """Lay out a run's final model as the starter model; what else the folder holds stays (LICENSE, pyproject.toml).

    Args:
        run_dir: of a training with folds and a final model.
        channels: of `score_channels`; empty where they were not measured.
        transfer: for each corpus that was not learnt from its `corpus`, `num_utterances`, and the scores `known` and
            `unknown`.
        output_dir: the starter model's folder.
        training_data: the corpora and their licences; `None` = as the corpus's reader says it.

    Raises:
        ValueError: for a model that is too large, or a folder that cannot be written.
    """
    size_mb = _size_mb(run_dir / "model")
    if size_mb > MAX_MB:
        raise ValueError(
            f"{run_dir / 'model'} has {size_mb:.1f} MB, and the starter model at most {MAX_MB}; take fewer layers of "
            "the encoder (--frame_layers), or a smaller vocabulary (--vocabulary)."
        )
    results = starter_results(run_dir) | {"channels": dict(channels), "transfer": [*transfer]}
    results["training_data"] = training_data or source_of(results["corpus"]) or results["corpus"]

    def save(folder: Path) -> None:
        folder.mkdir()
        for name in MODEL_FILES:
            shutil.copyfile(run_dir / "model" / name, folder / name)
        write_json(folder / RESULTS, results)
        write_text(folder / CARD, starter_card(folder))

    save_files(output_dir, save)


def starter_results(run_dir: Path) -> dict:
    """What the starter model keeps of a run's results, and how many speakers there were."""
    results = json.loads((run_dir / RESULTS).read_text(encoding="utf-8"))
    folds = json.loads((run_dir / FOLDS).read_text(encoding="utf-8"))["folds"]
    kept = [{name: value for name, value in fold.items() if name not in LEFT_OUT} for fold in results["folds"]]
    speakers = {speaker for fold in folds for part in fold["speakers"].values() for speaker in part}
    return results | {"folds": kept, "num_speakers": len(speakers)}


def starter_card(folder: Path) -> str:
    """The card of the starter model, as Markdown.

    Args:
        folder: holds the model and its results.
    """
    results = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
    text = load_template(Path(__file__).with_name("starter_card.md.jinja")).render(
        results=results,
        run=describe_run(results),
        license=LICENSE,
        frames=_frames(WISEConfig.from_pretrained(folder)),
        size_mb=_size_mb(folder),
    )
    return text.strip() + "\n"


def _size_mb(folder: Path) -> float:
    return sum((folder / name).stat().st_size for name in MODEL_FILES) / 1e6


def _frames(config: WISEConfig) -> str:
    encoder = config.frame_encoder
    if encoder is None:
        return f"WISE on frames of {config.feature_size} values."
    license = f" under {encoder.license}" if encoder.license else ""
    named = f"{encoder.name} ({layers_in_words(encoder.layers)})"
    return f"WISE on frames of the speech encoder {named}, which is part of the weights{license}."
