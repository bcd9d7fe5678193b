"""hub_card/serve.py in this process, in front of workers that a test makes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


pytest.importorskip("prometheus_client", reason="needs a server: pip install -e .[serve]")
import serve  # noqa: E402


@contextmanager
def served(*workers: serve.Work, largest_body: int = 35_000_000, most_waiting: int = 64) -> Iterator[str]:
    """The address of a server, as long as the block runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = serve.make_server(serve.Front(workers, largest_body, most_waiting))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
