"""A Hugging Face Hub on this machine, for tests of what talks to the Hub: python -m tests.loopback.hub --port 8400.

The real huggingface_hub, unpatched, creates, commits, lists, tags and downloads here; `environment` says what it has
to be told. Uploads go by LFS, not by Xet (HF_HUB_DISABLE_XET=1).
"""

import argparse
import contextlib
import os
import re
import secrets
import socket
import sys
import tempfile
import threading
import weakref
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep  # by name, for tests replace time.sleep
from typing import Any

from .routes import Account, Api, Reply, Request, Storage
from .store import Refused, Repo, Store


TOKEN, READ_TOKEN, OTHER_TOKEN = "hf_loopback", "hf_loopback_read", "hf_loopback_other"
ACCOUNTS = {
    TOKEN: Account("tester", ("org",)),
    READ_TOKEN: Account("tester", ("org",), role="read"),
    OTHER_TOKEN: Account("other"),
}


class Gate:
    """Holds requests up until it is opened; `reached` tells that one has come."""

    def __init__(self):
        self.reached, self._opened = threading.Event(), threading.Event()

    def open(self) -> None:
        self._opened.set()

    def wait(self) -> None:
        self.reached.set()
        self._opened.wait(60)


@dataclass
class Fault:
    """What goes wrong with the next requests of a kind."""

    pattern: str
    times: float = 1
    status: int | None = None  # instead of doing what is asked
    drop: str | None = None  # the connection, "before" or "after" doing what is asked, or within the reply's "body"
    body_bytes: int | None = None  # of the reply, that still come
    delay_s: float = 0.0
    bytes_per_s: float | None = None
    gate: Gate | None = None

    @property
    def is_failure(self) -> bool:
        """Or else only makes wait."""
        return self.status is not None or self.drop is not None

    def wait(self) -> None:
        if self.gate is not None:
            self.gate.wait()
        sleep(self.delay_s)


class LoopbackHub:
    """The Hub on 127.0.0.1, started by `with`; large files lie under another name, as the real ones lie elsewhere.

    Args:
        port: of the Hub; 0 = a free one.
        accounts: by token; the owners of "tester" and "org", one of them read-only, and an "other" by default.
    """

    def __init__(self, port: int = 0, accounts: dict[str, Account] | None = None):
        self.accounts = ACCOUNTS if accounts is None else accounts
        self.store = Store()
        self.requests: list[Request] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._servers = {"hub": _Server(self, "hub", port), "storage": _Server(self, "storage", 0)}
        self._routes = {"hub": Api(self), "storage": Storage(self)}
        self.signed: dict[str, tuple[str, Repo, str, int]] = {}  # of the addresses that storage was told to serve

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port('hub')}"

    @property
    def storage(self) -> str:
        """Where large files lie: another host for the client, which must never see a token."""
        return f"http://localhost:{self._port('storage')}"

    def _port(self, name: str) -> int:
        return self._servers[name].server_address[1]

    def __enter__(self) -> "LoopbackHub":
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.mend()
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    # -- what tests ask and do ---------------------------------------------------------------------------------------

    def repo(self, repo_id: str, kind: str = "model") -> Repo:
        """What the Hub keeps of a repository; KeyError where it has none."""
        return self.store.repos[kind, repo_id]

    def files(self, repo_id: str, revision: str = "main", kind: str = "model") -> dict[str, bytes]:
        """The contents of all files of a revision."""
        return {path: file.content for path, file in self.repo(repo_id, kind).at(revision).files.items()}

    def asked(self, pattern: str) -> list[Request]:
        """The requests whose "METHOD /path?query" a regular expression finds."""
        with self._lock:
            return [request for request in self.requests if re.search(pattern, f"{request.method} {request.path}")]

    def fail_next(self, pattern: str, times: float = 1, status: int = 503) -> None:
        """Answer the next requests of a kind (see `asked`) by an error, without doing what they ask."""
        self._add(Fault(pattern, times, status=status))

    def drop_next(self, pattern: str, times: float = 1, after: bool = False, body_bytes: int | None = None) -> None:
        """Close the connection of the next requests of a kind.

        Args:
            after: do what they ask first, and close without reply; else nothing is done.
            body_bytes: do what they ask, and close when so many bytes of the reply's body are sent.
        """
        drop = "body" if body_bytes is not None else "after" if after else "before"
        self._add(Fault(pattern, times, drop=drop, body_bytes=body_bytes))

    def slow(
        self,
        delay_s: float = 0.0,
        bytes_per_s: float | None = None,
        pattern: str = "^GET (/.*/resolve/|/blobs/)",
        times: float = float("inf"),
    ) -> None:
        """Answer later, or not as fast; all downloads by default."""
        self._add(Fault(pattern, times, delay_s=delay_s, bytes_per_s=bytes_per_s))

    def hold(self, pattern: str, times: float = 1) -> Gate:
        """Keep the next requests of a kind waiting until the gate is opened."""
        gate = Gate()
        self._add(Fault(pattern, times, gate=gate))
        return gate

    def mend(self) -> None:
        """No more faults; what is held goes on."""
        with self._lock:
            for fault in self._faults:
                if fault.gate is not None:
                    fault.gate.open()
            self._faults.clear()

    # -- what the servers ask ----------------------------------------------------------------------------------------

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def sign(self, kind: str, repo: Repo, oid: str, size: int) -> str:
        """An address in storage that needs no token, for "uploads" of a file or downloads of its "blobs"."""
        key = secrets.token_hex(8)
        self.signed[key] = (kind, repo, oid, size)
        return f"{self.storage}/{kind}/{oid}?signature={key}"

    def note(self, request: Request) -> list[Fault]:
        """Write a request down; what is to go wrong with it: all that makes it wait, and one failure."""
        taken: list[Fault] = []
        with self._lock:
            self.requests.append(request)
            for fault in self._faults:
                is_taken = fault.is_failure and any(other.is_failure for other in taken)
                if fault.times > 0 and not is_taken and re.search(fault.pattern, f"{request.method} {request.path}"):
                    fault.times -= 1
                    taken.append(fault)
        return taken

    def reply(self, request: Request) -> Reply:
        try:
            return self._routes[request.server](request)
        except Refused as error:
            return Reply.refusal(error)


