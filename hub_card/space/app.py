"""Listen to recordings in a browser: wise-hf space --model out/fold_1 [--port 7860].

As a Space on the Hub the model is named by the variables MODEL_ID and MODEL_REVISION. The revision is a commit: the
model's code runs here, so nobody who changes the repository changes what runs. Where wise_hf and its starter model are
installed, a visitor may choose between the two.
"""

import argparse
import functools
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import gradio as gr
from live import add_live_view
from recording import (
    MAX_MB,
    MAX_S,
    NO_AUDIO,
    BadRequest,
    load_classifier,
    read_recording,
    read_transcript,
    where_it_failed,
)
from rendering import emotion_color, render_message, render_result, render_timeline
from safetensors import SafetensorError
from transformers import Pipeline


try:
    from channels_wise import mix_channels  # in a Space it lies beside this file
except ImportError:
    from wise_hf.model.channels_wise import mix_channels


logger = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
SAMPLES = next((folder for folder in (HERE / "samples", HERE.parent / "samples") if folder.is_dir()), None)
SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")  # nothing to download
MONO = ("ui-monospace", "Consolas", "monospace")

INTRO = f"""<header><div><h1>Which emotion does it sound like?</h1>
<p>Say an English sentence. WISE finds its words in the audio, and tells which one emotion the sentence sounds like and
how much each word counted for that.</p></div>
<p class="notice">Hearing emotion is guesswork, for people and even more for a model. An accent, a smile or a poor
microphone can turn its answer: do not decide anything about a person by it. Recordings of up to {MAX_S} seconds are
processed on this server and deleted within two hours.</p></header>"""
STARTER = "the starter model"
WAITING = '<p class="waiting">The emotion and the words will appear here.</p>'
# On a phone the result is below what was clicked, out of sight.
SHOW = "() => { if (innerWidth < 720) document.getElementById('heard').scrollIntoView({ behavior: 'smooth' }); }"
# Gradio turns away what the browser calls no audio, with a list of types that soon vanishes; our message stays. To the
# browser every mp4, webm and 3gp file is a video: it goes on as audio, and the reader judges whether it has sound.
WATCH = """for (const kind of ["change", "drop"]) document.addEventListener(kind, (event) => {
    const [file] = event.dataTransfer?.files ?? event.target.files ?? [];
    if (!file || file.type.startsWith("audio/")) return;
    if (!file.type.startsWith("video/")) return trigger("input");
    const held = new DataTransfer();
    held.items.add(new File([file], file.name, { type: "audio/mp4" }));
    if (kind === "change") { event.target.files = held.files; return; }
    event.stopImmediatePropagation();
    event.preventDefault();
    event.target.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: held }));
}, true);"""
KEPT_S = 3600  # looked through every ten minutes


def listen(classify: Pipeline, path: str | None, text: str) -> tuple[str, str]:
    """Classify a recording, and show what was heard.

    Args:
        classify: the pipeline.
        path: the recording's file, or `None`.
        text: what is said in it; blank where it is not known.

    Returns:
        What was heard and the time line, as HTML; for what cannot be used a message, and no time line.
    """
    try:
        samples, rate = read_recording(path)
        result = classify_recording(classify, {"array": samples, "sampling_rate": rate}, (text or "").strip())
        return render_result(result), render_timeline(mix_channels(samples, rate), rate, result)
    except BadRequest as error:
        return render_message(str(error)), ""
    except Exception as error:  # for the log, whatever it is, and not for a visitor
        logger.error("A recording failed: %s", where_it_failed(error))
        return render_message("Something went wrong here, and it is not your fault. Try another recording."), ""


def classify_recording(classify: Pipeline, audio: dict, text: str) -> dict:
    """The pipeline's result; what it cannot use becomes an `BadRequest`."""
    said = read_transcript(text)
    try:
        return classify({"audio": audio, "text": said}, return_words=True)
    except ValueError as error:
        raise BadRequest(str(error)) from error


def listed_samples() -> list[dict]:
    """The sample recordings: `file`, the `meant` emotion, and `text`."""
    return json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8")) if SAMPLES else []


