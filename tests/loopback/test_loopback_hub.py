"""The loopback Hub, asked by the real huggingface_hub in processes of its own, and by hand where it is too careful."""

import base64
import hashlib
import json
import re
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from loopback.hub import OTHER_TOKEN, READ_TOKEN, TOKEN, LoopbackHub, environment
from loopback.store import Refused, check_card, is_lfs, upload_mode


ROOT = Path(__file__).resolve().parents[2]
START = """
import json, sys
from pathlib import Path
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download, snapshot_download
api, told = HfApi(), {}

def error(call, *args, **options):
    try:
        call(*args, **options)
    except Exception as error:
        return type(error).__name__, getattr(getattr(error, "response", None), "status_code", None)

def push(files, **options):
    operations = [CommitOperationAdd(name, content) for name, content in files.items()]
    return api.create_commit("org/model", operations, commit_message="push", **options).oid

def files(folder):
    paths = (path for path in Path(folder).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}

"""
FIRST = {"config.json": b"{}", "model.safetensors": b"weights " * 5000, "audio/a.wav": b"RIFF\0"}


def started(hub: LoopbackHub, home: Path, code: str, token: str | None = TOKEN) -> subprocess.Popen:
    """A process of the real client; it says what it found by filling `told`."""
    code = START + textwrap.dedent(code) + "\nprint(json.dumps(told))"
    home.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment(hub, home, token),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


def client(hub: LoopbackHub, home: Path, code: str, token: str | None = TOKEN) -> dict[str, Any]:
    return ended(started(hub, home, code, token))


