"""The paper's two tables: accelerate launch scripts/reproduce_tables.py --data_dir DIR --output_dir OUT."""

from wise_hf.commands.run import run
from wise_hf.commands.tables import main


if __name__ == "__main__":
    run(main)