def environment(hub: LoopbackHub, home: str | Path, token: str | None = TOKEN) -> dict[str, str]:
    """The environment of a process whose Hub is the loopback one.

    Args:
        home: an empty folder, for the client's cache; or the one of an earlier process, to share it.
        token: None = nobody is logged in.
    """
    kept = {name: value for name, value in os.environ.items() if not re.match("(?i)HF_|TRANSFORMERS_|.*_PROXY$", name)}
    kept |= {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    kept |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    return kept | ({"HF_TOKEN": token} if token else {})


# -- HTTP -------------------------------------------------------------------------------------------------------------


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, hub: LoopbackHub, name: str, port: int):
        super().__init__(("127.0.0.1", port), type("Handler", (_Handler,), {"hub": hub, "name": name}))
        self._connections: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def server_close(self) -> None:
        """And nothing is answered any more, not even on the connections that clients keep."""
        super().server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """As ever, but for clients that are gone: tests make them so."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    hub: LoopbackHub
    name: str
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.name, self.command, self.path, headers, self._body())
        faults = self.hub.note(request)
        for fault in faults:
            fault.wait()
        failure = next((fault for fault in faults if fault.is_failure), Fault(""))
        self.close_connection = self.close_connection or failure.drop is not None
        if failure.drop == "before":
            return
        reply = self.hub.reply(request) if failure.status is None else _broken(failure.status)
        if failure.drop == "after":
            return
        request.status = reply.status
        speeds = [fault.bytes_per_s for fault in faults if fault.bytes_per_s]
        self._send(request, reply, failure.body_bytes, min(speeds, default=None))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, request: Request, reply: Reply, body_bytes: int | None, bytes_per_s: float | None) -> None:
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value.encode("ascii", "replace").decode().replace("\n", " "))
        self.end_headers()
        body = b"" if request.method == "HEAD" else reply.body[:body_bytes]
        piece = max(1, len(body) if bytes_per_s is None else int(bytes_per_s / 20))
        for start in range(0, len(body), piece):
            self.wfile.write(body[start : start + piece])
            request.bytes_sent += len(body[start : start + piece])
            sleep(0 if bytes_per_s is None else 0.05)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal: `LoopbackHub.requests` has it all."""


def _broken(status: int) -> Reply:
    return Reply.refusal(Refused(status, "The loopback Hub was told to fail"))


def main() -> None:
    """Run until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8400)
    with LoopbackHub(parser.parse_args().port) as hub:
        told = environment(hub, Path(tempfile.gettempdir()) / "loopback_hub")
        for name in sorted(name for name in told if name.startswith("HF_")):
            print(f"export {name}={told[name]}")
        print(
            f"# {READ_TOKEN} may only read, {OTHER_TOKEN} is someone else; Ctrl-C ends it, and all that it keeps",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