def ask(hub: LoopbackHub, method: str, path: str, body: Any = None, token: str | None = TOKEN) -> tuple[int, Any]:
    """One request without huggingface_hub, for what that would never ask; a list is sent as lines."""
    lines = body if isinstance(body, list) else [body]
    data = body if isinstance(body, bytes) else "\n".join(map(json.dumps, lines)).encode()
    address = path if path.startswith("http") else hub.endpoint + path
    request = urllib.request.Request(address, data if body is not None else None, method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.loads(reply.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


@pytest.fixture
def filled(hub: LoopbackHub) -> LoopbackHub:
    """A Hub with org/model, which is private and holds `FIRST`; its LFS files come the way they do from a client."""
    assert ask(hub, "POST", "/api/repos/create", {"name": "model", "organization": "org", "private": True})[0] == 200
    lines: list[dict] = [{"key": "header", "value": {"summary": "first"}}]
    for path, content in FIRST.items():
        if path == "config.json":
            lines.append({"key": "file", "value": {"path": path, "content": "e30=", "encoding": "base64"}})
        else:
            lines.append({"key": "lfsFile", "value": {"path": path, **_uploaded(hub, content)}})
    assert ask(hub, "POST", "/api/models/org/model/commit/main", lines)[0] == 200
    hub.requests.clear()
    return hub


def _announced(hub: LoopbackHub, content: bytes) -> tuple[dict, str]:
    described = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
    told = ask(hub, "POST", "/org/model.git/info/lfs/objects/batch", {"operation": "upload", "objects": [described]})
    return described, told[1]["objects"][0]["actions"]["upload"]["href"]


def _uploaded(hub: LoopbackHub, content: bytes) -> dict:
    described, address = _announced(hub, content)
    assert ask(hub, "PUT", address, content, token=None)[0] == 200
    return described


def test_what_is_pushed_comes_back(hub, tmp_path):
    told = client(
        hub,
        tmp_path / "home",
        """
        folder = Path("model")
        (folder / "audio").mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        (folder / "README.md").write_text("---\\nlicense: mit\\npipeline_tag: audio-classification\\n---\\nHello.")
        (folder / "model.safetensors").write_text("weights" * 1000)
        (folder / "audio/a.wav").write_text("RIFF")
        told["name"] = api.whoami()["name"]
        told["url"] = str(api.create_repo("org/model", private=True))
        told["oid"] = api.upload_folder(repo_id="org/model", folder_path=folder).oid
        told["listed"] = api.list_repo_files("org/model")
        info = api.model_info("org/model", files_metadata=True)
        told["info"] = [info.sha, info.private, info.pipeline_tag]
        told["large"] = [file.rfilename for file in info.siblings if file.lfs]
        told["entries"] = [entry.path for entry in api.list_repo_tree("org/model", "audio")]
        told["commits"] = [commit.title for commit in api.list_repo_commits("org/model")]
        told["paths"] = [entry.path for entry in api.get_paths_info("org/model", ["audio", "config.json", "none"])]
        got = files(snapshot_download("org/model"))
        told["same"] = {name: text for name, text in got.items() if name != ".gitattributes"} == files(folder)
        """,
    )
    assert told["url"] == f"{hub.endpoint}/org/model" and told["name"] == "tester"
    assert told["listed"] == [".gitattributes", "README.md", "audio/a.wav", "config.json", "model.safetensors"]
    assert told["info"] == [told["oid"], True, "audio-classification"]
    assert told["large"] == ["audio/a.wav", "model.safetensors"]
    assert told["entries"] == ["audio/a.wav"] and told["paths"] == ["audio", "config.json"]
    assert told["commits"] == ["Upload folder using huggingface_hub", "initial commit"] and told["same"]


def test_nothing_is_transferred_twice(filled, tmp_path):
    code = """
        for name in ("config.json", "model.safetensors"):
            hf_hub_download("org/model", name)
            told[name] = Path(hf_hub_download("org/model", name)).stat().st_size
        """
    assert client(filled, tmp_path, code) == {"config.json": 2, "model.safetensors": 40000}
    assert [request.bytes_sent for request in filled.asked("^GET (/org/model/resolve|/blobs)")] == [2, 40000]
    assert len(filled.asked("^HEAD")) == 4

    client(filled, tmp_path, 'push({"config.json": b"{ }", "model.safetensors": b"weights " * 5000})')
    assert len(filled.asked("^PUT")) == 0  # the large file was there
    client(filled, tmp_path, code)
    assert [request.bytes_sent for request in filled.asked("^GET (/org/model/resolve|/blobs)")] == [2, 40000, 3]


def test_a_token_goes_as_authorization_only_and_never_to_storage(filled, tmp_path):
    client(filled, tmp_path, 'push({"b.safetensors": b"more"}); snapshot_download("org/model")')
    assert {request.server for request in filled.requests} == {"hub", "storage"}
    for request in filled.requests:
        others = {name: value for name, value in request.headers.items() if name != "authorization"}
        assert TOKEN not in f"{request.path} {others} {request.body}"
        assert request.headers.get("authorization") == (f"Bearer {TOKEN}" if request.server == "hub" else None)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        pytest.param({"key": "lfsFile", "value": {"path": "b.bin", "oid": "0" * 64, "size": 1}}, 400, id="no blob"),
        pytest.param({"key": "deletedFile", "value": {"path": "none"}}, 404, id="nothing to delete"),
        pytest.param({"key": "file", "value": {"path": "../b", "content": ""}}, 400, id="path"),
        pytest.param({"key": "file", "value": {"path": "b", "content": "?"}}, 400, id="no base64"),
        pytest.param({"key": "unknown", "value": {"path": "b"}}, 400, id="unknown"),
    ],
)
def test_a_commit_is_taken_whole_or_not_at_all(filled, line, status):
    before = filled.repo("org/model").at("main")
    good = {"key": "file", "value": {"path": "config.json", "content": "e30K"}}
    lines = [{"key": "header", "value": {"summary": "second"}}, good, line]
    assert ask(filled, "POST", "/api/models/org/model/commit/main", lines)[0] == status
    assert filled.repo("org/model").at("main") is before
    assert {name: filled.files("org/model")[name] for name in FIRST} == FIRST


def test_storage_takes_only_what_was_announced(filled):
    described, address = _announced(filled, b"announced")
    assert ask(filled, "PUT", address, b"something", token=None)[0] == 400
    assert ask(filled, "PUT", address, b"announced", token=TOKEN)[0] == 400  # a token, where none belongs
    assert ask(filled, "PUT", address.split("?")[0], b"announced", token=None)[0] == 403
    assert ask(filled, "POST", "/org/model.git/info/lfs/objects/verify", described)[0] == 404
    assert ask(filled, "PUT", address, b"announced", token=None)[0] == 200
    assert ask(filled, "POST", "/org/model.git/info/lfs/objects/verify", described)[0] == 200


