"""The paper's two tables: accelerate launch scripts/reproduce_tables.py --data_dir DIR --output_dir OUT."""

import argparse
import sys
from pathlib import Path

from wise_hf.commands import run as command_line
from wise_hf.tables.run import reproduce_tables
from wise_hf.training import options as arguments
from wise_hf.training.recipe import RECIPES


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    arguments.add_corpus_arguments(parser)
    group = parser.add_argument_group("tables")
    group.add_argument("--output_dir", type=Path, required=True, help="the tables; an unfinished run there goes on")
    group.add_argument("--embeddings", type=Path, help="GloVe file (.txt, .txt.gz, .zip); default: learnt")
    group.add_argument("--recipe", choices=list(RECIPES), default="wise_hf", help="of WISE and its variants")
    group.add_argument("--protocols", type=arguments.protocols, help="default: session or speaker, and random")
    group.add_argument("--rows", type=arguments.row_keys, help="only these rows, e.g. wise,dual_rnn; default: all")
    group.add_argument("--seeds", type=arguments.positive, default=1, help="runs of every row")
    group.add_argument("--epochs", type=arguments.positive, help="of every row, instead of its own: to try it out")
    group.add_argument("--jobs", type=arguments.positive, help="trainings at a time; default without a GPU: the cores")
    group.add_argument("--dry_run", action="store_true", help="only say how long it will take")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(lambda: sys.stdout.write(reproduce_tables(parse_arguments()) + "\n"))
