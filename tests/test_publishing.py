"""What goes to the Hub, and above all what never does."""

import runpy
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from datasets import Dataset
from huggingface_hub.errors import HfHubHTTPError, HTTPError

from wise_hf import publishing
from wise_hf.publishing import files_to_publish, publish


SCRIPT = str(Path(__file__).resolve().parents[1] / "scripts" / "push_to_hub.py")
PACKAGE = Path(publishing.__file__).parent
OF_A_MODEL = {
    "config.json",
    "model.safetensors",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    *(path.name for path in PACKAGE.glob("*_wise.py")),
}
OF_A_CORPUS = [
    "Ses01F_impro01_F000.wav",
    "x.WAV",
    "x.flac",
    "x.mp3",
    "x.ogg",
    "x.opus",
    "x.aif",
    "x.aiff",
    "x.sph",
    "x.avi",
    "data-00000-of-00001.arrow",
    "x.parquet",
    "x.npy",
    "dataset_info.json",
    "metadata.csv",
    "x.words.json",
    "x.wdseg",
    "x.phseg",
    "x.syseg",
    "EmoEvaluation/Ses01F_impro01.txt",
    "transcriptions/Ses01F_impro01.txt",
]


class Hub:
    """Stands in for HfApi: notes what it is asked, and fails where it is told to."""

    def __init__(self, error: Exception | None = None, is_private: bool = True):
        self.asked: list[tuple[str, tuple, dict]] = []
        self._error, self._is_private = error, is_private

    def _note(self, name: str, args: tuple, options: dict) -> None:
        self.asked.append((name, args, options))
        if self._error is not None:
            raise self._error

    def create_repo(self, *args, **options) -> str:
        self._note("create_repo", args, options)
        return "https://huggingface.co/org/name"

    def model_info(self, *args, **options) -> SimpleNamespace:
        self._note("model_info", args, options)
        return SimpleNamespace(private=self._is_private)

    def create_branch(self, *args, **options) -> None:
        self._note("create_branch", args, options)

    def upload_folder(self, *args, **options) -> None:
        self._note("upload_folder", args, options)

    def names(self) -> list[str]:
        return [name for name, _, _ in self.asked]


@pytest.fixture
def model(saved_model, tmp_path) -> Path:
    return shutil.copytree(saved_model, tmp_path / "fold_1")


@pytest.fixture
def hub(monkeypatch) -> Hub:
    """The Hub that the package reaches when nobody gives it another."""
    hub = Hub()
    monkeypatch.setattr(publishing, "HfApi", lambda: hub)
    return hub


@pytest.fixture
def push(monkeypatch, capsys):
    """Runs the script in this process; gives its status and what it wrote to both streams."""

    def run_here(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [SCRIPT, *map(str, arguments)])
        status = 0
        try:
            runpy.run_path(SCRIPT, run_name="__main__")
        except SystemExit as ended:
            status = ended.code
        return status, *capsys.readouterr()

    return run_here


def write(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


def test_a_models_files_are_published_and_none_besides(model):
    strays = ("arguments.json", "results.json", "folds.json", "notes.txt", ".env", "checkpoint/model.safetensors")
    for name in (*strays, "checkpoint/optimizer.bin", "._modeling_wise.py", "old/config.json", "notes.py"):
        write(model, name)
    assert files_to_publish(model) == sorted(OF_A_MODEL)


@pytest.mark.parametrize("below", ["", "data/more"])
@pytest.mark.parametrize("name", OF_A_CORPUS)
def test_a_folder_with_anything_of_a_corpus_is_refused(model, hub, name, below):
    path = write(model / below, name)
    with pytest.raises(ValueError) as refused:
        publish(model, "org/name")
    told = str(refused.value)
    named = path.parent if path.suffix == ".txt" else path
    assert told.startswith(f"{named} looks like ") and "\n" not in told
    assert "IEMOCAP is licensed for research" in told and "may not be passed on" in told and "Move it out" in told
    assert hub.asked == []


def test_a_prepared_corpus_is_refused_with_the_licence(tmp_path, hub, push, capsys):
    prepared = tmp_path / "prepared"
    Dataset.from_dict({"text": ["Look who is here."], "input_features": [[0.5]]}).save_to_disk(prepared)
    capsys.readouterr()  # a progress bar
    status, printed, told = push("--model", prepared, "--repo_id", "org/name")
    assert status == 1 and printed == "" and hub.asked == []
    assert told.startswith("push_to_hub.py: ") and told.count("\n") == 1
    assert "looks like a prepared corpus or features" in told and "IEMOCAP is licensed for research" in told


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "modeling_wise.py"])
def test_a_folder_without_a_whole_model_is_refused(model, hub, name):
    (model / name).unlink()
    with pytest.raises(ValueError, match=rf"holds no model \(no {name}\); give a folder such as OUT/model"):
        publish(model, "org/name")
    assert hub.asked == []