def test_a_commit_on_another_parent_is_refused(filled, tmp_path):
    told = client(
        filled,
        tmp_path,
        """
        first = api.model_info("org/model").sha
        told["second"] = push({"config.json": b"2"}, parent_commit=first)
        told["third"] = error(push, {"config.json": b"3"}, parent_commit=first)
        api.create_commit("org/model", [CommitOperationDelete("audio/")], commit_message="without audio")
        """,
    )
    assert told["third"] == ["HfHubHTTPError", 412]
    assert filled.files("org/model")["config.json"] == b"2"
    assert filled.repo("org/model").at("main").parent.id == told["second"]
    assert "audio/a.wav" not in filled.files("org/model")


@pytest.mark.parametrize(
    ("token", "read", "write"),
    [
        (None, ["RepositoryNotFoundError", 401], ["RepositoryNotFoundError", 401]),
        ("hf_wrong", ["HfHubHTTPError", 401], ["HfHubHTTPError", 401]),
        (OTHER_TOKEN, ["RepositoryNotFoundError", 404], ["RepositoryNotFoundError", 404]),
        (READ_TOKEN, None, ["HfHubHTTPError", 403]),
    ],
)
def test_what_is_private_needs_its_owners_token(filled, tmp_path, token, read, write):
    told = client(
        filled,
        tmp_path,
        """
        told["info"] = error(api.model_info, "org/model")
        told["file"] = error(hf_hub_download, "org/model", "config.json")
        told["push"] = error(push, {"config.json": b"2"})
        told["new"] = error(api.create_repo, "org/new")
        """,
        token,
    )
    assert told["info"] == told["file"] == read
    assert told["push"] == write and told["new"][1] in (401, 403)
    assert filled.files("org/model")["config.json"] == b"{}"


def test_what_is_public_is_read_by_all_and_written_by_its_owner(filled, tmp_path):
    filled.repo("org/model").private = False
    code = """
        told["size"] = Path(hf_hub_download("org/model", "model.safetensors")).stat().st_size
        told["push"] = error(push, {"config.json": b"2"})
        """
    told = client(filled, tmp_path / "nobody", code, token=None)
    assert told == {"size": 40000, "push": ["RepositoryNotFoundError", 401]}
    assert client(filled, tmp_path / "other", code, token=OTHER_TOKEN)["push"] == ["HfHubHTTPError", 403]


def test_versions_are_found_by_tag_branch_and_hash(filled, tmp_path):
    told = client(
        filled,
        tmp_path,
        """
        def config(revision):
            return Path(hf_hub_download("org/model", "config.json", revision=revision)).read_text()

        first = api.model_info("org/model").sha
        api.create_tag("org/model", tag="v1")
        api.create_branch("org/model", branch="dev/next")
        push({"config.json": b"main"})
        push({"config.json": b"dev"}, revision="dev/next")
        told["texts"] = [config(name) for name in ("main", "dev/next", "v1", first, first[:8])]
        told["again"] = [error(api.create_tag, "org/model", tag="v1")]
        told["again"] += [error(api.create_branch, "org/model", branch="main")]
        refs = api.list_repo_refs("org/model")
        told["refs"] = sorted(ref.ref for ref in refs.branches + refs.tags)
        api.delete_branch("org/model", branch="dev/next")
        api.delete_tag("org/model", tag="v1")
        told["main"] = error(api.delete_branch, "org/model", branch="main")
        told["gone"] = [error(config, name) for name in ("v1", "none")]
        told["gone"] += [error(api.model_info, "org/model", revision="v1")]
        told["push"] = error(push, {"config.json": b"?"}, revision="none")
        told["file"] = error(hf_hub_download, "org/model", "none.json")
        told["folder"] = error(lambda: list(api.list_repo_tree("org/model", "none")))
        """,
    )
    assert told["texts"] == ["main", "dev", "{}", "{}", "{}"]
    assert told["again"] == [["HfHubHTTPError", 409]] * 2
    assert told["refs"] == ["refs/heads/dev/next", "refs/heads/main", "refs/tags/v1"]
    assert told["main"] == ["HfHubHTTPError", 403]
    assert told["gone"] == [["RevisionNotFoundError", 404]] * 3
    assert told["push"] == ["RevisionNotFoundError", 404]
    assert told["file"] == told["folder"] == ["RemoteEntryNotFoundError", 404]


