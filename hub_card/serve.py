"""Run handler.py on this machine as Inference Endpoints do: wise-hf serve --model DIR [--port 8000] [--workers 2].

POST / or /predict takes the bytes of a recording (audio/*, video/*, application/octet-stream; parameters as
?top_k=2&return_words=true) or JSON (application/json). The answer is JSON; {"error": sentence} has status 400 for what
the caller can mend, 413 for a body that is too large, 408 for one that does not come to its end, 429 or 503 and a
Retry-After where too many wait, 500 for a fault of ours. GET / or /health says that it is up, /metrics what it did.

One process talks to the callers; each worker is a process of its own with a model of its own.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.parse import parse_qsl


try:
    import h11
    import uvicorn
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram, generate_latest
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError as error:
    needed = "pip install starlette uvicorn prometheus-client"
    sys.exit(f"{Path(sys.argv[0]).name}: {error.name} is not installed: {needed}.")


logger = logging.getLogger(__name__)

SPAWN = multiprocessing.get_context("spawn")
ARRIVAL_S = 60  # for a request to come to its end
ANSWER_S = 5  # for the answer that it did not; then the connection ends
WAIT_S = 60  # for a worker
WORK_S = 120  # for the work; a worker that takes longer hangs
KEPT_S = 75  # an idle connection; a load balancer keeps its own for 60 s, and must be the one that ends them
PATIENCE_S = 5  # for a worker to end
RETRY_AFTER_S = 5
ROOM_FOR_TEXT = 100_000  # bytes of a request beside its audio
MOST_OBJECTS = 10_000  # a text may have some brackets
ROOM_FOR_BODIES = 500_000_000  # bytes of all requests that are here at a time
DEFAULT_CONTENT_TYPE = "application/octet-stream"
BUSY = "The server has too many requests; send this one again in a few seconds."
FAULT = "The server failed on this request; its log has the reason."

# What works on a request, its content type, query and body: gives the status and the JSON of its answer.
Work = Callable[[str, str, bytes], tuple[int, str]]


# --- a worker ---


def answer(endpoint: Callable[[dict], list | dict], kind: str, query: str, body: bytes) -> tuple[int, str]:
    """What an endpoint says to a request.

    Args:
        endpoint: an `EndpointHandler`.
        kind: content type.
        query: parameters as they stand in the address.
        body: the bytes of a recording, or JSON.

    Returns:
        Status, and JSON.
    """
    try:
        return 200, json.dumps(endpoint(_as_request(kind, query, body)))
    except ValueError as error:
        return 400, json.dumps({"error": " ".join(str(error).split())})
    except Exception as error:
        from handler import where_it_failed  # only a worker has it loaded

        logger.error("A request failed: %s", where_it_failed(error))
        return 500, json.dumps({"error": FAULT})


def _as_request(kind: str, query: str, body: bytes) -> dict:
    kind = kind.partition(";")[0].strip().lower()
    if kind == "application/json":
        request = _from_json(body)
    elif kind == "application/octet-stream" or kind.startswith(("audio/", "video/")):
        request = {"inputs": body}
    else:
        raise ValueError(f"The content type is {kind:.40}; send audio/wav or the like, or application/json.")
    parameters = {name: _from_query(value) for name, value in parse_qsl(query)}
    if parameters and isinstance(request, dict) and "parameters" not in request:
        request["parameters"] = parameters
    return request


def _from_json(body: bytes) -> dict:
    if body.count(b"{") + body.count(b"[") > MOST_OBJECTS:  # each takes many times its two bytes
        raise ValueError("The request is JSON of too many objects and lists; send one recording.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("The request is no JSON, though its content type says so.") from None


def _from_query(value: str) -> bool | int | str:
    if value.isascii() and value.isdigit():
        return int(value[:9])
    return {"true": True, "false": False}.get(value, value)


class Worker:
    """A process with a model, which works on one request at a time; it ends with the process that started it.

    Args:
        folder: of the model.
    """

    def __init__(self, folder: str):
        self._folder = folder
        self._connection, self._process = self._started()

    def _started(self) -> tuple[Connection, BaseProcess]:
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=_run_worker, args=(self._folder, theirs), daemon=True)
        process.start()
        theirs.close()  # so that the pipe ends with the process
        return ours, process

    def largest_body(self) -> int:
        """How many bytes a request may have; known once the model is loaded.

        Raises:
            ValueError: where it cannot be loaded.
        """
        try:
            told = self._connection.recv()
        except (EOFError, OSError):
            told = "A worker ended while it loaded the model; its own message is above, or the memory was too small."
        if isinstance(told, str):
            raise ValueError(told)
        return told

    def __call__(self, *request: str | bytes) -> tuple[int, str]:
        """Status and JSON; a process that was killed or hangs is replaced. May take `WORK_S` seconds."""
        try:
            if not self._process.is_alive():
                self._replace()
            with contextlib.suppress(EOFError, OSError):  # it died of this request
                self._connection.send(request)
                if self._connection.poll(WORK_S):
                    return self._connection.recv()
            self._replace()
        except (ValueError, OSError) as error:
            logger.error("A worker cannot be started again: %s", error)
            self.close()  # the next request tries once more
        return 500, json.dumps({"error": FAULT})

    def _replace(self) -> None:
        logger.error("A worker ended, or took more than %d s, and another is started", WORK_S)
        self.close()
        self._connection, self._process = self._started()
        self.largest_body()

    def close(self) -> None:
        """End the process."""
        self._connection.close()  # an idle one ends by itself, and leaves nothing behind
        self._process.join(PATIENCE_S)
        self._process.kill()
        self._process.join()


def _run_worker(folder: str, connection: Connection) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever started this waits for its answers, and then ends it
        signal.signal(number, signal.SIG_IGN)
    _log()
    with contextlib.suppress(EOFError, ConnectionError):  # whoever started this has gone
        try:
            import handler  # and torch, which the process that talks to the callers does without

            endpoint = handler.EndpointHandler(folder)
        except (ValueError, OSError, ImportError) as error:
            connection.send(" ".join(str(error).split()))
            return
        connection.send(handler.MAX_AUDIO_BYTES * 7 // 5 + ROOM_FOR_TEXT)  # base64, with line breaks
        while True:
            connection.send(answer(endpoint, *connection.recv()))


# --- the server ---


class Front:
    """What talks to the callers: `app` is for an ASGI server.

    Args:
        workers: what works on the requests.
        largest_body: bytes of a request.
        most_waiting: requests that may wait for a worker.
    """

    def __init__(self, workers: Sequence[Work], largest_body: int, most_waiting: int):
        self._largest_body, self._most_waiting = largest_body, most_waiting
        self._waiting, self._held = 0, 0  # requests, and bytes of all that are here
        self._idle, self._turns = [*workers], asyncio.Semaphore(len(workers))  # who waits longest is next
        self._threads = ThreadPoolExecutor(len(workers))
        self._registry = CollectorRegistry()
        said = "Seconds from the head of a request to its answer, by status; 499 = the caller left."
        self._seconds = Histogram("wise_request_seconds", said, ["status"], registry=self._registry)
        for name, said, value in [
            ("wise_waiting_requests", "Requests that wait for a worker.", lambda: self._waiting),
            ("wise_idle_workers", "Workers without a request.", lambda: len(self._idle)),
            ("wise_held_bytes", "Bytes of all requests that are here.", lambda: self._held),
        ]:
            Gauge(name, said, registry=self._registry).set_function(value)
        routes = [Route(path, self._health) for path in ("/", "/health")] + [Route("/metrics", self._metrics)]
        routes += [Route(path, self._predict, methods=["POST"]) for path in ("/", "/predict")]
        self.app = Starlette(routes=routes, exception_handlers=dict.fromkeys((404, 405, Exception), _refuse))
        self.app.router.redirect_slashes = False

    async def _health(self, request: Request) -> Response:
        return PlainTextResponse("Ok")

    async def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    async def _predict(self, request: Request) -> Response:
        start, body = time.perf_counter(), bytearray()
        try:
            await self._read(request, body)
            status, told = await self._result(request, body)
        except HTTPException as error:
            status, told = error.status_code, json.dumps({"error": error.detail})
        except ClientDisconnect:
            status, told = 499, ""
        finally:
            self._held -= len(body)
        seconds = time.perf_counter() - start
        self._seconds.labels(status).observe(seconds)
        # Neither headers nor the query are logged: there may be a token in them.
        logger.info("POST %s %d %.0f ms", request.scope["path"], status, 1e3 * seconds)
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status in (429, 503) else None
        return Response(told, status, headers, "application/json")

    async def _read(self, request: Request, body: bytearray) -> None:
        """What cannot be kept is read to its end, so that the caller comes to read the answer."""
        size = 0
        try:
            async with asyncio.timeout(ARRIVAL_S):
                async for chunk in request.stream():
                    size += len(chunk)
                    if size <= self._largest_body and self._held < ROOM_FOR_BODIES:
                        body += chunk
                        self._held += len(chunk)
        except TimeoutError:
            raise HTTPException(408, "The request did not come to its end; send it again.") from None
        if size > self._largest_body:
            raise HTTPException(413, f"The request is too large; at most {self._largest_body} bytes are taken.")
        if size > len(body):
            raise HTTPException(429, BUSY)

    async def _result(self, request: Request, body: bytearray) -> tuple[int, str]:
        worker = await self._idle_worker()
        try:
            if await request.is_disconnected():
                raise ClientDisconnect
            # InferenceClient names no type for bytes; the toolkit takes its own DEFAULT_CONTENT_TYPE then.
            kind = request.headers.get("Content-Type", DEFAULT_CONTENT_TYPE)
            query = request.scope["query_string"].decode("latin-1")
            return await asyncio.get_running_loop().run_in_executor(self._threads, worker, kind, query, body)
        finally:
            self._idle.append(worker)
            self._turns.release()

    async def _idle_worker(self) -> Work:
        if self._turns.locked() and self._waiting >= self._most_waiting:
            raise HTTPException(429, BUSY)
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_S):
                await self._turns.acquire()
                return self._idle.pop()
        except TimeoutError:
            raise HTTPException(503, BUSY) from None
        finally:
            self._waiting -= 1


def _refuse(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return Response(json.dumps({"error": FAULT}), 500, media_type="application/json")
    told = "There are POST / and /predict, and GET /, /health and /metrics."
    return Response(json.dumps({"error": told}), error.status_code, error.headers, "application/json")


class TimedConnection(H11Protocol):
    """A connection that ends where a request does not come to its end; uvicorn waits for heads without an end."""

    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._unwatch()

    def send_400_response(self, msg: str) -> None:
        """Tell garbage in our way; uvicorn raises an error where an answer has gone already."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(json.dumps({"error": "The request is no HTTP; send it again."}))
        else:
            self.transport.abort()

    def _watch(self) -> None:
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._unwatch()
        elif self._end is None:
            self._end = self.loop.call_later(ARRIVAL_S + ANSWER_S, self.transport.abort)

    def _unwatch(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None


def make_server(front: Front) -> uvicorn.Server:
    """A server whose `run(sockets=[...])` answers until SIGTERM, and then all requests that have arrived."""
    # No log of uvicorn's own: it has the query.
    options = {"http": TimedConnection, "ws": "none", "lifespan": "off", "log_config": None, "access_log": False}
    options["timeout_keep_alive"] = KEPT_S
    return uvicorn.Server(
        uvicorn.Config(front.app, log_level="error", proxy_headers=False, server_header=False, **options)
    )


# --- the command ---


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--model", required=True, help="folder of a saved model")
    parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")
    parser.add_argument("--port", type=int, default=8000, help="0 = a free one")
    parser.add_argument("--workers", type=int, default=1, help="processes with a model each; default: 1")
    parser.add_argument("--queue", type=int, default=64, help="requests that may wait for a worker; default: 64")
    args, name = parser.parse_args(), Path(sys.argv[0]).name
    if args.workers < 1 or args.queue < 0:
        parser.error("there must be at least 1 worker, and 0 or more requests that may wait")
    _log()
    try:
        listener = socket.create_server((args.host, args.port))
    except (OSError, OverflowError) as error:
        sys.exit(f"{name}: port {args.port} of {args.host} cannot be taken ({error}); give another --port or --host.")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        serve(args.model, listener, args.workers, args.queue)
    except ValueError as error:
        sys.exit(f"{name}: {error}")


def serve(model: str, listener: socket.socket, workers: int, most_waiting: int) -> None:
    """Serve a model until the process is told to stop.

    Args:
        model: folder of a saved model.
        listener: where it listens.
        workers: number of processes that work on requests.
        most_waiting: requests that may wait for one of them.

    Raises:
        ValueError: where the model cannot be loaded.
    """
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(contextlib.closing(Worker(model))) for _ in range(workers)]
        largest_body, *_ = [each.largest_body() for each in started]  # waits until all have loaded
        # Read by scripts/load_test.py: a line on standard output once requests are taken.
        sys.stdout.write("http://{}:{}\n".format(*listener.getsockname()[:2]))
        sys.stdout.flush()
        make_server(Front(started, largest_body, most_waiting)).run(sockets=[listener])


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
