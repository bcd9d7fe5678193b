"""What the loopback Hub keeps: repositories with their commits, branches, tags and files, all in memory."""

import base64
import codecs
import hashlib
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

import yaml


LFS_FROM_BYTES = 10 * 2**20  # what is larger is never an ordinary file of git
LFS_PATTERNS = (
    "*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack *.npy *.npz *.onnx "
    "*.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors saved_model/**/* *.tar.* *.tar *.tflite *.tgz "
    "*.wasm *.xz *.zip *.zst *tfevents* *.wav"
)
LFS_ATTRIBUTES = "filter=lfs diff=lfs merge=lfs -text"
SPACE_SDKS = ("gradio", "docker", "static")
# Some of those that the Hub knows.
LICENCES = ("apache-2.0", "mit", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-sa-4.0", "other")


class Refused(Exception):
    """What the Hub answers in place of a result; `code` is what the client makes its exceptions from."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        also: dict[str, str] | None = None,
    ):
        super().__init__(message)
        self.status, self.code, self.headers, self.also = status, code, headers or {}, also or {}


def git_hash(content: bytes, kind: str = "blob") -> str:
    """The name git gives to a file's content."""
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content).hexdigest()


@dataclass(frozen=True)
class File:
    """A file in a commit; `sha256` is None for the ordinary files of git, which `content` then holds."""

    oid: str
    size: int
    content: bytes
    sha256: str | None = None

    @classmethod
    def ordinary(cls, content: bytes) -> "File":
        return cls(git_hash(content), len(content), content)

    @classmethod
    def large(cls, sha256: str, content: bytes) -> "File":
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n"
        return cls(git_hash(pointer.encode()), len(content), content, sha256)

    @property
    def etag(self) -> str:
        """By which the client knows what it has."""
        return self.sha256 or self.oid

    def described(self, sha_key: str) -> dict[str, Any]:
        """What the lists of files say of a large file; its hash is called "oid" in one, "sha256" in the other."""
        if self.sha256 is None:
            return {}
        return {"lfs": {sha_key: self.sha256, "size": self.size, "pointerSize": 120 + len(str(self.size))}}


@dataclass(frozen=True)
class Commit:
    """One version of a repository, whole."""

    id: str
    parent: "Commit | None"
    title: str
    message: str
    author: str
    date: str
    files: dict[str, File]

    def named(self) -> dict[str, str]:
        """What the lists of commits say of it."""
        return {"id": self.id, "title": self.title, "message": self.message, "date": self.date}

    def text(self, path: str) -> str:
        """A file's text; empty where there is no such file."""
        return self.files[path].content.decode(errors="replace") if path in self.files else ""

    def card(self) -> dict[str, Any]:
        """The metadata of its README.md, as far as there are any."""
        try:
            found = card_data(self.text("README.md"))
        except yaml.YAMLError:
            return {}
        return found if isinstance(found, dict) else {}

    def tree(self, folder: str, recursive: bool) -> list[dict[str, Any]]:
        """The files and folders in a folder; "" is the root."""
        start = f"{folder}/" if folder else ""
        paths = {name for name in self.files if name.startswith(start)}
        if start and not paths:
            raise Refused(404, f"{folder} does not exist on {self.id}", "EntryNotFound")
        paths |= {str(parent) for name in paths for parent in PurePosixPath(name).parents}
        inside = [path for path in sorted(paths - {"."}) if path.startswith(start)]
        return [self.entry(path) for path in inside if recursive or "/" not in path[len(start) :]]

    def entry(self, path: str) -> dict[str, Any]:
        """What the lists of files say of a file or a folder."""
        file, last = self.files.get(path), {"lastCommit": self.named()}
        if file is None:
            return {"type": "directory", "oid": git_hash(path.encode(), "tree"), "size": 0, "path": path, **last}
        return {"type": "file", "oid": file.oid, "size": file.size, "path": path, **file.described("oid"), **last}

    def siblings(self, with_sizes: bool) -> list[dict[str, Any]]:
        """What the information on a repository says of its files."""
        files = sorted(self.files.items())
        if not with_sizes:
            return [{"rfilename": path} for path, _ in files]
        return [
            {"rfilename": path, "size": file.size, "blobId": file.oid, **file.described("sha256")}
            for path, file in files
        ]


