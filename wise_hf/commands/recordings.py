"""The recordings that a command is given, by file or folder."""

from pathlib import Path


# What counts as a recording in a folder; a file that is named itself may be called anything.
SUFFIXES = (
    *(".3gp", ".aac", ".aif", ".aiff", ".amr", ".au", ".caf", ".flac", ".m4a", ".m4v", ".mkv", ".mov", ".mp3", ".mp4"),
    *(".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav", ".webm", ".wma"),
)


def recordings_in(given: str) -> list[str]:
    """The audio files that one argument of a command stands for.

    Args:
        given: a file, or a folder.

    Returns:
        The file alone; or the audio files in the folder and in its folders, without hidden ones, in order.

    Raises:
        ValueError: the argument is empty, or the folder has no audio file.
    """
    if not given:
        raise ValueError("The name of the recording is empty; give an audio file or a folder.")
    folder = Path(given)
    if not folder.is_dir():
        return [given]
    files = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    found = sorted(path for path in files if not any(part[0] == "." for part in path.relative_to(folder).parts))
    if not found:
        raise ValueError(f"The folder {given} holds no audio file ({', '.join(SUFFIXES)}); give one that does.")
    return [str(path) for path in found]
