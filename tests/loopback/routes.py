"""What the loopback Hub is asked and answers: requests, replies, and a route for all that the client asks for."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from .store import SPACE_SDKS, Commit, Refused, Repo, check_card


if TYPE_CHECKING:
    from .hub import LoopbackHub


KINDS = {"models": "model", "datasets": "dataset", "spaces": "space"}
NO_CREDENTIALS = "Invalid username or password."


@dataclass(frozen=True)
class Account:
    """Who a token stands for, and whether it may write."""

    name: str
    organizations: tuple[str, ...] = ()
    role: str = "write"

    def owns(self, namespace: str) -> bool:
        return namespace in (self.name, *self.organizations)


@dataclass
class Request:
    """A request as it came, for the log and for the routes; `status` is None as long as, or if, it has no reply."""

    server: str  # "hub", or "storage": where large files lie
    method: str
    path: str  # with the query
    headers: dict[str, str]  # names in small letters
    body: bytes
    status: int | None = None
    bytes_sent: int = 0  # of the reply's body

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)

    def says(self, name: str) -> bool:
        """Whether a parameter of the query is true."""
        return self.query.get(name, ["false"])[0].lower() in ("true", "1")

    def json(self) -> dict[str, Any]:
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            raise Refused(400, "The body is no JSON") from None

    def lines(self) -> list[dict[str, Any]]:
        """The operations of a commit, with the contents decoded."""
        try:
            lines = [json.loads(line) for line in self.body.splitlines() if line.strip()]
            for line in lines:
                if line["key"] == "file":
                    line["value"]["content"] = base64.b64decode(line["value"]["content"], validate=True)
            return lines
        except (ValueError, KeyError, TypeError, binascii.Error):
            raise Refused(400, "The body is no commit") from None


@dataclass
class Reply:
    """A status, a body and headers."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> "Reply":
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})

    @classmethod
    def refusal(cls, error: Refused) -> "Reply":
        headers = {"X-Error-Message": str(error), **error.headers}
        if error.code:
            headers["X-Error-Code"] = error.code
        return cls.json({"error": str(error), **error.also}, error.status, **headers)