@dataclass
class Repo:
    """A model, dataset or Space with its history; `lfs` holds the large files that were uploaded to it."""

    kind: str
    id: str
    private: bool
    sdk: str | None = None
    branches: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, Commit] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    lfs: dict[str, bytes] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)  # of a Space
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def namespace(self) -> str:
        return self.id.split("/")[0]

    @property
    def url_path(self) -> str:
        return self.id if self.kind == "model" else f"{self.kind}s/{self.id}"

    def at(self, revision: str) -> Commit:
        """The commit that a branch, tag or (shortened) hash means now."""
        with self.lock:
            found = self.branches.get(revision) or self.tags.get(revision) or self.commits.get(revision)
            if found is None and re.fullmatch("[0-9a-f]{7,39}", revision):
                found = next((commit for name, commit in self.commits.items() if name.startswith(revision)), None)
        if found is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return found

    def file_at(self, revision: str, path: str) -> tuple[Commit, File]:
        commit = self.at(revision)
        if path not in commit.files:
            raise Refused(404, "Entry not found", "EntryNotFound", {"X-Repo-Commit": commit.id})
        return commit, commit.files[path]

    def history(self, revision: str) -> list[Commit]:
        """The commits up to a revision, newest first."""
        commits, commit = [], self.at(revision)
        while commit is not None:
            commits.append(commit)
            commit = commit.parent
        return commits

    def info(self, revision: str, with_sizes: bool) -> dict[str, Any]:
        """What `model_info` and its like tell."""
        commit, first = self.at(revision), self.history("main")[-1]
        card = commit.card()
        info = {"id": self.id, "_id": first.id[:24], "author": self.namespace, "sha": commit.id, "cardData": card}
        info |= {"lastModified": commit.date, "createdAt": first.date, "siblings": commit.siblings(with_sizes)}
        info |= {"private": self.private, "gated": False, "disabled": False, "downloads": 0, "likes": 0}
        info |= {"sdk": card.get("sdk", self.sdk)} if self.kind == "space" else {"modelId": self.id}
        return info | {
            "tags": [],
            **{key: card[key] for key in ("pipeline_tag", "library_name", "tags") if key in card},
        }

    def upload_modes(self, revision: str, asked: list[dict[str, Any]], ignore: str | None) -> list[dict[str, Any]]:
        """How the files that a client means to commit are to be uploaded, and what is there in their place."""
        commit = self.at(revision)
        attributes = commit.text(".gitattributes")
        ignore = commit.text(".gitignore") if ignore is None else ignore
        told = []
        for item in asked:
            path, file = item["path"], commit.files.get(item["path"])
            mode = upload_mode(path, item["size"], base64.b64decode(item["sample"]), attributes)
            here = {"oid": file.etag} if file is not None else {}
            told.append({"path": path, "uploadMode": mode, "shouldIgnore": is_ignored(path, ignore), **here})
        return told

    def commit(self, branch: str, lines: list[dict[str, Any]], author: str) -> Commit:
        """All the changes of a commit, or none: everything is checked before the branch moves, in one step."""
        with self.lock:
            if branch not in self.branches:
                raise Refused(404, f"Invalid rev id: {branch}", "RevisionNotFound")
            parent = self.branches[branch]
            header = _header(lines)
            if not parent.id.startswith(header.get("parentCommit") or ""):
                raise Refused(412, "A commit has happened since. Please refresh and try again.")
            files = _changed(parent.files, lines, self.lfs)
            card = files.get("README.md")
            if card is not None and card != parent.files.get("README.md"):
                errors, _ = check_card(card.content.decode(errors="replace"), self.kind)
                if errors:
                    raise Refused(400, "Invalid metadata in README.md. " + " ".join(errors))
            return self._add(branch, parent, header, author, files)

    def start(self, author: str) -> None:
        """The first commit, which the Hub itself makes."""
        attributes = "".join(f"{pattern} {LFS_ATTRIBUTES}\n" for pattern in LFS_PATTERNS.split())
        files = {".gitattributes": File.ordinary(attributes.encode())}
        if self.kind == "space":
            card = f"---\ntitle: {self.id.split('/')[1]}\nsdk: {self.sdk}\ncolorFrom: blue\ncolorTo: blue\n---\n"
            files["README.md"] = File.ordinary(card.encode())
        self._add("main", None, {"summary": "initial commit"}, author, files)

    def _add(
        self, branch: str, parent: Commit | None, header: dict[str, Any], author: str, files: dict[str, File]
    ) -> Commit:
        now = datetime.now(UTC)
        date = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        named = [parent.id if parent else "", str(now.timestamp()), str(len(self.commits)), header["summary"]]
        named += [f"{path} {file.oid}" for path, file in sorted(files.items())]
        commit = Commit(
            git_hash("\n".join(named).encode(), "commit"),
            parent,
            header["summary"],
            header.get("description") or "",
            author,
            date,
            files,
        )
        self.commits[commit.id] = commit
        self.branches[branch] = commit
        return commit


