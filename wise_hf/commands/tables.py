"""The paper's two tables: wise-hf tables --data_dir DIR --output_dir OUT."""

import sys
from collections.abc import Sequence

from wise_hf.commands.parsing import parse
from wise_hf.tables.options import TableOptions
from wise_hf.tables.run import reproduce_tables


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and test what is not finished yet, and print the tables."""
    sys.stdout.write(reproduce_tables(parse(TableOptions, __doc__, arguments)) + "\n")