def test_what_is_no_folder_is_refused(model):
    for path in (model / "config.json", model / "none"):
        with pytest.raises(ValueError, match="is no folder; give a model's folder"):
            files_to_publish(path)


@pytest.mark.parametrize("repo_id", ["name", "a/b/c", "org/na me", "org/--", "-org/name", "org/name.git", "org/", ""])
def test_a_name_that_cannot_be_one_is_told_before_anybody_is_contacted(model, hub, repo_id):
    with pytest.raises(ValueError, match="is no name on the Hub; give org/name"):
        publish(model, repo_id)
    assert hub.asked == []


def test_a_model_goes_in_one_upload_of_the_listed_files(model, hub):
    write(model, "notes.txt")
    assert publish(model, "org/name") == "https://huggingface.co/org/name"
    assert hub.asked == [
        ("create_repo", ("org/name",), {"private": None, "exist_ok": True}),
        (
            "upload_folder",
            (),
            {
                "repo_id": "org/name",
                "folder_path": model,
                "allow_patterns": sorted(OF_A_MODEL),
                "commit_message": "Upload WISE model",
            },
        ),
    ]


def test_private_is_not_taken_to_a_public_repository(model):
    hub = Hub(is_private=False)
    with pytest.raises(ValueError, match="org/name is there already and is public"):
        publish(model, "org/name", private=True, api=hub)
    assert hub.names() == ["create_repo", "model_info"]


def test_a_refusal_of_the_hub_is_one_sentence(model):
    response = SimpleNamespace(headers={}, request=None, status_code=401, reason_phrase="Unauthorized")
    error = HfHubHTTPError("x", response=response, server_message="Invalid username or password.")
    with pytest.raises(OSError, match=r"\(401 Invalid username or password\); log in by `hf auth login`"):
        publish(model, "org/name", api=Hub(error))


@pytest.mark.parametrize("kind", [HTTPError, RuntimeError])
def test_a_broken_connection_is_one_sentence_without_the_token(model, kind):
    with pytest.raises(OSError, match="the connection to the Hub failed") as told:
        publish(model, "org/name", api=Hub(kind("Illegal header value b'Bearer hf_secret'")))
    assert "hf_secret" not in str(told.value) and "hf auth login" in str(told.value)
    assert told.value.__suppress_context__


def test_a_dry_run_lists_files_and_sizes_and_contacts_nobody(model, hub, push):
    status, printed, _ = push("--model", model, "--repo_id", "org/name", "--dry_run")
    lines = [line.split() for line in printed.splitlines()]
    assert status == 0 and hub.asked == []
    assert [name for _, name in lines] == sorted(OF_A_MODEL)
    assert [int(size.replace(",", "")) for size, _ in lines] == [(model / name).stat().st_size for _, name in lines]


def test_a_dry_run_refuses_what_a_run_refuses(model, hub, push):
    status, _, told = push("--model", model, "--repo_id", "name", "--dry_run")
    assert status == 1 and "give org/name" in told
    write(model, "x.wav")
    status, printed, told = push("--model", model, "--repo_id", "org/name", "--dry_run")
    assert status == 1 and printed == "" and "x.wav looks like a recording" in told and hub.asked == []


def test_the_script_publishes_and_prints_the_page(model, hub, push):
    status, printed, _ = push("--model", model, "--repo_id", "org/name", "--private")
    assert (status, printed) == (0, "https://huggingface.co/org/name\n")
    assert hub.names() == ["create_repo", "model_info", "upload_folder"]
    assert hub.asked[0][2]["private"] is True
