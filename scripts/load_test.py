"""Load-test the endpoint, on Linux: python scripts/load_test.py --model out/fold_1 --clients 16 --workers 2."""

import argparse
import base64
import contextlib
import io
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import soundfile
from huggingface_hub import InferenceClient, constants
from huggingface_hub.errors import HfHubHTTPError

from wise_hf.commands import run as command_line
from wise_hf.data.options import positive, whole_number
from wise_hf.hub.samples import SAMPLES, read_samples
from wise_hf.hub.templates import templates_dir


HUB_CARD = templates_dir()
TIMEOUT_S = 600
PARTS = 4  # memory and open files are looked at after each
MOST_GROWTH = 1.2  # of the memory, from the first part to the last
MOST_FILES = 8  # more open files at the end than after the first part; a connection or two may still be open
LOST = "lost"  # a request that has no answer
TOLERANCE = 1e-6  # between the scores of one recording, whatever else is going on


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", required=True, help="folder of a saved model")
    parser.add_argument("--clients", type=positive, default=16, help="how many ask at once")
    parser.add_argument("--requests", type=positive, default=1000, help="of all of them together, after a warm-up")
    parser.add_argument(
        "--audio_hours", type=positive, help="as many requests as have this much audio, not --requests"
    )
    parser.add_argument("--workers", type=positive, default=1, help="processes of the server")
    parser.add_argument(
        "--hostile", type=whole_number, default=0, help="clients in between that hang up, dawdle, send garbage"
    )
    parser.add_argument("--audio", nargs="+", help="recordings, sent without text; default: hub_card/samples")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    # InferenceClient would not even talk to this machine; nothing here talks to another.
    constants.HF_HUB_OFFLINE = False
    recordings = read_recordings(args.audio)
    count = args.requests if args.audio_hours is None else requests_in(args.audio_hours, recordings)
    with serving(args.model, args.workers) as (url, process_id), bothered(url, args.hostile, recordings) as hostile:
        report = {"workers": args.workers} | measure(Load(url, recordings, args.clients), count, process_id)
    report["hostile"] = dict(sum((each.result() for each in hostile), Counter()))
    sys.stdout.write((json.dumps(report, indent=2) if args.json else to_text(report)) + "\n")
    check(report)


def check(report: dict) -> None:
    """Raise a ValueError for what should not be."""
    if report["errors"]:
        raise ValueError(f"{sum(report['errors'].values())} of {report['requests']} requests failed.")
    _, first, *_, last = report["memory_mb"]
    if last > MOST_GROWTH * first:
        raise ValueError(f"The server's memory grew from {first:.0f} to {last:.0f} MB; it should stay where it is.")
    _, first, *_, last = report["open_files"]
    if last > first + MOST_FILES:
        raise ValueError(f"The server's open files grew from {first} to {last}; they should stay as many.")


def read_recordings(paths: list[str] | None) -> list[tuple[bytes, str | None]]:
    """The bytes of audio files, and what is said in them where it is known."""
    if paths is not None:
        return [(Path(path).read_bytes(), None) for path in paths]
    return [((HUB_CARD / SAMPLES / each["file"]).read_bytes(), each["text"]) for each in read_samples(HUB_CARD)]


def requests_in(hours: int, recordings: list[tuple[bytes, str | None]]) -> int:
    """How many requests it takes to send so many hours of audio."""
    seconds = np.mean([soundfile.info(io.BytesIO(audio)).duration for audio, _ in recordings])
    return int(np.ceil(3600 * hours / seconds))


@contextmanager
def serving(model: str, workers: int) -> Iterator[tuple[str, int]]:
    """The server in processes of its own, as long as the block runs: its URL and its first process."""
    command = [sys.executable, str(HUB_CARD / "serve.py"), "--model", model, "--port", "0", "--workers", str(workers)]
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            url = server.stdout.readline().strip()
            if not url:
                log.seek(0)
                raise ValueError(f"The server did not start: {(log.read().strip().splitlines() or ['?'])[-1]}")
            yield url, server.pid
        finally:
            server.terminate()
            server.wait()


