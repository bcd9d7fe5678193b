"""Live view: what a visitor says is heard in a worker thread while it comes, and the page shows the latest result.

The page has a microphone of its own, microphone.js: Gradio's drops what comes while its server is busy.
"""

import base64
import logging
import secrets
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from recording import MAX_S, BadRequest
from rendering import render_live, render_message
from transformers import Pipeline


logger = logging.getLogger(__name__)

WAITING = '<p class="waiting">Press Record and speak. Bars and words follow you.</p>'
ENOUGH = f"This is as long as one visitor may speak ({MAX_S} seconds). Press Record to start again."
FAILED = "Something went wrong here, and it is not your fault. Start again."
STRANGE = "What was sent is no part of a recording. Load the page again."
GONE = "Your recording is not kept any longer. Press Record to start again."
TAKEN = "Too many visitors speak just now. Try again in a minute."
MICROPHONE = Path(__file__).with_name("microphone.js").read_text(encoding="utf-8")
TEMPLATE = """<button class="microphone" type="button">${is_recording ? "Stop" : "Record"}</button>
<div aria-live="polite">${value}</div>"""
SPEAKERS = 4  # at once
GONE_S = 15  # without a part: the visitor has left
LONGEST_S = 3 * MAX_S  # from a visitor's first part, however little comes
RATES = range(8_000, 192_001)
# One part of a recording after the other, in the order in which they come.
_worker = ThreadPoolExecutor(max_workers=1)


class Speaker:
    """What one visitor says.

    Args:
        classify: the pipeline.
        rate: of the microphone, in Hz.
    """

    def __init__(self, classify: Pipeline, rate: int):
        self._streamer, self._rate = classify.stream(sampling_rate=rate), rate
        self._lock = threading.Lock()
        self._waiting: list[np.ndarray] = []  # what is not heard yet
        self._hearing: Future | None = None
        self._said_s = 0.0
        self._first_s = self._last_s = time.monotonic()  # when parts came
        self.updates: list[dict] = []  # of the latest utterance

    def say(self, samples: np.ndarray) -> None:
        """Take what the microphone gave; it is heard as soon as what came before has been.

        Args:
            samples: (n,) float32, mono.
        """
        self._last_s = time.monotonic()
        room = max(0, int((MAX_S - self._said_s) * self._rate))
        self._said_s += len(samples) / self._rate
        with self._lock:
            self._waiting.append(samples[:room])
        if self._hearing is None or self._hearing.done():
            self._hearing = _worker.submit(self._hear)

    @property
    def is_full(self) -> bool:
        """All that a visitor may say has been said."""
        return self._said_s > MAX_S

    @property
    def is_gone(self) -> bool:
        """Nothing has come for long, or parts have come for too long."""
        now_s = time.monotonic()
        return now_s > self._last_s + GONE_S or now_s > self._first_s + LONGEST_S

    def stop(self) -> None:
        """Hear all that is left."""
        _worker.submit(self._hear, is_last=True).result()

    def _hear(self, is_last: bool = False) -> None:
        with self._lock:
            samples, self._waiting = self._waiting, []
        try:
            updates = self._streamer.feed(np.concatenate(samples)) if samples else []
            updates += self._streamer.finish() if is_last else []
        except Exception:  # the traceback is for the log, whatever it is, and not for a visitor
            logger.exception("A live recording failed.")
            updates = [{"left_out": FAILED}]
        # The first word of an utterance, and what has none, takes the place of what was there.
        first = max((place for place, each in enumerate(updates) if not each.get("number")), default=None)
        self.updates = self.updates + updates if first is None else updates[first:]


class Speakers:
    """All who speak now, each under a name that nobody else knows.

    Args:
        classifiers: the pipelines by name.
    """

    def __init__(self, classifiers: Mapping[str, Pipeline]):
        self._classifiers = classifiers
        self._lock = threading.Lock()
        self._speakers: dict[str, Speaker] = {}

    def hear(self, part: Any) -> tuple[str | None, str]:
        """Take a part of what somebody says.

        Args:
            part: `speaker`, the name that the part before was answered with, `None` at the first; `model`; `rate` of
                the microphone in Hz; `samples`, base64 of float32, mono; `is_last`.

        Returns:
            The speaker's name, `None` where nothing more is taken, and what is heard so far, as HTML.
        """
        try:
            name, speaker, samples = self._read(part)
        except BadRequest as error:
            return None, render_message(str(error))
        speaker.say(samples)
        if not (part.get("is_last") or speaker.is_full):
            return name, show(speaker)
        with self._lock:
            self._speakers.pop(name, None)
        speaker.stop()
        return None, show(speaker) + (render_message(ENOUGH) if speaker.is_full else "")

    def _read(self, part: Any) -> tuple[str, Speaker, np.ndarray]:
        """Who speaks, and the samples; anybody may send anything."""
        try:
            name, classify, rate = part["speaker"], self._classifiers[part["model"]], RATES[RATES.index(part["rate"])]
            samples = read_samples(part["samples"], rate)
        except (LookupError, TypeError, ValueError):
            raise BadRequest(STRANGE) from None
        with self._lock:
            self._speakers = {its: speaker for its, speaker in self._speakers.items() if not speaker.is_gone}
            if name is None:
                name = self._start(classify, rate)
            if not isinstance(name, str) or name not in self._speakers:
                raise BadRequest(GONE)
            return name, self._speakers[name], samples

    def _start(self, classify: Pipeline, rate: int) -> str:
        if len(self._speakers) >= SPEAKERS:
            raise BadRequest(TAKEN)
        name = secrets.token_urlsafe()
        self._speakers[name] = Speaker(classify, rate)
        return name


def read_samples(encoded: str, rate: int) -> np.ndarray:
    """Read the samples of a part.

    Args:
        encoded: base64 of float32.
        rate: in Hz.

    Returns:
        (n,) float32 in [-1, 1].

    Raises:
        ValueError: for something else, and for more than a visitor may say.
    """
    if len(encoded) > 12 * MAX_S * rate:  # twice what may be said
        raise ValueError("The samples are too many.")
    samples = np.frombuffer(base64.b64decode(encoded, validate=True), "<f4")
    if not np.isfinite(samples).all():
        raise ValueError("The samples are no numbers.")
    return np.clip(samples, -1, 1)


def show(speaker: Speaker) -> str:
    """What is heard so far."""
    return render_live(speaker.updates) if speaker.updates else WAITING


def add_live_view(classifiers: Mapping[str, Pipeline], chosen: gr.Radio) -> None:
    """The microphone, and what is heard.

    Args:
        classifiers: the pipelines by name.
        chosen: names the one that listens.
    """
    speakers = Speakers(classifiers)

    def hear(part: Any) -> tuple[str | None, str]:  # Gradio takes no method
        return speakers.hear(part)

    live = gr.HTML(
        WAITING,
        html_template=TEMPLATE,
        js_on_load=MICROPHONE,
        server_functions=[hear],
        model=chosen.value,
        is_recording=False,
        elem_id="live",
    )
    changed = {"outputs": live, "queue": False, "show_progress": "hidden", "api_visibility": "private"}
    chosen.change(lambda name: gr.HTML(model=name), chosen, **changed)