def test_a_snapshot_is_of_one_version_though_another_is_pushed_meanwhile(filled, tmp_path):
    first = filled.repo("org/model").at("main").id
    gate = filled.hold("^HEAD /org/model/resolve/", times=float("inf"))
    download = started(filled, tmp_path / "a", 'told.update(files(snapshot_download("org/model")))')
    assert gate.reached.wait(60)
    code = 'push({"config.json": b"new", "model.safetensors": b"new", "audio/b.wav": b"new"})'
    client(filled, tmp_path / "b", code)
    gate.open()
    got = ended(download)
    assert {name: got[name].encode() for name in FIRST} == FIRST and len(got) == len(FIRST) + 1
    assert all(first in request.path for request in filled.asked("/resolve/"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("fail", ["HfHubHTTPError", 503]),
        ("drop", ["RemoteProtocolError", None]),
        ("drop after", ["RemoteProtocolError", None]),
    ],
)
def test_a_failing_commit_leaves_the_old_version(filled, tmp_path, kind, expected):
    if kind == "fail":
        filled.fail_next("POST .*/commit/")
    else:
        filled.drop_next("POST .*/commit/", after=kind == "drop after")
    code = 'told["error"] = error(push, {"config.json": b"new", "model.safetensors": b"new"})'
    assert client(filled, tmp_path, code)["error"] == expected
    is_done = kind == "drop after"  # the reply is lost, but the commit is there
    assert filled.files("org/model")["config.json"] == (b"new" if is_done else b"{}")
    assert filled.files("org/model")["model.safetensors"] == (b"new" if is_done else FIRST["model.safetensors"])


def test_the_client_tries_again_what_fails_in_storage(filled, tmp_path):
    filled.fail_next("^PUT /uploads/", status=500)
    filled.drop_next("^GET /blobs/", body_bytes=1000)
    told = client(
        filled,
        tmp_path,
        """
        push({"b.safetensors": b"more"})
        told["text"] = Path(hf_hub_download("org/model", "model.safetensors")).read_text()
        """,
    )
    assert told["text"].encode() == FIRST["model.safetensors"]
    assert filled.files("org/model")["b.safetensors"] == b"more"
    assert [request.status for request in filled.asked("^PUT /uploads/")] == [500, 200]
    downloads = filled.asked("^GET /blobs/")
    assert [(request.status, request.bytes_sent) for request in downloads] == [(200, 1000), (200, 40000)]


@pytest.mark.parametrize("name", ["model.safetensors", "notes.txt"])  # in storage, and in the Hub itself
@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [("bytes=4-6", 206, slice(4, 7)), ("bytes=39998-", 206, slice(39998, None)), ("bytes=40000-", 416, None)],
)
def test_parts_of_files(filled, name, asked, status, part):
    content = FIRST["model.safetensors"]
    lines = [{"key": "header", "value": {"summary": "notes"}}]
    lines += [{"key": "file", "value": {"path": "notes.txt", "content": base64.b64encode(content).decode()}}]
    assert ask(filled, "POST", "/api/models/org/model/commit/main", lines)[0] == 200
    filled.repo("org/model").private = False
    request = urllib.request.Request(f"{filled.endpoint}/org/model/resolve/main/{name}", headers={"Range": asked})
    if part is None:
        with pytest.raises(urllib.error.HTTPError, match=str(status)):
            urllib.request.urlopen(request)
    else:
        with urllib.request.urlopen(request) as reply:
            assert reply.status == status and reply.read() == content[part]


def test_slow_downloads_and_mending(filled, tmp_path):
    filled.slow(bytes_per_s=80_000)
    filled.fail_next("/api/models/org/model", times=float("inf"))
    code = """
        import time
        started = time.perf_counter()
        hf_hub_download("org/model", "model.safetensors", force_download=True)
        told["s"] = time.perf_counter() - started
        """
    assert client(filled, tmp_path, code)["s"] > 0.4
    filled.mend()
    assert client(filled, tmp_path, code)["s"] < 0.4
    assert ask(filled, "GET", "/api/models/org/model")[0] == 200


