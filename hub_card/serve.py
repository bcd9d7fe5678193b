"""Run handler.py on this machine as Inference Endpoints do: wise-hf serve --model DIR [--port 8000]."""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import handler
from handler import BadRequest, EndpointHandler


logger = logging.getLogger(__name__)

TIMEOUT_S = 60  # for a request that does not come to its end
ROOM_FOR_TEXT = 100_000  # bytes of a request beside its audio
DEFAULT_CONTENT_TYPE = "application/octet-stream"


class EndpointServer(ThreadingHTTPServer):
    """An HTTP server with a handler behind it; `serve_forever` runs it.

    POST / or /predict takes the bytes of a recording (audio/*, video/*, application/octet-stream; parameters as
    ?top_k=2&return_words=true) or JSON (application/json). Status 400 and {"error": sentence} for what the caller can
    mend, 413 for a body that is too large, 500 for a fault of ours. GET / or /health says that it is up.

    Args:
        endpoint: what answers, an `EndpointHandler`.
        host: where to listen.
        port: 0 = a free one, `server_port` tells which.
    """

    daemon_threads = True
    request_queue_size = 128  # clients that may wait to be accepted; 5 would refuse some of 16 at once

    def __init__(self, endpoint: Callable[[dict], list | dict], host: str = "127.0.0.1", port: int = 0):
        self.endpoint = endpoint
        super().__init__((host, port), _Exchange)


class _Exchange(BaseHTTPRequestHandler):
    """One request and its answer."""

    timeout = TIMEOUT_S

    def do_GET(self) -> None:
        found = urlsplit(self.path).path in ("/", "/health")
        self._answer(200 if found else 404, "Ok" if found else {"error": "There are / and /predict."})

    def do_POST(self) -> None:
        start = time.perf_counter()
        known = urlsplit(self.path).path in ("/", "/predict")
        status, answer = self._result() if known else (404, {"error": "There are / and /predict."})
        self._answer(status, answer)
        # Neither headers nor the query are logged: there may be a token in them.
        logger.info("POST %s %d %.0f ms", urlsplit(self.path).path, status, 1e3 * (time.perf_counter() - start))

    def _result(self) -> tuple[int, list | dict]:
        try:
            body = self._body()
            if body is None:
                return 413, {"error": f"The request is too large; at most {_largest_body()} bytes are taken."}
            return 200, self.server.endpoint(self._request(body))
        except TimeoutError:
            return 408, {"error": "The request did not come to its end; send it again."}
        except ValueError as error:
            return 400, {"error": " ".join(str(error).split())}
        except Exception:
            logger.exception("A request failed")
            return 500, {"error": "The server failed on this request; its log has the reason."}

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise BadRequest("The request does not say how long it is; send it with a Content-Length.")
        if int(length) <= _largest_body():
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                raise BadRequest(f"The request is cut short: {len(body)} bytes of {length}; send it again.")
            return body
        # Read and forgotten, so that the caller comes to read the answer; not for ever.
        left = min(int(length), 4 * _largest_body())
        while left > 0 and (read := len(self.rfile.read(min(left, 1 << 20)))):
            left -= read
        return None

    def _request(self, body: bytes) -> dict:
        # InferenceClient names no type for bytes; the toolkit takes its own DEFAULT_CONTENT_TYPE then.
        kind = self.headers.get_content_type() if "Content-Type" in self.headers else DEFAULT_CONTENT_TYPE
        if kind == "application/json":
            request = _from_json(body)
        elif kind == "application/octet-stream" or kind.startswith(("audio/", "video/")):
            request = {"inputs": body}
        else:
            raise BadRequest(f"The content type is {kind:.40}; send audio/wav or the like, or application/json.")
        query = dict(parse_qsl(urlsplit(self.path).query))
        if query and isinstance(request, dict) and "parameters" not in request:
            request["parameters"] = {name: _from_query(value) for name, value in query.items()}
        return request

    def _answer(self, status: int, answer: str | list | dict) -> None:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        try:
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())
        except (ConnectionError, TimeoutError):
            logger.info("A caller left before the answer")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing of the standard library's own: it logs the query."""


def _largest_body() -> int:
    return handler.MAX_AUDIO_BYTES * 4 // 3 + ROOM_FOR_TEXT


def _from_json(body: bytes) -> dict:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("The request is no JSON, though its content type says so.") from None


def _from_query(value: str) -> bool | int | str:
    if value.isascii() and value.isdigit():
        return int(value[:9])
    return {"true": True, "false": False}.get(value, value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", required=True, help="folder of a saved model")
    parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")
    parser.add_argument("--port", type=int, default=8000, help="0 = a free one")
    args, name = parser.parse_args(), Path(sys.argv[0]).name
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        server = EndpointServer(EndpointHandler(args.model), args.host, args.port)
    except (ValueError, ImportError) as error:
        sys.exit(f"{name}: {' '.join(str(error).split())}")
    except (OSError, OverflowError) as error:
        sys.exit(f"{name}: port {args.port} of {args.host} cannot be taken ({error}); give another --port.")
    # Read by scripts/load_test.py: a line on standard output once requests are taken.
    sys.stdout.write(f"http://{args.host}:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
