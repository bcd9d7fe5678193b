"""What is published: which model, with which results, and what only its publisher knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wise_hf.data.files import read_json
from wise_hf.hub.publishing import Destination


RESULTS = "results.json"
NEEDED = {"corpus", "corpus_options", "emotions", "protocol", "recipe", "scored_part", "systems", "folds"}


@dataclass(frozen=True)
class Release:
    """A model that is to be published.

    Args:
        model_dir: folder of a saved model, e.g. OUT/model or OUT/fold_1.
        destination: where to.
        hub_card_dir: folder with the card's template, the handler, its requirements and the samples.
        results_files: results.json of the run that the model is of, then those of other protocols; `()` = what lies
            in the model's folder or beside it, if anything.
        license: of the weights, as the Hub names licences; `other` = as the training data's licence allows.
        training_data: what the model learnt from and under which licence, as the card says it.
        dataset_name: what the card calls the corpus; `None` = as the results do.
        space: org/name of a Space with this model, for the card to name.
    """

    model_dir: Path
    destination: Destination
    hub_card_dir: Path
    results_files: tuple[Path, ...] = ()
    license: str = "other"
    training_data: str | None = None
    dataset_name: str | None = None
    space: str | None = None

    def read_results(self) -> list[dict]:
        """The runs' results, those of the model's own first; none where nothing was measured.

        Raises:
            ValueError: for a file that is not there or holds something else.
        """
        folder = self.model_dir.resolve()
        found = (path for path in (folder / RESULTS, folder.parent / RESULTS) if path.is_file())
        return [_read(path) for path in self.results_files or tuple(found)[:1]]


def _read(path: Path) -> dict:
    results = read_json(path, "give a results.json of a training")
    is_mapping = isinstance(results, Mapping) and isinstance(results.get("systems"), Mapping)
    if not is_mapping or not results.keys() >= NEEDED or "WISE" not in results["systems"]:
        raise ValueError(f"{path} holds no results of a training; give a results.json of a training.")
    return results
