"""hub_card/serve.py: its queue, its limits of time and size, its processes, with stand-ins for the model."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from endpoint_server import serve, served


TIMEOUT_S = 60  # the machine may be busy
PATH = Path(serve.__file__)
# It waits, and tells in which process.
HANDLER = """
import os, time

MAX_AUDIO_BYTES = 1_000

class EndpointHandler:
    def __init__(self, folder):
        if folder == "none":
            raise ValueError(f"{folder} holds no model.")

    def __call__(self, request):
        time.sleep(request.get("seconds", 0))
        if request.get("dies"):
            os._exit(1)
        return {"process": os.getpid()}
"""


def ask(url: str, body: bytes = b"x", kind: str = "audio/wav") -> tuple[int, dict, dict]:
    """Status, answer and headers."""
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            return response.status, json.load(response), response.headers
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), error.headers


def ask_to(url: str, **given: object) -> tuple[int, dict]:
    return ask(url, json.dumps(given).encode(), "application/json")[:2]


def metrics(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics", timeout=TIMEOUT_S) as response:
        lines = response.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


@contextlib.contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(url.rsplit(":")[-1])), timeout=TIMEOUT_S) as connection:
        yield connection


def sent(url: str, *pieces: bytes) -> bytes:
    """All that comes back until the server closes the connection."""
    with connected(url) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return b"".join(iter(partial(connection.recv, 65_536), b""))


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: audio/wav\r\nContent-Length: %d\r\n\r\n"


def told(answer: bytes) -> str:
    return json.loads(answer[answer.index(b"{") : answer.index(b"}") + 1])["error"]


class Held:
    """Work that begins when it is let go."""

    def __init__(self):
        self.begun, self.go = [], threading.Event()

    def __call__(self, kind: str, query: str, body: bytes) -> tuple[int, str]:
        self.begun.append(bytes(body))
        assert self.go.wait(TIMEOUT_S)
        return 200, json.dumps(body.decode())


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held()
    yield held
    held.go.set()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def ask_one_by_one(pool: ThreadPoolExecutor, url: str, bodies: list[bytes]) -> list[Future]:
    """One is at work, the others wait in this order."""
    asked = []
    for number, body in enumerate(bodies):
        asked.append(pool.submit(ask, url, body))
        wait_until(lambda: metrics(url)["wise_waiting_requests"] == number)  # noqa: B023
        wait_until(lambda: metrics(url)["wise_idle_workers"] == 0)
    return asked


def test_more_than_may_wait_are_told_to_come_back_and_the_others_are_answered_in_turn(held, pool):
    with served(held, most_waiting=2) as url:
        asked = ask_one_by_one(pool, url, [b"a", b"b", b"c"])
        status, answer, headers = ask(url, b"d")
        assert (status, answer["error"], headers["Retry-After"]) == (429, serve.BUSY, "5")
        held.go.set()
        assert [each.result()[1] for each in asked] == ["a", "b", "c"] and held.begun == [b"a", b"b", b"c"]
        assert ask(url, b"e")[0] == 200
        counted = metrics(url)
        assert counted['wise_request_seconds_count{status="200"}'] == 4
        assert counted['wise_request_seconds_count{status="429"}'] == 1 and counted["wise_held_bytes"] == 0


def test_who_waits_too_long_is_told_to_come_back(held, pool, monkeypatch):
    monkeypatch.setattr(serve, "WAIT_S", 0.1)
    with served(held) as url:
        (first,) = ask_one_by_one(pool, url, [b"a"])
        status, answer, headers = ask(url, b"b")
        assert (status, answer["error"], headers["Retry-After"]) == (503, serve.BUSY, "5")
        held.go.set()
        assert first.result()[0] == 200 and held.begun == [b"a"]


def test_who_left_costs_no_work(held, pool):
    with served(held) as url:
        (first,) = ask_one_by_one(pool, url, [b"a"])
        with connected(url) as connection:
            connection.sendall(HEAD % 1 + b"b")
            wait_until(lambda: metrics(url)["wise_waiting_requests"] == 1)
        held.go.set()
        assert first.result()[0] == 200 and ask(url, b"c")[0] == 200 and held.begun == [b"a", b"c"]
        assert metrics(url)['wise_request_seconds_count{status="499"}'] == 1


def test_who_hangs_up_midway_leaves_nothing_behind(held):
    held.go.set()
    with served(held) as url:
        with connected(url) as connection:
            connection.sendall(HEAD % 1000 + b"b")
            wait_until(lambda: metrics(url)["wise_held_bytes"] == 1)
        wait_until(lambda: metrics(url)["wise_held_bytes"] == 0)
        assert ask(url)[0] == 200 and held.begun == [b"x"]


def test_a_body_without_an_end_is_told_and_the_connection_ends(held, monkeypatch):
    monkeypatch.setattr(serve, "ARRIVAL_S", 0.1)
    monkeypatch.setattr(serve, "ANSWER_S", 1)
    with served(held) as url:
        answer = sent(url, HEAD % 1000 + b"b")
        assert b" 408 " in answer.splitlines()[0] and "did not come to its end" in told(answer)


@pytest.mark.parametrize("pieces", [(), (b"POST / HT",), (b"POST / HTTP/1.1\r\n", b"A: b\r\n")])
def test_a_head_without_an_end_ends_the_connection(held, monkeypatch, pieces):
    monkeypatch.setattr(serve, "ARRIVAL_S", 0.1)
    monkeypatch.setattr(serve, "ANSWER_S", 0)
    with served(held) as url, contextlib.suppress(ConnectionError):
        assert sent(url, *pieces) == b""


def test_a_slow_request_that_comes_to_its_end_is_answered(held, monkeypatch):
    held.go.set()
    monkeypatch.setattr(serve, "ARRIVAL_S", 30)
    with served(held) as url, connected(url) as connection:
        for byte in HEAD % 3 + b"abc":
            connection.sendall(bytes([byte]))
        assert b" 200 " in connection.recv(65_536)


@pytest.mark.parametrize(
    "noise",
    [bytes(range(256)), b"\x16\x03\x01\x02\x00" + bytes(500), b"GET / HTTP/9.9\r\n\r\n", b"A" * 100_000],
    ids=["bytes", "TLS", "version", "endless"],
)
def test_garbage_ends_its_connection_and_no_other(held, noise):
    held.go.set()
    with served(held) as url:
        with contextlib.suppress(ConnectionError):
            assert told(sent(url, noise + b"\r\n\r\n")) == "The request is no HTTP; send it again."
        assert ask(url)[0] == 200


def test_garbage_after_an_answer_ends_its_connection_without_a_traceback(held, caplog):
    with served(held) as url, connected(url) as connection:
        connection.sendall(b"POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        wait_until(lambda: b"}" in connection.recv(65_536))
        connection.sendall(b"no length\r\n")
        with contextlib.suppress(ConnectionError):
            assert connection.recv(65_536) == b""
    assert "Traceback" not in caplog.text


def test_a_body_that_is_too_large_is_told_to_who_reads_no_answer_before_its_end(held):
    with served(held, largest_body=1000) as url:
        status, answer, _ = ask(url, bytes(5_000_000))
        assert status == 413 and "at most 1000 bytes" in answer["error"]
        assert metrics(url)["wise_held_bytes"] == 0


def test_all_requests_together_have_limited_room(held, pool, monkeypatch):
    monkeypatch.setattr(serve, "ROOM_FOR_BODIES", 100_000)
    with served(held) as url:
        (first,) = ask_one_by_one(pool, url, [b"x" * 100_000])
        assert ask(url, b"b")[:2] == (429, {"error": serve.BUSY})
        held.go.set()
        assert first.result()[0] == 200 and ask(url, b"c")[0] == 200


def test_it_tells_that_it_is_up_while_it_works(held, pool):
    with served(held) as url:
        ask_one_by_one(pool, url, [b"a", b"b"])
        for path in ("", "/health"):
            with urllib.request.urlopen(url + path, timeout=TIMEOUT_S) as response:
                assert response.read() == b"Ok"
        held.go.set()


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing", 404), ("/predict/", 404), ("/health", 405), ("//", 404), ("/../predict", 404)]
)
def test_what_is_not_there_is_told_in_a_sentence(held, path, status):
    with served(held) as url:
        answered, answer, _ = ask(url + path)
        told = "There are POST / and /predict, and GET /, /health and /metrics."
        assert (answered, answer["error"]) == (status, told)


def test_a_fault_of_ours_is_told_without_what_was_said(caplog):
    def endpoint(request: dict) -> dict:
        raise KeyError(request["inputs"])

    with served(partial(serve.answer, endpoint)) as url:
        assert ask(url, b"a secret")[:2] == (500, {"error": serve.FAULT})
    assert "KeyError" in caplog.text and "in endpoint" in caplog.text and "a secret" not in caplog.text


def test_a_host_that_is_none_does_no_harm(held):
    held.go.set()
    with served(held) as url, connected(url) as connection:
        connection.sendall((HEAD % 1).replace(b"Host: x", b"Host: [") + b"a")
        assert b" 200 " in connection.recv(65_536)


# --- its processes ---


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The server beside a handler without a model."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(PATH, folder)
    (folder / "handler.py").write_text(HANDLER)
    return folder


@contextlib.contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen]]:
    command = [sys.executable, folder / "serve.py", "--port", "0", "--model", "any", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip(), server
        finally:
            server.kill()


def test_workers_work_at_the_same_time(folder, pool):
    with started(folder, "--workers", "2") as (url, _):
        asked = [pool.submit(ask_to, url, seconds=1) for _ in range(2)]
        wait_until(lambda: metrics(url)["wise_idle_workers"] == 0)
        assert len({each.result()[1]["process"] for each in asked}) == 2


def test_told_to_stop_it_answers_what_has_arrived(folder, pool):
    with started(folder, "--workers", "2") as (url, server):
        asked = [pool.submit(ask_to, url, seconds=0.5) for _ in range(5)]
        wait_until(lambda: metrics(url)["wise_waiting_requests"] == 3)
        server.send_signal(signal.SIGTERM)
        assert [each.result()[0] for each in asked] == [200] * 5
        assert server.wait(TIMEOUT_S) == 0
        log = server.stderr.read()
        assert log.count("POST / 200") == 5 and "Traceback" not in log and "leaked" not in log


def test_a_worker_that_dies_is_replaced(folder):
    with started(folder) as (url, _):
        _, first = ask_to(url)
        assert ask_to(url, dies=True) == (500, {"error": serve.FAULT})
        status, second = ask_to(url)
        assert status == 200 and second["process"] != first["process"]


def test_a_worker_that_was_killed_while_idle_costs_no_request(folder):
    with started(folder) as (url, _):
        _, first = ask_to(url)
        os.kill(first["process"], signal.SIGKILL)
        wait_until(lambda: not is_running(first["process"]))
        status, second = ask_to(url)
        assert status == 200 and second["process"] != first["process"]


def test_a_model_that_cannot_be_loaded_again_is_told_and_loaded_once_it_can(folder):
    with started(folder) as (url, server):
        handler = folder / "handler.py"
        written = handler.read_text()
        handler.write_text("raise ValueError('broken')")
        assert ask_to(url, dies=True)[0] == 500
        assert ask_to(url) == (500, {"error": serve.FAULT})
        handler.write_text(written)
        assert ask_to(url)[0] == 200


def test_workers_end_with_a_server_that_is_killed(folder):
    with started(folder) as (url, server):
        _, answer = ask_to(url)
        server.kill()
        server.wait(TIMEOUT_S)
        wait_until(lambda: not is_running(answer["process"]))


def is_running(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--model", "none", "--workers", "2"), 1, "serve.py: none holds no model.\n"),
        (("--port", "99999"), 1, "serve.py: port 99999 of 127.0.0.1 cannot be taken "),
        (("--workers", "0"), 2, "there must be at least 1 worker"),
    ],
)
def test_why_it_does_not_start_is_told_in_a_sentence(folder, options, status, said):
    with started(folder, *options) as (_, server):
        assert server.wait(TIMEOUT_S) == status
        error = server.stderr.read()
        assert said in error and "Traceback" not in error


def test_a_package_that_is_not_installed_is_told_with_how_to_install_it():
    code = f"sys.modules['uvicorn'] = None; sys.path.insert(0, {str(PATH.parent)!r}); import serve"
    command = [sys.executable, "-c", f"import sys; sys.argv = ['wise-hf serve']; {code}"]
    done = subprocess.run(command, capture_output=True, text=True)
    needed = "pip install starlette uvicorn prometheus-client"
    assert (done.returncode, done.stderr) == (1, f"wise-hf serve: uvicorn is not installed: {needed}.\n")