@dataclass
class Load:
    """Requests of every form, by several clients at once.

    Args:
        url: where the server listens.
        recordings: audio and text of each.
        clients: how many ask at once.
        first_answers: to the first request of each form for each recording.
    """

    url: str
    recordings: list[tuple[bytes, str | None]]
    clients: int
    first_answers: dict[tuple[str, int], dict[str, float]] = field(default_factory=dict)

    def run(self, numbers: range) -> list[tuple[str, float, str | None]]:
        """Form, seconds and error (`None` = none) of each request."""
        with ThreadPoolExecutor(self.clients) as pool:
            return list(pool.map(self._timed, numbers))

    def _timed(self, number: int) -> tuple[str, float, str | None]:
        index = number % len(self.recordings)
        # Every second request brings its text; of the others every second has parameters.
        turn = number // len(self.recordings) % 4
        form = "text" if turn % 2 == 0 and self.recordings[index][1] is not None else ("bytes", "base64")[turn // 2]
        start = time.perf_counter()
        try:
            error = self._check(form, index, self._ask(form, *self.recordings[index]))
        except Exception as failure:  # counted, whatever library it comes from
            is_answer = isinstance(failure, urllib.error.HTTPError | HfHubHTTPError)
            error = f"{'refused' if is_answer else LOST}, {form}: {' '.join(repr(failure).split())[:200]}"
        return form, time.perf_counter() - start, error

    def _ask(self, form: str, audio: bytes, text: str | None) -> dict[str, float]:
        if form == "text":
            return {each["label"]: each["score"] for each in self._post(audio, text)["scores"]}
        client = InferenceClient(model=self.url, timeout=TIMEOUT_S)
        answer = client.audio_classification(audio, top_k=2 if form == "base64" else None)
        return {each.label: each.score for each in answer}

    def _post(self, audio: bytes, text: str | None) -> dict:
        recording = {"audio": base64.b64encode(audio).decode(), "text": text}
        body = json.dumps({"inputs": recording, "parameters": {"return_words": True}}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            return json.load(response)

    def _check(self, form: str, index: int, scores: dict[str, float]) -> str | None:
        first = self.first_answers.setdefault((form, index), scores)
        same = scores.keys() == first.keys() and all(abs(scores[name] - first[name]) < TOLERANCE for name in first)
        return None if same else f"{form}: another answer than before"


@contextmanager
def bothered(url: str, clients: int, recordings: list[tuple[bytes, str | None]]) -> Iterator[list[Future]]:
    """Clients that no server likes, as long as the block runs; each counts what it did."""
    stop, address = threading.Event(), (urlsplit(url).hostname, urlsplit(url).port)
    with ThreadPoolExecutor(max(1, clients)) as pool:
        try:
            yield [pool.submit(bother, address, number, recordings[0][0], stop) for number in range(clients)]
        finally:
            stop.set()


def bother(address: tuple[str, int], number: int, audio: bytes, stop: threading.Event) -> Counter[str]:
    """One trick after the other: what is sent in pieces, and seconds between them; then it hangs up."""
    noise, done = np.random.default_rng(number), Counter()
    while not stop.wait(0.1):
        head, garbage = b"POST / HTTP/1.1\r\nContent-Type: audio/wav\r\nContent-Length: %d\r\n", noise.bytes(5_000)
        whole = head % len(audio) + b"Host: x\r\n\r\n" + audio
        tricks = {
            "hung up midway": ([whole[: len(whole) // 2]], 0.1),
            "hung up before the answer": ([whole], 0),
            "sent a byte a second": ([head % 60 + b"Host: x\r\n\r\n", *[b"x"] * 20], 1),
            "sent a head without an end": ([head % 60, *[b"A: b\r\n"] * 20], 1),
            "sent garbage for audio": ([head % len(garbage) + b"Host: x\r\n\r\n" + garbage], 0.5),
            "sent garbage for HTTP": ([garbage], 0.5),
        }
        trick = [*tricks][number % len(tricks)]
        play(address, *tricks[trick], stop)
        done[trick] += 1
        number += 1
    return done


def play(address: tuple[str, int], pieces: list[bytes], pause_s: float, stop: threading.Event) -> None:
    with contextlib.suppress(ConnectionError), socket.create_connection(address, timeout=TIMEOUT_S) as connection:
        for piece in pieces:
            connection.sendall(piece)
            if stop.wait(pause_s):
                break


def measure(load: Load, requests: int, process_id: int) -> dict:
    """Latency, throughput, errors, and the server's memory and files after a warm-up and after every part."""
    warm_up = load.run(range(max(4 * load.clients, 4 * len(load.recordings))))
    uses, results, start = [usage(process_id)], [], time.perf_counter()
    edges = np.linspace(0, requests, PARTS + 1).astype(int).tolist()
    for first, after in zip(edges[:-1], edges[1:], strict=True):
        results += load.run(range(first, after))
        uses.append(usage(process_id))
    seconds = time.perf_counter() - start
    forms = sorted({form for form, _, _ in results})
    errors = Counter(error for _, _, error in warm_up + results if error is not None)
    return {
        "clients": load.clients,
        "requests": requests,
        "errors": dict(errors),
        "lost": sum(count for error, count in errors.items() if error.startswith(LOST)),
        "seconds": round(seconds, 1),
        "requests_per_second": round(requests / seconds, 2),
        "latency_s": spread([taken for _, taken, _ in results])
        | {form: spread([taken for its, taken, _ in results if its == form]) for form in forms},
        "cpu_s_per_request": round((uses[-1].cpu_s - uses[0].cpu_s) / requests, 3),
        "memory_mb": [each.memory_mb for each in uses],
        "open_files": [each.open_files for each in uses],
        "cpus": os.cpu_count(),
        "load_average": [round(each, 1) for each in os.getloadavg()],
        "machine": platform.machine(),
    }


@dataclass(frozen=True)
class Usage:
    """What a process and its children have: own memory (RssAnon), open files, CPU time so far."""

    memory_mb: float
    open_files: int
    cpu_s: float


def usage(process_id: int) -> Usage:
    first = Path(f"/proc/{process_id}")
    children = [each for path in first.glob("task/*/children") for each in path.read_text().split()]
    folders = [first, *(Path("/proc") / each for each in children)]
    lines = [line for each in folders for line in (each / "status").read_text().splitlines()]
    anonymous_kb = sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
    open_files = sum(len(os.listdir(each / "fd")) for each in folders)
    # After the name, which may hold spaces, the 12th and the 13th are the time in the process and in the system.
    ticks = sum(int(tick) for each in folders for tick in (each / "stat").read_text().rsplit(")", 1)[1].split()[11:13])
    return Usage(round(anonymous_kb / 1024, 1), open_files, ticks / os.sysconf("SC_CLK_TCK"))


def spread(seconds: list[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum."""
    p50, p95, most = np.percentile(seconds, [50, 95, 100])
    return {"p50": round(p50, 3), "p95": round(p95, 3), "max": round(most, 3)}


def to_text(report: dict) -> str:
    """The report as a person reads it."""
    latency = report["latency_s"]
    rows = {"all": latency} | {form: its for form, its in latency.items() if isinstance(its, dict)}
    lines = [
        f"{report['requests']} requests of {report['clients']} clients in {report['seconds']} s, "
        f"{report['requests_per_second']} a second, {report['workers']} workers, "
        f"{sum(report['errors'].values())} errors, {report['lost']} lost",
        *(
            f"  {name:<7} p50 {its['p50']:8.3f} s  p95 {its['p95']:8.3f} s  max {its['max']:8.3f} s"
            for name, its in rows.items()
        ),
        f"  {report['cpu_s_per_request']} s of the server's CPU time a request",
        f"  memory of the server, MB, after a warm-up and then every quarter: {report['memory_mb']}",
        f"  its open files at the same times: {report['open_files']}",
        *(f"  in between: {trick} {count} times" for trick, count in report["hostile"].items()),
        f"  {report['cpus']} CPUs, load average {report['load_average']} (all that runs on the machine)",
    ]
    return "\n".join(lines + [f"  {count} x {error}" for error, count in report["errors"].items()])


if __name__ == "__main__":
    command_line.run(main)