def make_page(classifiers: Mapping[str, Pipeline]) -> gr.Blocks:
    """The page; `launch` of `main` gives it its colours.

    Args:
        classifiers: the pipelines by what the page calls their models; the first one listens unless another is chosen.
    """
    with gr.Blocks(
        title="WISE: emotion in sound and words", analytics_enabled=False, delete_cache=(600, KEPT_S)
    ) as page:
        gr.HTML(INTRO)
        with gr.Tab("A recording"):
            chosen = add_recording(classifiers)
        with gr.Tab("Live"):
            add_live_view(classifiers, chosen)
    page.queue(default_concurrency_limit=1, max_size=32)  # one recording at a time
    return page


def add_recording(classifiers: Mapping[str, Pipeline]) -> gr.Radio:
    """What listens to a recording, and shows what was heard.

    Args:
        classifiers: see `make_page`.

    Returns:
        Where a visitor chooses the one that listens.
    """

    def hear(path: str | None, text: str, chosen: str) -> tuple[str, str]:
        return listen(classifiers[chosen], path, text)

    with gr.Row(equal_height=False, elem_id="columns"):
        with gr.Column(scale=5, min_width=320):
            audio = gr.Audio(sources=["microphone", "upload"], type="filepath", label="Recording", buttons=[])
            text = gr.Textbox(
                label="What is said (optional)",
                placeholder="Left empty, a small built-in model writes it down. It errs often.",
                max_lines=4,
            )
            chosen = gr.Radio([*classifiers], value=next(iter(classifiers)), label="Model", elem_id="model")
            chosen.visible = len(classifiers) > 1
            button = gr.Button("Listen", variant="primary", elem_id="listen")
            samples = add_samples()
        with gr.Column(scale=6, min_width=320):
            heard = gr.HTML(WAITING, elem_id="heard")
    timeline = gr.HTML(elem_id="timeline")
    refused = gr.HTML(js_on_load=WATCH)
    show_at_once(refused.input, lambda: (render_message(NO_AUDIO), ""), [heard, timeline])
    # A recording or a model that is taken away or replaced takes its result with it.
    for gone in (audio.clear, audio.upload, audio.start_recording, chosen.change):
        show_at_once(gone, lambda: (WAITING, ""), [heard, timeline])
    connect(hear, [audio, text, chosen], button, samples, [heard, timeline])
    return chosen


def add_samples() -> list[tuple[gr.Button, dict]]:
    """A button for each sample, with its sentence and a dot in the colour of the emotion that is meant."""
    samples = listed_samples()
    if not samples:
        return []
    dots = "".join(
        f"#sample-{index}::before {{ background: {emotion_color(sample['meant'])}; }}"
        for index, sample in enumerate(samples)
    )
    said = "Or try a sample. The voices are synthetic; a dot has the colour of the emotion that is meant."
    gr.HTML(f"<style>{dots}</style><p class='soft'>{said}</p>")
    with gr.Column(elem_id="sample-list"):
        return [
            (gr.Button(sample["text"], size="sm", elem_id=f"sample-{index}", elem_classes="sample"), sample)
            for index, sample in enumerate(samples)
        ]


def show_at_once(event: Callable, make: Callable, outputs: list) -> None:
    """What needs no model does not wait for it."""
    event(make, outputs=outputs, queue=False, show_progress="hidden", api_visibility="private")


def connect(hear: Callable, given: list, button: gr.Button, samples: list, outputs: list) -> None:
    """What listens to what is given, audio, text and model: the button, Enter, and the samples."""
    audio, text, chosen = given
    shown = {"show_progress_on": outputs[0], "show_progress": "minimal", "concurrency_id": "model"}
    asked = gr.on([button.click, text.submit], hear, given, outputs, api_name="listen", **shown)
    asked.then(None, js=SHOW)
    for sample_button, sample in samples:
        path = str(SAMPLES / sample["file"])
        play = functools.partial(hear_sample, hear, path, sample["text"])
        clicked = sample_button.click(play, chosen, [audio, text, *outputs], api_visibility="private", **shown)
        clicked.then(None, js=SHOW)


