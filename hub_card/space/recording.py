"""What a visitor gives, checked: what cannot be used is said in a sentence that a visitor understands."""

import sys
from pathlib import Path

import numpy as np


HERE = Path(__file__).resolve().parent
# It lies beside this file in a Space, and above it in the package's repository.
if not (HERE / "handler.py").is_file():
    sys.path.append(str(HERE.parent))

from handler import (  # noqa: E402
    MAX_AUDIO_BYTES,
    MAX_AUDIO_SECONDS,
    BadRequest,
    load_classifier,  # noqa: F401 (for app.py, which does not know where the handler lies)
    read_samples,
    read_text,
)


MAX_S, MAX_MB = MAX_AUDIO_SECONDS, MAX_AUDIO_BYTES // 1_000_000
NO_AUDIO = "This file cannot be read as audio. Give a wav, flac, ogg, mp3, m4a, mp4 or webm file."


def read_recording(path: str | None) -> tuple[np.ndarray, int]:
    """Read a visitor's recording.

    Args:
        path: the uploaded or recorded file; `None` where there is none.

    Returns:
        (samples, channels) float32 in [-1, 1], and their rate in Hz.

    Raises:
        BadRequest: there is no recording, or it is none, too large, too long, empty or broken.
    """
    if path is None:
        raise BadRequest("There is no recording yet. Record one, upload a file, or try a sample.")
    if not Path(path).is_file():
        raise BadRequest("The recording is not kept any longer. Record it or upload it again.")
    with open(path, "rb") as file:
        audio = read_samples(file.read(MAX_AUDIO_BYTES + 1))  # one byte more is enough to find it too large
    return audio["array"], audio["sampling_rate"]


def read_transcript(text: str) -> str | None:
    """Check a visitor's transcript.

    Args:
        text: what is said; blank where it is not known.

    Returns:
        The text, or `None`.

    Raises:
        BadRequest: it is too long, or has no word that could be English.
    """
    return read_text(text.strip() or None)