def _ranged(request: Request, content: bytes, headers: dict[str, str]) -> Reply:
    """A file, or the part of it that a Range asks for."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", **headers}
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if found is None:
        return Reply(200, content, headers)
    start, end = int(found[1]), min(int(found[2] or len(content)), len(content) - 1)
    if start > end:
        return Reply(416, b"", {**headers, "Content-Range": f"bytes */{len(content)}"})
    return Reply(206, content[start : end + 1], {**headers, "Content-Range": f"bytes {start}-{end}/{len(content)}"})


class Storage:
    """Where large files go and come from, by addresses that the Hub signed."""

    def __init__(self, hub: "LoopbackHub"):
        self.hub = hub

    def __call__(self, request: Request) -> Reply:
        if "authorization" in request.headers:
            raise Refused(400, "Only one auth mechanism allowed")  # so says S3, and a token has no business here
        key = request.query.get("signature", [""])[0]
        kind, repo, oid, size = self.hub.signed.get(key, ("", None, "", 0))
        if repo is None or urlsplit(request.path).path != f"/{kind}/{oid}":
            raise Refused(403, "Access denied")
        if kind == "uploads" and request.method == "PUT":
            return self._upload(request, repo, oid, size)
        if kind == "blobs" and request.method in ("GET", "HEAD"):
            return _ranged(request, repo.lfs[oid], {"ETag": f'"{oid}"'})
        raise Refused(405, "Method not allowed")

    def _upload(self, request: Request, repo: Repo, oid: str, size: int) -> Reply:
        if len(request.body) != size or hashlib.sha256(request.body).hexdigest() != oid:
            raise Refused(400, "The content is not the one that was announced")
        repo.lfs[oid] = request.body
        return Reply()


class Api:
    """The Hub's routes."""

    def __init__(self, hub: "LoopbackHub"):
        self.hub, self.store = hub, hub.store
        repo, name = "/api/(?P<kind>models|datasets|spaces)/(?P<repo>[^/]+/[^/]+)", "(?P<name>[^/]+)"
        of_page = "/((?P<kind>datasets|spaces)/)?(?P<repo>[^/]+/[^/]+?)"
        revision = "(?P<revision>[^/]+)"
        routes: list[tuple[str, str, Callable[..., Reply]]] = [
            ("GET", "/api/whoami-v2", self._whoami),
            ("POST", "/api/validate-yaml", self._validate),
            ("POST", "/api/repos/create", self._create),
            ("DELETE", "/api/repos/delete", self._delete),
            ("GET", repo, self._info),
            ("GET", f"{repo}/revision/{revision}", self._info),
            ("PUT", f"{repo}/settings", self._settings),
            ("POST", f"{repo}/variables", self._set_variable),
            ("GET", f"{repo}/auth-check(?P<write>/write)?", self._auth_check),
            ("GET", f"{repo}/refs", self._refs),
            ("GET", f"{repo}/commits/{revision}", self._commits),
            ("GET", f"{repo}/tree/{revision}(/(?P<path>.+))?", self._tree),
            ("POST", f"{repo}/paths-info/{revision}", self._paths_info),
            ("POST", f"{repo}/preupload/{revision}", self._preupload),
            ("POST", f"{repo}/commit/{revision}", self._commit),
            ("POST", f"{repo}/branch/{name}", self._create_branch),
            ("DELETE", f"{repo}/branch/{name}", self._delete_branch),
            ("POST", f"{repo}/tag/{revision}", self._create_tag),
            ("DELETE", f"{repo}/tag/{name}", self._delete_tag),
            ("POST", f"{of_page}[.]git/info/lfs/objects/batch", self._batch),
            ("POST", f"{of_page}[.]git/info/lfs/objects/verify", self._verify),
            ("(GET|HEAD)", f"{of_page}/resolve/{revision}/(?P<path>.+)", self._resolve),
        ]
        self._routes = [(re.compile(f"{method} {path}"), route) for method, path, route in routes]

    def __call__(self, request: Request) -> Reply:
        asked = f"{request.method} {urlsplit(request.path).path}"
        for pattern, route in self._routes:
            found = pattern.fullmatch(asked)
            if found is not None:
                return route(request, **{key: unquote(value) for key, value in found.groupdict("").items()})
        if re.search("/(models|datasets|spaces)/[^/]+$|/resolve/", asked):  # a name without an owner
            raise self._not_found(self._account(request))
        raise Refused(404, f"The loopback Hub does not know {asked}; for Xet, set HF_HUB_DISABLE_XET=1")

    # -- who may do what ---------------------------------------------------------------------------------------------

    def _account(self, request: Request) -> Account | None:
        authorization = request.headers.get("authorization")
        account = self.hub.accounts.get((authorization or "").removeprefix("Bearer "))
        if authorization and account is None:
            raise Refused(401, "Invalid credentials in Authorization header")
        return account

    def _not_found(self, account: Account | None) -> Refused:
        """For what is not there and what is not to be seen: nobody learns which."""
        # The code, also where the Hub sends none: without it the client knows a 401 for this by an https address only.
        if account is None:
            return Refused(401, NO_CREDENTIALS, "RepoNotFound")
        return Refused(404, "Repository not found", "RepoNotFound")

    def _repo(self, request: Request, kind: str, name: str, write: bool = False) -> Repo:
        account = self._account(request)
        repo = self.store.repos.get((KINDS.get(kind, "model"), name))
        may_see = repo is not None and (not repo.private or (account is not None and account.owns(repo.namespace)))
        if not may_see or (write and account is None):
            raise self._not_found(account)
        if write:
            self._check_may_write(account, repo.namespace, f"write to {name}")
        return repo

    def _check_may_write(self, account: Account | None, namespace: str, what: str) -> None:
        if account is None:
            raise Refused(401, NO_CREDENTIALS)
        if account.role != "write" or not account.owns(namespace):
            raise Refused(403, f"Forbidden: you don't have the rights to {what}")

    # -- repositories ------------------------------------------------------------------------------------------------

    def _whoami(self, request: Request) -> Reply:
        account = self._account(request)
        if account is None:
            raise Refused(401, NO_CREDENTIALS)
        token = {"displayName": "loopback", "role": account.role}
        orgs = [{"type": "org", "name": name} for name in account.organizations]
        who = {"type": "user", "id": account.name, "name": account.name, "fullname": account.name, "orgs": orgs}
        return Reply.json({**who, "auth": {"type": "access_token", "accessToken": token}})

    def _validate(self, request: Request) -> Reply:
        asked = request.json()
        errors, warnings = check_card(asked.get("content", ""), asked.get("repoType", "model"))
        told = {"errors": [{"message": text} for text in errors], "warnings": [{"message": text} for text in warnings]}
        return Reply.json(told, 400 if errors else 200)

    def _create(self, request: Request) -> Reply:
        asked, account = request.json(), self._account(request)
        kind, owner = asked.get("type") or "model", asked.get("organization") or (account.name if account else "")
        self._check_may_write(account, owner, f'create a {kind} under the namespace "{owner}"')
        if not re.fullmatch(r"[\w][\w.-]*", asked.get("name", "")) or kind not in KINDS.values():
            raise Refused(400, f"Invalid repo name or type: {asked.get('name')}, {kind}")
        if kind == "space" and asked.get("sdk") not in SPACE_SDKS:
            raise Refused(400, f'"sdk" must be one of [{", ".join(SPACE_SDKS)}]')
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        name = f"{owner}/{asked['name']}"
        try:
            return Reply.json(self._named(self.store.create(kind, name, private, asked.get("sdk"), account.name)))
        except Refused as error:  # of one that is there; the client reads its address
            raise Refused(409, str(error), also=self._named(self.store.repos[kind, name])) from None

    def _named(self, repo: Repo) -> dict[str, str]:
        return {"url": f"{self.hub.endpoint}/{repo.url_path}", "name": repo.id, "id": repo.id}

    def _delete(self, request: Request) -> Reply:
        asked, account = request.json(), self._account(request)
        kind, owner = asked.get("type") or "model", asked.get("organization") or (account.name if account else "")
        repo = self._repo(request, f"{kind}s", f"{owner}/{asked.get('name')}", write=True)
        del self.store.repos[repo.kind, repo.id]
        return Reply()

    def _settings(self, request: Request, kind: str, repo: str) -> Reply:
        found, asked = self._repo(request, kind, repo, write=True), request.json()
        found.private = asked.get("visibility", "private" if found.private else "public") == "private"
        return Reply.json({"private": found.private})

    def _set_variable(self, request: Request, kind: str, repo: str) -> Reply:
        found, asked = self._repo(request, kind, repo, write=True), request.json()
        if found.kind != "space":
            raise Refused(404, "Only a Space has variables")
        found.variables[asked["key"]] = asked["value"]
        return Reply.json({key: {"value": value} for key, value in found.variables.items()})

    def _auth_check(self, request: Request, kind: str, repo: str, write: str) -> Reply:
        self._repo(request, kind, repo, write=bool(write))
        return Reply.json({})

    def _info(self, request: Request, kind: str, repo: str, revision: str = "main") -> Reply:
        found = self._repo(request, kind, repo)
        info = found.info(revision, with_sizes=request.says("blobs"))
        wanted = request.query.get("expand", [])
        return Reply.json({key: info[key] for key in ("id", "_id", *wanted) if key in info} if wanted else info)

    # -- versions ----------------------------------------------------------------------------------------------------

    def _refs(self, request: Request, kind: str, repo: str) -> Reply:
        found = self._repo(request, kind, repo)
        of = {"branches": ("heads", found.branches), "tags": ("tags", found.tags)}
        told = {
            key: [{"name": name, "ref": f"refs/{part}/{name}", "targetCommit": at.id} for name, at in refs.items()]
            for key, (part, refs) in of.items()
        }
        return Reply.json({**told, "converts": [], "pullRequests": []})

    def _commits(self, request: Request, kind: str, repo: str, revision: str) -> Reply:
        history = self._repo(request, kind, repo).history(revision)
        return Reply.json([{**at.named(), "authors": [{"user": at.author}]} for at in history])

    def _create_branch(self, request: Request, kind: str, repo: str, name: str) -> Reply:
        found, start = self._repo(request, kind, repo, write=True), request.json().get("startingPoint")
        with found.lock:
            if name in found.branches:
                raise Refused(409, f"Reference already exists: refs/heads/{name}")
            found.branches[name] = found.at(start or "main")
        return Reply.json({})

    def _delete_branch(self, request: Request, kind: str, repo: str, name: str) -> Reply:
        found = self._repo(request, kind, repo, write=True)
        if name == "main":
            raise Refused(403, "The main branch cannot be deleted")
        return _drop(found, found.branches, name)

    def _create_tag(self, request: Request, kind: str, repo: str, revision: str) -> Reply:
        found, tag = self._repo(request, kind, repo, write=True), request.json().get("tag")
        with found.lock:
            commit = found.at(revision)
            if not tag or tag in found.tags:
                raise Refused(409 if tag else 400, f"Tag already exists, or no name for a tag: {tag}")
            found.tags[tag] = commit
        return Reply.json({})

    def _delete_tag(self, request: Request, kind: str, repo: str, name: str) -> Reply:
        found = self._repo(request, kind, repo, write=True)
        return _drop(found, found.tags, name)

    # -- files -------------------------------------------------------------------------------------------------------

    def _tree(self, request: Request, kind: str, repo: str, revision: str, path: str) -> Reply:
        commit = self._repo(request, kind, repo).at(revision)
        return Reply.json(commit.tree(path.strip("/"), recursive=request.says("recursive")))

    def _paths_info(self, request: Request, kind: str, repo: str, revision: str) -> Reply:
        commit, asked = self._repo(request, kind, repo).at(revision), request.body.decode()
        is_json = "json" in request.headers.get("content-type", "")
        paths = json.loads(asked)["paths"] if is_json else parse_qs(asked).get("paths", [])
        there = [path for path in paths if any(f"{name}/".startswith(f"{path}/") for name in commit.files)]
        return Reply.json([commit.entry(path) for path in there])

    def _resolve(self, request: Request, kind: str, repo: str, revision: str, path: str) -> Reply:
        found = self._repo(request, kind, repo)
        commit, file = found.file_at(revision, path)
        headers = {"X-Repo-Commit": commit.id, "ETag": f'"{file.etag}"'}
        if file.sha256 is None:
            return _ranged(request, file.content, headers)
        headers |= {"X-Linked-Etag": f'"{file.etag}"', "X-Linked-Size": str(file.size)}
        address = self.hub.sign("blobs", found, file.sha256, file.size)
        return Reply(302, b"", {**headers, "Location": address})

    def _preupload(self, request: Request, kind: str, repo: str, revision: str) -> Reply:
        found, asked = self._repo(request, kind, repo, write=True), request.json()
        return Reply.json({"files": found.upload_modes(revision, asked.get("files", []), asked.get("gitIgnore"))})

    def _commit(self, request: Request, kind: str, repo: str, revision: str) -> Reply:
        account, found = self._account(request), self._repo(request, kind, repo, write=True)
        if "create_pr" in request.query:
            raise Refused(400, "The loopback Hub has no pull requests")
        commit = found.commit(revision, request.lines(), account.name)
        url = f"{self.hub.endpoint}/{found.url_path}/commit/{commit.id}"
        return Reply.json({"success": True, "commitOid": commit.id, "commitUrl": url, "hookOutput": ""})

    def _batch(self, request: Request, kind: str, repo: str) -> Reply:
        found, asked = self._repo(request, kind, repo, write=True), request.json()
        if asked.get("operation") != "upload" or "basic" not in asked.get("transfers", ["basic"]):
            raise Refused(422, "The loopback Hub has basic uploads only")
        verify = {"href": f"{self.hub.endpoint}/{found.url_path}.git/info/lfs/objects/verify"}
        objects = []
        for item in asked.get("objects", []):
            told = {"oid": item["oid"], "size": item["size"], "authenticated": True}
            if item["oid"] not in found.lfs:
                upload = {"href": self.hub.sign("uploads", found, item["oid"], item["size"])}
                told["actions"] = {"upload": upload, "verify": verify}
            objects.append(told)
        return Reply.json({"transfer": "basic", "objects": objects})

    def _verify(self, request: Request, kind: str, repo: str) -> Reply:
        content = self._repo(request, kind, repo, write=True).lfs.get(request.json().get("oid", ""))
        if content is None or len(content) != request.json().get("size"):
            raise Refused(404, "The object is not here, or has another size")
        return Reply.json({})


def _drop(repo: Repo, refs: dict[str, Commit], name: str) -> Reply:
    with repo.lock:
        if refs.pop(name, None) is None:
            raise Refused(404, f"Reference does not exist: {name}", "RevisionNotFound")
    return Reply.json({})
