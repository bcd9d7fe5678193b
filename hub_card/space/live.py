"""Live view: microphone chunks are processed in a worker thread, and the page shows the latest result."""

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import numpy as np
from recording import MAX_S, BadRequest, read_recording
from rendering import render_live, render_message
from transformers import Pipeline


try:
    from channels_wise import mix_channels  # in a Space it lies beside this file
except ImportError:
    from wise_hf.model.channels_wise import mix_channels


logger = logging.getLogger(__name__)

WAITING = '<p class="waiting">Press Record and speak. Bars and words follow you.</p>'
ENOUGH = f"This is as long as one visitor may speak ({MAX_S} seconds). Stop, and start again."
SPEAKERS = 4  # at once
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
        self.updates: list[dict] = []  # of the latest utterance

    def say(self, samples: np.ndarray) -> None:
        """Take what the microphone gave; it is heard as soon as what came before has been.

        Args:
            samples: (n,) float32, mono.
        """
        self._said_s += len(samples) / self._rate
        if self.is_full:
            return
        with self._lock:
            self._waiting.append(samples)
        if self._hearing is None or self._hearing.done():
            self._hearing = _worker.submit(self._hear)

    @property
    def is_full(self) -> bool:
        """All that a visitor may say has been said."""
        return self._said_s > MAX_S

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
            updates = [{"left_out": "Something went wrong here, and it is not your fault. Start again."}]
        # The first word of an utterance, and what has none, takes the place of what was there.
        first = max((place for place, each in enumerate(updates) if not each.get("number")), default=None)
        self.updates = self.updates + updates if first is None else updates[first:]


def hear_chunk(classify: Pipeline, path: str | None, speaker: Speaker | None) -> tuple[str, Speaker | None]:
    """Take a chunk of the microphone.

    Args:
        classify: the pipeline.
        path: the chunk's file, which is deleted, or `None`.
        speaker: who speaks; `None` at the first chunk.

    Returns:
        What is heard so far, as HTML, and the speaker.
    """
    if path is None:
        return WAITING, speaker
    try:
        samples, rate = read_recording(path)
        speaker = speaker or Speaker(classify, rate)
        speaker.say(mix_channels(samples, rate))
    except BadRequest as error:
        return render_message(str(error)), speaker
    finally:
        Path(path).unlink(missing_ok=True)
    return render_message(ENOUGH) if speaker.is_full else show(speaker), speaker


def show(speaker: Speaker | None) -> str:
    """What is heard so far."""
    return render_live(speaker.updates) if speaker and speaker.updates else WAITING


def stop(speaker: Speaker | None) -> tuple[str, None]:
    """Show the rest; who speaks next is somebody else."""
    if speaker is not None:
        speaker.stop()
    return show(speaker), None


def add_live_view(classifiers: Mapping[str, Pipeline], chosen: gr.Radio) -> None:
    """The microphone, and what is heard.

    Args:
        classifiers: the pipelines by name.
        chosen: names the one that listens.
    """

    def hear(path: str | None, speaker: Speaker | None, name: str) -> tuple[str, Speaker | None]:
        return hear_chunk(classifiers[name], path, speaker)

    speaker = gr.State(time_to_live=2 * MAX_S)
    microphone = gr.Audio(
        sources=["microphone"], streaming=True, type="filepath", label="Microphone", buttons=[], elem_id="microphone"
    )
    heard = gr.HTML(WAITING, elem_id="live")
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    microphone.stream(
        hear, [microphone, speaker, chosen], [heard, speaker], stream_every=0.5, concurrency_limit=SPEAKERS, **quiet
    )
    microphone.stop_recording(stop, speaker, [heard, speaker], **quiet)
