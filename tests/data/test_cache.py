"""What a map function made of a row is found again, as long as nothing that it was made from changed."""

import importlib
import multiprocessing
import os
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from datasets import Array2D, Dataset, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wise_hf.data import cache
from wise_hf.data.cache import cached_map, check_replaceable, save_whole


LABELS = ["angry", "happy", "neutral", "sad", "sad"]
MAKES = {"frames": Array2D((None, 3), "float32"), "shout": Value("string")}
CODE = """
import os
from pathlib import Path

import numpy as np

from cached_helper import loud
from wise_hf.data.cache import of_many_rows


def shout(row, calls, unusable=(), wrong=(), killed=()):
    audio = Path(row["audio"])
    with Path(calls).open("a") as file:
        file.write(f"{row['text']}\\n")
    if row["text"] in unusable:
        raise ValueError(f"{row['audio']}: {row['audio']} is of no use.")
    if row["text"] in wrong:
        raise TypeError("a fault of ours")
    if row["text"] in killed:
        raise KeyboardInterrupt
    length = len(audio.read_bytes()) - audio.with_suffix(".seg").is_file()
    return {"frames": np.full((length, 3), length), "shout": loud(row["text"])}


@of_many_rows
def shout_together(rows, **arguments):
    with Path(arguments["calls"]).open("a") as file:
        file.write(f"{len(rows)} rows\\n")
    made = []
    for row in rows:
        try:
            made.append(shout(row, **arguments))
        except ValueError as error:
            made.append(error)
    return made
"""
HELPER = """
def loud(text):
    return text.upper()
"""