def hear_sample(hear: Callable, path: str, said: str, chosen: str) -> tuple[str, str, str, str]:
    """A sample's recording and transcript, and what the chosen model heard in it."""
    return path, said, *hear(path, said, chosen)


def make_theme() -> gr.themes.Base:
    """Ink on paper, light and dark; the rest is in style.css."""
    light = {"paper": "#fcfbf9", "card": "#ffffff", "ink": "#26313a", "soft": "#5d6973", "line": "#dcd8d0"}
    dark = {"paper": "#14181c", "card": "#1a1f24", "ink": "#e2e6e9", "soft": "#9aa5ae", "line": "#333b43"}
    roles = {
        "paper": ["body_background_fill", "background_fill_secondary"],
        "card": ["block_background_fill", "background_fill_primary", "input_background_fill"],
        "ink": ["body_text_color"],
        "soft": ["body_text_color_subdued", "block_label_text_color", "block_title_text_color"]
        + ["input_placeholder_color"],
        "line": ["border_color_primary", "block_border_color", "input_border_color"],
    }
    fills = {role: light[color] for color, its in roles.items() for role in its}
    fills |= {f"{role}_dark": dark[color] for color, its in roles.items() for role in its}
    return gr.themes.Base(font=SANS, font_mono=MONO, radius_size="sm").set(**fills)


def load_classifiers(model: str, revision: str | None) -> dict[str, Pipeline]:
    """The pipelines that a visitor may choose from: the model's, and the starter model's where that is installed."""
    starter = find_starter()
    if starter is None:
        return {model: load_classifier(model, revision)}
    if Path(model).resolve() == starter:
        return {STARTER: load_classifier(model)}
    return {model: load_classifier(model, revision), STARTER: load_classifier(str(starter))}


def find_starter() -> Path | None:
    """The folder of the starter model; `None` where it or wise_hf is not installed, as in a Space."""
    try:
        from wise_hf import starter_model

        return starter_model().resolve()
    except (ImportError, ValueError):
        return None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--model", default=os.environ.get("MODEL_ID", "org/wise-iemocap"), help="folder or Hub name")
    parser.add_argument(
        "--revision", default=os.environ.get("MODEL_REVISION") or None, help="commit of a model on the Hub"
    )
    parser.add_argument("--port", type=int, help="default: the first free one from 7860")
    args, name = parser.parse_args(), Path(sys.argv[0]).name
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if args.model.count("/") != 1 and not Path(args.model).is_dir():
        sys.exit(f"{name}: {args.model} is not there; give a model's folder, or its name on the Hub (org/name).")
    try:
        classifiers = load_classifiers(args.model, args.revision)
    except (OSError, ValueError, SafetensorError) as error:
        sys.exit(f"{name}: the model {args.model} cannot be loaded: {' '.join(str(error).split())}")
    # What visitors say is kept for this user alone, where the operator wants it, and goes with an orderly end.
    kept_in = os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir()
    try:
        os.makedirs(kept_in, exist_ok=True)
    except OSError as error:
        sys.exit(f"{name}: {kept_in} cannot be made ({error.strerror}); give another GRADIO_TEMP_DIR.")
    with tempfile.TemporaryDirectory(prefix="wise_hf_space_", dir=kept_in) as kept:
        os.environ["GRADIO_TEMP_DIR"] = kept
        try:
            serve(make_page(classifiers), args.port)
        except OSError as error:
            sys.exit(f"{name}: port {args.port} cannot be taken ({error}); give another --port.")


def serve(page: gr.Blocks, port: int | None) -> None:
    """Run the page until it is interrupted."""
    page.launch(
        server_port=port,
        allowed_paths=[str(SAMPLES)] if SAMPLES else None,
        max_file_size=4 * MAX_MB * 1_000_000,  # what is larger than MAX_MB gets our own message
        theme=make_theme(),
        css_paths=HERE / "style.css",
        footer_links=[],
        ssr_mode=False,
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # an orderly end
    main()