class Store:
    """All repositories, by kind and name."""

    def __init__(self):
        self.repos: dict[tuple[str, str], Repo] = {}
        self.lock = threading.RLock()

    def create(self, kind: str, repo_id: str, private: bool, sdk: str | None, author: str) -> Repo:
        with self.lock:
            if (kind, repo_id) in self.repos:
                raise Refused(409, f"You already created this {kind} repo: {repo_id}")
            repo = Repo(kind, repo_id, private, sdk)
            repo.start(author)
            self.repos[kind, repo_id] = repo
            return repo


def _header(lines: list[dict[str, Any]]) -> dict[str, Any]:
    headers = [line["value"] for line in lines if line.get("key") == "header"]
    if len(headers) != 1 or not headers[0].get("summary"):
        raise Refused(400, "A commit needs one header with a summary")
    return headers[0]


def _changed(files: dict[str, File], lines: list[dict[str, Any]], lfs: dict[str, bytes]) -> dict[str, File]:
    """The files after a commit's changes; the files before stay as they are."""
    files = dict(files)
    for line in lines:
        key, value = line.get("key"), line.get("value", {})
        if key == "header":
            continue
        path = _checked_path(value.get("path", ""))
        if key == "file":
            files[path] = File.ordinary(value["content"])
        elif key == "lfsFile":
            files[path] = _uploaded(path, value, lfs)
        elif key in ("deletedFile", "deletedFolder"):
            _delete(files, path, is_folder=key == "deletedFolder")
        else:
            raise Refused(400, f"Unknown operation in a commit: {key}")
    return _with_attributes(files)


def _checked_path(path: str) -> str:
    parts = path.rstrip("/").split("/")
    if not all(parts) or {".", "..", ".git"} & set(parts):
        raise Refused(400, f"Invalid path in a commit: '{path}'")
    return path.rstrip("/")


def _uploaded(path: str, value: dict[str, Any], lfs: dict[str, bytes]) -> File:
    content = lfs.get(value.get("oid", ""))
    if content is None:
        raise Refused(400, f"LFS pointer pointed to a file that does not exist: {path}")
    if value.get("size", len(content)) != len(content):
        raise Refused(400, f"LFS pointer with a wrong size: {path}")
    return File.large(value["oid"], content)


def _delete(files: dict[str, File], path: str, is_folder: bool) -> None:
    gone = [name for name in files if (name.startswith(f"{path}/") if is_folder else name == path)]
    if not gone:
        kind = "folder" if is_folder else "file"
        raise Refused(404, f"A {kind} with this name doesn't exist: {path}", "EntryNotFound")
    for name in gone:
        del files[name]


def _with_attributes(files: dict[str, File]) -> dict[str, File]:
    """As the Hub does: large files that no line of .gitattributes names are added to it."""
    attributes = files.get(".gitattributes", File.ordinary(b"")).content.decode()
    new = [path for path, file in files.items() if file.sha256 and not is_lfs(path, attributes)]
    if new:
        attributes += "".join(f"{path.replace(' ', '[[:space:]]')} {LFS_ATTRIBUTES}\n" for path in new)
        files[".gitattributes"] = File.ordinary(attributes.encode())
    return files