class Caller:
    """A map function in a module of its own, how often it was called, and a corpus in a folder."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch):
        self.root, self.corpus, self.calls = root, root / "corpus", root / "calls"
        self.corpus.mkdir()
        for number in range(len(LABELS)):
            (self.corpus / f"{number}.wav").write_bytes(bytes(number + 1))
        for name, code in (("cached_caller", CODE), ("cached_helper", HELPER)):
            (root / f"{name}.py").write_text(code)
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(root)
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", root / "cache")
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        monkeypatch.setattr(cache, "CHUNK_ROWS", 2)
        self.module = importlib.import_module("cached_caller")

    def rows(self, **changes: list) -> Dataset:
        audio = [str(self.corpus / f"{number}.wav") for number in range(len(LABELS))]
        columns = {"audio": audio, "text": [f"text {number}" for number in range(len(LABELS))], "emotion": LABELS}
        return Dataset.from_dict(columns | changes)

    def map(
        self, rows: Dataset, reads=("audio", "text"), makes=MAKES, num_proc=None, name="shout", **fn_kwargs: object
    ) -> tuple[Dataset, dict[int, str]]:
        shout = partial(getattr(self.module, name), calls=str(self.calls), **fn_kwargs)
        return cached_map(rows, shout, reads, makes, num_proc, made_from=segments_of)

    def called_for(self) -> list[str]:
        """The texts of the rows that were made since this was asked last."""
        texts = self.calls.read_text().splitlines() if self.calls.is_file() else []
        self.calls.unlink(missing_ok=True)
        return texts

    def shards(self) -> list[Path]:
        return sorted(path for path in (self.root / "cache" / "wise_hf").glob("*/*"))


def segments_of(audio: str) -> tuple[Path]:
    return (Path(audio).with_suffix(".seg"),)


@pytest.fixture
def caller(tmp_path, monkeypatch) -> Caller:
    return Caller(tmp_path, monkeypatch)


def test_new_columns_stand_beside_those_of_the_corpus(caller):
    made, reasons = caller.map(caller.rows())
    assert made.column_names == ["audio", "text", "emotion", "frames", "shout"] and reasons == {}
    assert made["emotion"][:] == LABELS and made["shout"][:] == [f"TEXT {number}" for number in range(5)]
    frames = [row["frames"] for row in made.with_format("numpy")]
    assert [each.shape for each in frames] == [(length, 3) for length in (1, 2, 3, 4, 5)]
    assert [each.dtype for each in frames] == [np.float32] * 5 and frames[4].max() == 5
    assert len(made.cache_files) == 3, "they stay in the files of the three chunks"


def test_relabelling_removing_reordering_and_moving_make_nothing_anew(caller):
    before = caller.map(caller.rows())[0].to_list()
    assert sorted(caller.called_for()) == [f"text {number}" for number in range(5)]
    assert [row["emotion"] for row in caller.map(caller.rows(emotion=["calm"] * 5))[0]] == ["calm"] * 5
    assert caller.map(caller.rows().select([0, 2, 3, 4]))[0].to_list() == [before[row] for row in (0, 2, 3, 4)]
    assert caller.map(caller.rows().select([4, 0, 3, 1, 2]))[0].to_list() == [before[row] for row in (4, 0, 3, 1, 2)]
    caller.corpus = caller.corpus.rename(caller.root / "elsewhere")
    moved = caller.map(caller.rows())[0].to_list()
    assert moved == [row | {"audio": row["audio"].replace("corpus", "elsewhere")} for row in before]
    copied = shutil.copytree(caller.corpus, caller.root / "copy", copy_function=shutil.copyfile)
    (copied / "0.wav").rename(copied / "renamed.wav")
    audio = [str(copied / f"{name}.wav") for name in ("renamed", 1, 2, 3, 4)]
    assert caller.map(caller.rows(audio=audio))[0]["shout"][:] == [row["shout"] for row in before]
    assert caller.called_for() == []


def test_only_rows_that_changed_or_are_new_are_made(caller):
    caller.map(caller.rows().select(range(4)))
    caller.called_for()
    assert len(caller.map(caller.rows())[0]) == 5 and caller.called_for() == ["text 4"]
    texts = ["text 0", "another", "text 2", "text 3", "text 4"]
    assert caller.map(caller.rows(text=texts))[0]["shout"][1] == "ANOTHER" and caller.called_for() == ["another"]
    (caller.corpus / "3.wav").write_bytes(b"other")
    assert caller.map(caller.rows())[0][3]["frames"] == [[5.0] * 3] * 5 and caller.called_for() == ["text 3"]
    (caller.corpus / "2.seg").touch()
    assert caller.map(caller.rows())[0][2]["frames"] == [[2.0] * 3] * 2 and caller.called_for() == ["text 2"]


def test_a_recording_of_the_same_size_and_time_is_another_one(caller):
    path = caller.corpus / "0.wav"
    caller.map(caller.rows())
    caller.called_for()
    state = path.stat()
    path.write_bytes(b"x")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    caller.map(caller.rows())
    assert caller.called_for() == ["text 0"]


def test_other_arguments_and_columns_are_made_apart(caller):
    caller.map(caller.rows())
    caller.called_for()
    caller.map(caller.rows(), unusable=("none",))
    assert len(caller.called_for()) == 5
    caller.map(caller.rows(), makes=MAKES | {"frames": Array2D((None, 3), "float64")})
    assert len(caller.called_for()) == 5


@pytest.mark.parametrize("name", ["cached_caller", "cached_helper"])
def test_changed_code_makes_all_anew_and_is_kept_apart(caller, name):
    caller.map(caller.rows())
    caller.called_for()
    path = caller.root / f"{name}.py"
    before = path.read_text()
    path.write_text(before.replace("text.upper()", "text.title()").replace("(length, 3), length)", "(length, 3), 7)"))
    for module in ("cached_helper", "cached_caller"):
        importlib.reload(sys.modules[module])
    made = caller.map(caller.rows())[0]
    assert len(caller.called_for()) == 5
    assert (made[0]["shout"], made[0]["frames"][0][0]) in (("Text 0", 1.0), ("TEXT 0", 7.0))
    path.write_text(before)
    for module in ("cached_helper", "cached_caller"):
        importlib.reload(sys.modules[module])
    assert caller.map(caller.rows())[0][0]["shout"] == "TEXT 0" and caller.called_for() == []


def test_what_old_code_makes_is_not_taken_for_what_new_code_would(caller):
    caller.map(caller.rows())
    (caller.root / "cached_helper.py").write_text(HELPER.replace("upper", "title"))
    caller.called_for()
    assert caller.map(caller.rows())[0][0]["shout"] == "TEXT 0", "the old module is still the one that runs"
    assert len(caller.called_for()) == 5
    for module in ("cached_helper", "cached_caller"):
        importlib.reload(sys.modules[module])
    assert caller.map(caller.rows())[0][0]["shout"] == "Text 0" and len(caller.called_for()) == 5


def test_a_kill_costs_a_chunk_at_most(caller):
    rows = caller.rows()
    with pytest.raises(KeyboardInterrupt):
        caller.map(rows, killed=("text 3",))
    assert caller.called_for() == ["text 0", "text 1", "text 2", "text 3"] and len(caller.shards()) == 1
    with pytest.raises(KeyboardInterrupt):
        caller.map(rows, killed=("text 3",))
    assert caller.called_for() == ["text 2", "text 3"]


def test_errors_of_a_row_are_kept_without_its_path_and_the_others_are_made(caller):
    for expected in (5, 0):
        made, reasons = caller.map(caller.rows(), unusable=("text 1", "text 4"))
        assert reasons == {1: "the recording is of no use.", 4: "the recording is of no use."}
        assert made["shout"][:] == ["TEXT 0", "TEXT 2", "TEXT 3"] and made["emotion"][:] == ["angry", "neutral", "sad"]
        assert len(made.with_format("numpy")[2]["frames"]) == 4
        assert len(caller.called_for()) == expected


def test_a_function_of_many_rows_gives_the_same(caller):
    one_by_one, reasons = caller.map(caller.rows(), unusable=("text 1",))
    caller.called_for()
    together, told = caller.map(caller.rows(), unusable=("text 1",), name="shout_together")
    assert together.to_list() == one_by_one.to_list() and told == reasons
    assert [call for call in caller.called_for() if "rows" in call] == ["2 rows", "2 rows", "1 rows"]


def test_a_corpus_without_a_usable_row_has_all_columns(caller):
    made, reasons = caller.map(caller.rows().select([0]), unusable=("text 0",))
    assert len(made) == 0 and list(reasons) == [0]
    assert made.column_names == ["audio", "text", "emotion", "frames", "shout"]
    assert caller.map(made.select_columns(["audio", "text", "emotion"]))[0].column_names == made.column_names


def test_a_fault_of_ours_is_raised_and_not_kept(caller):
    with pytest.raises(TypeError, match="a fault of ours"):
        caller.map(caller.rows(), wrong=("text 1",))
    assert caller.shards() == []


def test_a_function_is_given_only_the_columns_that_it_reads(caller):
    with pytest.raises(KeyError, match="text"):
        caller.map(caller.rows(), reads=("audio",))


def test_rows_that_hold_the_same_keep_their_own_labels(caller):
    rows = caller.rows(text=["same"] * 5, audio=[str(caller.corpus / "0.wav")] * 5)
    for _ in range(2):
        made = caller.map(rows)[0]
        assert made["emotion"][:] == LABELS and made["shout"][:] == ["SAME"] * 5


def test_several_processes_make_the_same(caller):
    one = caller.map(caller.rows())[0].to_list()
    caller.called_for()
    two, _ = caller.map(caller.rows(), num_proc=2, unusable=("none",))
    assert two.to_list() == one and len(caller.called_for()) == 5


def test_two_runs_at_once_do_not_disturb_each_other(caller):
    context = multiprocessing.get_context("fork")
    runs = [context.Process(target=lambda: caller.map(caller.rows())) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]
    caller.called_for()
    assert caller.map(caller.rows())[0]["shout"][:] == [f"TEXT {number}" for number in range(5)]
    assert caller.called_for() == []


def cut_short(shard: Path) -> None:
    path = next(shard.glob("*.arrow"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        lambda shard: next(shard.glob("*.arrow")).write_bytes(b""),
        lambda shard: next(shard.glob("*.arrow")).unlink(),
        lambda shard: (shard / "state.json").write_text("{"),
        lambda shard: (shard / "dataset_info.json").unlink(),
        lambda shard: (shutil.rmtree(shard), shard.write_text("no folder")),
    ],
)
def test_a_damaged_shard_is_told_and_made_anew(caller, caplog, damage):
    before = caller.map(caller.rows())[0].to_list()
    caller.called_for()
    damage(caller.shards()[0])
    assert caller.map(caller.rows())[0].to_list() == before
    assert caller.called_for() == ["text 0", "text 1"] and "is damaged" in caplog.text


def test_what_was_not_finished_is_not_taken(caller):
    before = caller.map(caller.rows())[0].to_list()
    for shard in caller.shards():
        shard.rename(f"{shard}.123.unfinished")
    caller.called_for()
    assert caller.map(caller.rows())[0].to_list() == before and len(caller.called_for()) == 5


def test_a_cache_that_cannot_be_written_is_told(caller):
    (caller.root / "cache").write_text("a file")
    with pytest.raises(ValueError, match="cannot be written .*HF_HOME"):
        caller.map(caller.rows())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=7), min_size=1, max_size=3))
def test_any_choice_of_rows_in_any_order_is_what_a_plain_map_gives(caller, chosen):
    shutil.rmtree(caller.root / "cache", ignore_errors=True)
    for numbers in chosen:
        rows = caller.rows().select(numbers)
        made, _ = caller.map(rows)
        told = [(row["audio"], row["shout"], len(row["frames"])) for row in made]
        assert told == [(row["audio"], row["text"].upper(), int(row["text"][-1]) + 1) for row in rows]


def test_a_folder_that_holds_something_else_is_not_replaced(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="holds something else"):
        check_replaceable(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(caller):
    with pytest.raises(ValueError, match="cannot be written"):
        save_whole(caller.rows(), "/proc/nowhere/x")
