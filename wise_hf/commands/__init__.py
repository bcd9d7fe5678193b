"""What the console command and the scripts do."""

import sys
from pathlib import Path


# Python puts a script's own folder first on its path, where scripts/evaluate.py would hide the package `evaluate`.
_SCRIPTS = Path(sys.argv[0]).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _SCRIPTS]
