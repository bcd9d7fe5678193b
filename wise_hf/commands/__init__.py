"""What the console command and the scripts do."""

import sys
from pathlib import Path


# Python puts a script's own folder first on its path, where scripts/evaluate.py hides the package `evaluate`.
_SCRIPTS = ("evaluate.py", "reproduce_tables.py")
sys.path[:] = [entry for entry in sys.path if not all((Path(entry) / name).is_file() for name in _SCRIPTS)]