def _matches(path: str, pattern: str) -> bool:
    pattern = pattern.replace("[[:space:]]", " ")
    if "/" in pattern.rstrip("/"):
        return fnmatch(path, pattern.lstrip("/")) or fnmatch(path, pattern.strip("/") + "/*")
    return any(fnmatch(part, pattern.rstrip("/")) for part in PurePosixPath(path).parts)


def is_lfs(path: str, attributes: str) -> bool:
    """Whether .gitattributes makes a file a large one; the last line that names it decides."""
    found = False
    for line in attributes.splitlines():
        pattern, *values = line.split() or [""]
        if pattern and not pattern.startswith("#") and _matches(path, pattern):
            found = "filter=lfs" in values or (found and not {"-filter", "!filter"} & set(values))
    return found


def is_ignored(path: str, ignore: str) -> bool:
    """Whether .gitignore names a file; the common patterns only."""
    lines = [line.strip() for line in ignore.splitlines()]
    return any(_matches(path, line) for line in lines if line and not line.startswith(("#", "!")))


def upload_mode(path: str, size: int, sample: bytes, attributes: str) -> str:
    """How a file is to be uploaded: "lfs" where .gitattributes, its size or bytes that are no text say so."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # which may end in the middle of a letter
        is_binary = b"\0" in sample
    except UnicodeDecodeError:
        is_binary = True
    return "lfs" if size and (is_lfs(path, attributes) or size > LFS_FROM_BYTES or is_binary) else "regular"


def card_data(content: str) -> Any:
    """The metadata at the top of a README.md; None where there are none."""
    found = re.match(r"\s*---[ \t]*\r?\n(.*?)\r?\n?---[ \t]*(\r?\n|$)", content, re.DOTALL)
    return yaml.safe_load(found[1]) if found else None


def check_card(content: str, kind: str) -> tuple[list[str], list[str]]:
    """The errors and the warnings of a README.md's metadata, as the Hub would word them."""
    try:
        data = card_data(content)
    except yaml.YAMLError as error:
        return ["bad YAML: " + " ".join(str(error).split())], []
    if data is None:
        return [], ["empty or missing yaml metadata in repo card"]
    if not isinstance(data, dict):
        return ['"metadata" must be of type object'], []
    return _card_errors(data, kind), [] if data.get("license") else ['"license" is missing']


def _card_errors(data: dict[str, Any], kind: str) -> list[str]:
    """What the Hub would say of the metadata that models and Spaces are published with here."""
    errors = _objects_errors("widget", data.get("widget", [])) + _results_errors(data.get("model-index", []))
    if data.get("license", LICENCES[0]) not in LICENCES:
        errors.append(f'"license" must be one of [{", ".join(LICENCES)}]')
    if kind == "space" and data.get("sdk") not in SPACE_SDKS:
        errors.append(f'"sdk" must be one of [{", ".join(SPACE_SDKS)}]')
    return errors


def _objects_errors(key: str, value: Any, needed: tuple[str, ...] = ()) -> list[str]:
    """Of what has to be a list of objects, each with some keys."""
    if not isinstance(value, list):
        return [f'"{key}" must be an array']
    errors = []
    for i, item in enumerate(value):
        if not isinstance(item, dict):
            errors.append(f'"{key}[{i}]" must be of type object')
        else:
            errors += [f'"{key}[{i}].{name}" is required' for name in needed if name not in item]
    return errors


def _results_errors(index: Any) -> list[str]:
    errors = _objects_errors("model-index", index, ("name", "results"))
    if errors:
        return errors
    for i, model in enumerate(index):
        key = f"model-index[{i}].results"
        errors += _objects_errors(key, model["results"], ("task", "dataset", "metrics"))
        for j, result in enumerate(model["results"] if not errors else []):
            errors += _objects_errors(f"{key}[{j}].task", [result["task"]], ("type",))
            errors += _objects_errors(f"{key}[{j}].dataset", [result["dataset"]], ("type", "name"))
            errors += _objects_errors(f"{key}[{j}].metrics", result["metrics"], ("type", "value"))
    return errors
