"""What the console command and the scripts do."""

import sys
from pathlib import Path


# Python puts a script's own folder first on its path, where scripts/evaluate.py hides the package `evaluate`.
sys.path[:] = [entry for entry in sys.path if not (Path(entry) / "evaluate.py").is_file()]
