"""In place of `EmotionOfFiles`, files that kill the process that reads them."""

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from wise_hf.many_files.emotion_of_files import EmotionOfFiles
from wise_hf.timeline.decoded import TemporaryFileError


@dataclass(frozen=True)
class KillingFiles(EmotionOfFiles):
    """A file called "kill" kills always, one called "once" the first time, and a model called "kill" as it is loaded.

    There is no room for a file called "no room".

    The model is a folder for what it remembers.
    """

    schema = pa.schema({"file": pa.string(), "error": pa.string()})

    def __call__(self, columns: Mapping[str, Sequence]) -> dict[str, list]:
        paths = columns["path"]
        if "absent" in self.model:
            raise ValueError("There is no such model.")
        if "faulty" in self.model:
            raise RuntimeError("a fault")
        if "no room" in paths:
            raise TemporaryFileError("There is no room.")
        if "kill" in [*paths, self.model] or ("once" in paths and self._is_first()):
            os.kill(os.getpid(), signal.SIGKILL)
        return {"file": list(paths), "error": [None] * len(paths)}

    def _is_first(self) -> bool:
        place = Path(self.model) / "killed"
        is_first = not place.exists()
        place.touch()
        return is_first
