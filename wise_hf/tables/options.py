"""What can be chosen of the paper's tables, beside the corpus."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from wise_hf.data.corpora.reading import CorpusOptions
from wise_hf.data.options import Options, as_path, different_names, option, positive
from wise_hf.data.recogniser_options import RecogniserOptions
from wise_hf.training.options import FeatureOptions
from wise_hf.training.recipe import RECIPES


def as_protocols(value: str | Sequence[str]) -> list[str]:
    """`session,random`, or a list."""
    found = different_names(value)
    if not set(found) <= {"session", "speaker", "random"}:
        raise ValueError(f"'{value!s:.80}' is not a list of session, speaker, random")
    return found


@dataclass(frozen=True, kw_only=True)
class RowOptions(Options):
    """Which rows are trained, how, and under which protocols."""

    _argument_group_name = "tables"

    output_dir: Annotated[Path, as_path] = option(help="the tables; an unfinished run there goes on")
    embeddings: Annotated[Path | None, as_path] = option(
        None, help="GloVe file (.txt, .txt.gz, .zip) (default: word vectors are learnt)"
    )
    recipe: str | None = option(
        None,
        choices=list(RECIPES),
        help="of WISE and its variants (default: wise_hf; with --frame_encoder: encoder)",
    )
    protocols: Annotated[list[str] | str | None, as_protocols] = option(
        None, help="comma-separated (default: session or speaker, and random)"
    )
    rows: Annotated[list[str] | str | None, different_names] = option(
        None, help="only these rows, e.g. wise,dual_rnn (default: all)"
    )
    seeds: Annotated[int, positive] = option(1, help="runs of every row")
    epochs: Annotated[int | None, positive] = option(None, help="of every row, instead of its own: to try it out")
    jobs: Annotated[int | None, positive] = option(
        None,
        help="trainings at a time (default: the number of cores; 1 with a GPU or several processes of accelerate)",
    )
    dry_run: bool = option(False, help="only say how long it will take")


@dataclass(frozen=True, kw_only=True)
class TableOptions(CorpusOptions, RecogniserOptions, FeatureOptions, RowOptions):
    """Everything that scripts/reproduce_tables.py can be told."""