def test_repositories_are_made_once_and_spaces_have_an_sdk(hub, tmp_path):
    told = client(
        hub,
        tmp_path,
        """
        told["urls"] = [str(api.create_repo("org/model")), str(api.create_repo("org/model", exist_ok=True))]
        told["again"] = error(api.create_repo, "org/model")
        told["space"] = str(api.create_repo("org/demo", repo_type="space", space_sdk="gradio", private=True))
        api.upload_file(path_or_fileobj=b"x", path_in_repo="app.py", repo_id="org/demo", repo_type="space")
        info = api.space_info("org/demo")
        told["info"] = [info.sdk, info.private, [file.rfilename for file in info.siblings]]
        api.update_repo_settings("org/model", private=True)
        told["private"] = api.model_info("org/model").private
        api.delete_repo("org/model")
        told["deleted"] = error(api.model_info, "org/model")
        """,
    )
    assert told["urls"] == [f"{hub.endpoint}/org/model"] * 2 and told["again"] == ["HfHubHTTPError", 409]
    assert told["space"] == f"{hub.endpoint}/spaces/org/demo"
    assert told["info"] == ["gradio", True, [".gitattributes", "README.md", "app.py"]]
    assert told["private"] is True and told["deleted"] == ["RepositoryNotFoundError", 404]


def test_a_card_with_wrong_metadata_is_refused_before_anything_goes_up(filled, tmp_path):
    told = client(
        filled,
        tmp_path,
        """
        import warnings
        card = b"---\\nlicense: mit\\nwidget: [a.wav]\\n---\\n"
        told["wrong"] = error(push, {"README.md": card, "b.safetensors": b"more"})
        with warnings.catch_warnings(record=True) as caught:
            push({"README.md": b"---\\ntags: [audio]\\n---\\n"})
        told["warned"] = any('"license" is missing' in str(warning.message) for warning in caught)
        """,
    )
    assert told == {"wrong": ["ValueError", None], "warned": True}
    assert not filled.asked("^PUT") and "README.md" in filled.files("org/model")


@pytest.mark.parametrize(
    ("card", "kind", "error"),
    [
        ("license: mit\nwidget: [{src: a.wav}]\nlanguage: en", "model", None),
        ("license: mine", "model", '"license" must be one of'),
        ("widget: [a.wav]", "model", '"widget[0]" must be of type object'),
        ("a: [", "model", "bad YAML"),
        ("- a", "model", '"metadata" must be of type object'),
        ("model-index: [{name: a}]", "model", '"model-index[0].results" is required'),
        (
            "model-index: [{name: a, results: [{task: {}, dataset: {}, metrics: [{type: a}]}]}]",
            "model",
            '"model-index[0].results[0].metrics[0].value" is required',
        ),
        ("sdk: gradio", "space", None),
        ("title: A", "space", '"sdk" must be one of'),
    ],
)
def test_metadata_of_cards(card, kind, error):
    errors, warnings = check_card(f"---\n{card}\n---\n# A model\n", kind)
    assert any(text.startswith(error) for text in errors) if error else not errors
    if not errors:
        assert bool(warnings) == ("license" not in card)


def test_a_card_without_metadata_is_warned_of():
    assert check_card("# A model", "model") == ([], ["empty or missing yaml metadata in repo card"])


def test_which_files_are_large():
    attributes = "*.wav filter=lfs -text\na/*.txt filter=lfs\nb.wav -filter\n"
    names = ["x.wav", "a/x.wav", "b.wav", "a/x.txt", "x.txt"]
    assert [is_lfs(name, attributes) for name in names] == [True, True, False, True, False]
    assert upload_mode("x.txt", 9, "ä".encode()[:1], attributes) == "regular"  # a letter that the sample cuts
    assert upload_mode("x.png", 9, b"\x89PNG", attributes) == "lfs"
    assert upload_mode("x.txt", 11 * 2**20, b"a", attributes) == "lfs"
    assert upload_mode("x.wav", 0, b"", attributes) == "regular"


def test_nothing_answers_when_it_is_over(tmp_path):
    with LoopbackHub() as hub:
        assert ask(hub, "GET", "/api/whoami-v2")[1]["name"] == "tester"
    with pytest.raises(OSError):
        ask(hub, "GET", "/api/whoami-v2")
    with pytest.raises(KeyError):
        hub.repo("org/model")
    assert environment(hub, tmp_path, token=None).get("HF_TOKEN") is None
    assert Refused(404, "Not here").code is None


def test_it_runs_by_hand():
    command = [sys.executable, "-m", "tests.loopback.hub", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        lines = iter(process.stdout.readline, "")
        told = [next(lines)]
        while not told[-1].startswith("#"):
            told.append(next(lines))
        process.terminate()
    assert re.search(r"^export HF_ENDPOINT=http://127\.0\.0\.1:\d+$", "".join(told), re.MULTILINE)
