"""JSON and JSON lines of recognisers and of wise_hf itself -> words."""

import json
from collections.abc import Mapping, Sequence

from wise_hf.data.word_files.word_file import WordFile
from wise_hf.model.word_formats_wise import read_word_times


def read_json_words(file: WordFile) -> list[dict]:
    """The words of one recording.

    What recognisers write is known to `wise_hf.model.word_formats_wise`; besides there are the results that
    `wise-hf predict --json` prints, and the rows of a timeline.

    Raises:
        ValueError: for what is no JSON, or holds no words with times, or those of several recordings.
    """
    written = _parsed(file)
    if _all_have("row", written):
        return read_word_times(file.choose([_of_row(row) for row in written if row["row"] == "word"]))
    if _all_have("audio", written) or _all_have("scores", written):
        return read_word_times(_of_result(file, written))
    return read_word_times(written)


def _parsed(file: WordFile) -> object:
    """What the file holds; of JSON lines a list of what each line holds."""
    try:
        if file.path.suffix.lower() == ".jsonl":
            return [json.loads(line) for line in file.text.split("\n") if line.strip()]
        return json.loads(file.text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not a list of words as JSON ({error}); mend or remove it.") from error


def _all_have(name: str, written: object) -> bool:
    is_list = isinstance(written, Sequence) and len(written) > 0
    return is_list and all(isinstance(entry, Mapping) and name in entry for entry in written)


def _of_row(row: Mapping) -> tuple[dict[str, str | None], dict]:
    """Whose word a row of a timeline is, and the word: its `word` is a number, its `text` what is said."""
    told = {"recording": row.get("file"), "channel": row.get("channel"), "speaker": row.get("speaker")}
    whose = {kind: None if name is None else str(name) for kind, name in told.items()}
    return whose, {"word": row.get("text"), "start_s": row.get("start_s"), "end_s": row.get("end_s")}


def _of_result(file: WordFile, results: Sequence[Mapping]) -> object:
    named = [({"recording": str(result.get("audio", number))}, result) for number, result in enumerate(results)]
    result = file.choose(named)[0]
    if "error" in result:
        raise ValueError(f"it has no words of this recording, but the error '{result['error']!s:.200}'.")
    return result
