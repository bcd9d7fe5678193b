"""The Space: its HTML and its checks by themselves, and the whole page in a headless Chromium."""

import base64
import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from containers import FRAGMENTS, LIVE, contained

from wise_hf.hub.space import stage_space
from wise_hf.model.found_words_wise import find_words


SPACE = Path(__file__).resolve().parents[2] / "hub_card" / "space"
SAMPLES = SPACE.parent / "samples"
SAMPLE = json.loads((SAMPLES / "samples.json").read_text())[0]
TIMEOUT_MS = 60_000  # the machine may be busy
MICROPHONE = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    f"--use-file-for-fake-audio-capture={SAMPLES / SAMPLE['file']}",
)
# The Space does not have wise_hf; this Python does.
RUN_WITHOUT_PACKAGE = """
import runpy, sys
sys.modules["wise_hf"] = None
sys.path.insert(0, sys.argv[1])
sys.argv = ["app.py", *sys.argv[2:]]
runpy.run_path(sys.path[0] + "/app.py", run_name="__main__")
"""
# A stand-in for the starter model, which says the same of everything.
RUN_WITH_A_STARTER = """
import runpy, sys, wise_hf
from pathlib import Path
sys.path.insert(0, sys.argv[1])
sys.argv = ["app.py", *sys.argv[2:]]
wise_hf.starter_model = lambda: Path("starter_model")
import handler
load = handler.load_classifier
word = {"word": "heard", "start_s": 0.0, "end_s": 0.2, "attention": 1.0, "phonemes": []}
heard = {"scores": [{"label": "starting", "score": 1.0}], "text": "heard", "alignment": "aligner", "words": [word]}
stand_in = lambda *given, **options: heard
handler.load_classifier = lambda name, *commit: stand_in if name.endswith("starter_model") else load(name, *commit)
runpy.run_path(sys.path[0] + "/app.py", run_name="__main__")
"""
NASTY = (
    "Get <script>document.title='run'</script> <img src=x onerror=\"document.title='run'\"> ${alert(1)} {{value}} out"
)
NO_AUDIO = "cannot be read as audio"


def _import(name: str):
    sys.path.insert(0, str(SPACE))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SPACE))


rendering = _import("rendering")
recording = _import("recording")


def word(text: str, attention: float | None, start_s: float = 0.0) -> dict:
    return {
        "word": text,
        "start_s": start_s,
        "end_s": start_s + 0.25,
        "attention": attention,
        "phonemes": [{"phoneme": "AH", "start_s": start_s, "end_s": start_s + 0.25}],
    }


def result(words: list[dict], **scores: float) -> dict:
    listed = [{"label": label, "score": score} for label, score in scores.items()]
    return {"scores": listed, "text": "said", "alignment": "aligner", "words": words}


def test_text_is_shown_as_it_is() -> None:
    nasty = "<img src=x onerror='alert(1)'> ${alert(1)} {{value}} `\\"
    for html in (
        rendering.render_message(nasty),
        rendering.render_words([word(nasty, 0.5)]),
        rendering.render_bars([{"label": nasty, "score": 1.0}]),
        rendering.render_result(result([word("a", 1.0)], **{nasty: 1.0})),
    ):
        assert "<img" not in html and "&lt;img" in html
        assert not set("`${}\\") & set(html)


def test_bars_are_as_long_as_their_scores() -> None:
    html = rendering.render_bars([{"label": "angry", "score": 0.75}, {"label": "sad", "score": 0.25}])
    assert html.count("<li>") == 2
    assert "width:75.00%;background:#c5473f" in html and "width:25.00%" in html
    assert ">75 %</span>" in html and ">25 %</span>" in html


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "0 %"), (0.004, "< 1 %"), (0.005, "< 1 %"), (0.126, "13 %"), (1.0, "100 %")]
)
def test_percentages(share: float, said: str) -> None:
    assert rendering.percentage(share) == said


def test_words_are_the_stronger_coloured_the_more_they_count() -> None:
    html = rendering.render_words([word("kids", 0.8, 1.0), word("talk", 0.2)])
    assert "--strength:1.000" in html and "--strength:0.250" in html
    assert "80 % of the attention" in html and "1.00 to 1.25 s" in html and ">AH<" in html


def test_a_model_without_attention_colours_no_word() -> None:
    html = rendering.render_result(result([word("kids", None), word("talk", None)], sad=1.0))
    assert "of the attention" not in html and "--strength:0.000" in html and "weighs all words alike" in html


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"angry": 0.9, "sad": 0.1}, "Most likely angry"),
        ({"angry": 0.45, "sad": 0.5}, "Undecided: sad or angry"),
        ({"sad": 1.0}, "Most likely sad"),
    ],
)
def test_headline(scores: dict[str, float], said: str) -> None:
    assert rendering.headline(result([], **scores)["scores"]) == said


@pytest.mark.parametrize(
    ("alignment", "said"),
    [
        ("aligner", "your transcript"),
        ("asr+aligner", "errs often"),
        ("doubtful", "Type what is really said"),
        ("corpus", "were given"),
        ("uniform", "guesses"),
    ],
)
def test_it_says_how_the_words_were_found(alignment: str, said: str) -> None:
    assert said in rendering.render_result(result([word("a", 1.0)], sad=1.0) | {"alignment": alignment})


def test_the_time_line_is_a_picture() -> None:
    html = rendering.render_timeline(np.sin(np.arange(8000) / 9), 16_000, result([word("a<b", 1.0)], sad=1.0))
    assert base64.b64decode(html.split("base64,")[1].split('"')[0]).startswith(b"\x89PNG")
    assert "a&lt;b 0.00 s" in html


SOUND = np.sin(np.arange(800) / 3).astype(np.float32)


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        pytest.param(SOUND[:0], 8000, "empty", id="empty"),
        pytest.param(SOUND * np.nan, 8000, "NaN", id="NaN"),
        pytest.param(np.tile(SOUND, 80), 1000, "at most 60 s", id="long"),
        pytest.param(SOUND, 200_000, "200000 samples a second", id="rate"),
    ],
)
def test_recordings_that_cannot_be_used(tmp_path: Path, samples: np.ndarray, rate: int, said: str) -> None:
    soundfile.write(tmp_path / "x.wav", samples, rate, subtype="FLOAT")
    with pytest.raises(recording.BadRequest, match=said) as caught:
        recording.read_recording(str(tmp_path / "x.wav"))
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(("content", "said"), [(b"no audio", NO_AUDIO), (b"", NO_AUDIO), (None, "not kept")])
def test_files_that_are_no_recordings(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(recording.BadRequest, match=said) as caught:
        recording.read_recording(str(tmp_path / "x.wav"))
    assert str(tmp_path) not in str(caught.value)


def test_the_handlers_limits_hold_for_what_is_typed() -> None:
    assert recording.read_transcript(" kids \n") == "kids" and recording.read_transcript(" ") is None
    for text, said in (
        ("a " * 251, "251 words"),
        ("a" * 2001, "2001 characters"),
        ("\u043f\u0440", "no word in Latin"),
    ):
        with pytest.raises(recording.BadRequest, match=said):
            recording.read_transcript(text)


@pytest.mark.parametrize("size", [0, 2_000_000_000, None])
def test_a_wav_file_is_read_whatever_size_it_tells(tmp_path: Path, size: int | None) -> None:
    content = (SAMPLES / "angry.wav").read_bytes()
    told = content[40:44] if size is None else size.to_bytes(4, "little")
    (tmp_path / "x.wav").write_bytes(content[:40] + told + content[44:20_044])
    samples, rate = recording.read_recording(str(tmp_path / "x.wav"))
    assert samples.shape == (10_000, 1) and rate == 16_000


def test_large_files_and_no_file(tmp_path: Path) -> None:
    with (tmp_path / "x.wav").open("wb") as file:
        file.truncate(recording.MAX_MB * 1_000_000 + 1)
    with pytest.raises(recording.BadRequest, match="larger than 25 MB"):
        recording.read_recording(str(tmp_path / "x.wav"))
    with pytest.raises(recording.BadRequest, match="no recording yet"):
        recording.read_recording(None)


def test_stereo_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.flac", np.stack([SOUND, SOUND], axis=1) / 2, 44_100)
    samples, rate = recording.read_recording(str(tmp_path / "x.flac"))
    assert samples.shape == (800, 2) and rate == 44_100


def test_a_fault_of_ours_is_a_sentence_and_the_next_try_works() -> None:
    app = pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]") and _import("app")

    def fail(*args, **options):
        raise RuntimeError("/secret/path")

    html, timeline = app.listen(fail, str(SAMPLES / "angry.wav"), "said")
    assert "not your fault" in html and "secret" not in html and timeline == ""
    heard = result([word("said", 1.0)], sad=1.0)
    assert "Most likely sad" in app.listen(lambda *args, **options: heard, str(SAMPLES / "angry.wav"), "said")[0]


def loaded(app, monkeypatch: pytest.MonkeyPatch, model: str) -> dict[str, str]:
    """What the page offers, each as the place that it is loaded from."""
    monkeypatch.setattr(app, "load_classifier", lambda name, revision=None: name if revision is None else revision)
    return app.load_classifiers(model, None if Path(model).exists() else "a commit")


def test_the_starter_model_is_a_choice_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]") and _import("app")
    monkeypatch.setattr("wise_hf.starter_model", lambda: tmp_path)
    assert loaded(app, monkeypatch, "org/name") == {"org/name": "a commit", app.STARTER: str(tmp_path)}
    assert loaded(app, monkeypatch, str(tmp_path)) == {app.STARTER: str(tmp_path)}


def test_without_a_starter_model_the_page_has_its_own_model_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    app = pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]") and _import("app")
    monkeypatch.setattr("wise_hf.starter_model", lambda: (_ for _ in ()).throw(ValueError("not here")))
    assert loaded(app, monkeypatch, "org/name") == {"org/name": "a commit"}
    monkeypatch.setitem(sys.modules, "wise_hf", None)
    assert loaded(app, monkeypatch, "org/name") == {"org/name": "a commit"}


@pytest.mark.parametrize("text", ["", "Kids are talking."])
@pytest.mark.parametrize(("samples", "said"), [(0 * SOUND, "silent"), (np.tile(SOUND, 20), "noise or music")])
def test_what_is_no_speech_is_a_sentence(tmp_path: Path, samples: np.ndarray, said: str, text: str) -> None:
    app = pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]") and _import("app")

    def classify(given: dict, **options: bool) -> dict:
        return find_words(given["audio"]["array"][:, 0], given["text"], given["audio"]["sampling_rate"])

    soundfile.write(tmp_path / "x.wav", samples, 16_000)
    html, timeline = app.listen(classify, str(tmp_path / "x.wav"), text)
    assert "No word was heard in the recording" in html and said in html and timeline == ""


def test_a_model_that_is_not_there_ends_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]")
    monkeypatch.setattr(sys, "argv", ["app.py", "--model", str(tmp_path)])
    with pytest.raises(SystemExit, match="cannot be loaded"):
        _import("app").main()
    monkeypatch.setattr(sys, "argv", ["app.py", "--model", str(tmp_path / "none")])
    with pytest.raises(SystemExit, match="is not there; give a model's folder"):
        _import("app").main()


def test_a_port_that_is_taken_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]")
    app = _import("app")
    monkeypatch.setattr(app, "load_classifiers", lambda *args: {"model": None})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        monkeypatch.setattr(sys, "argv", ["app.py", "--model", "org/name", "--port", port])
        with pytest.raises(SystemExit, match=f"port {port} cannot be taken"):
            app.main()


@pytest.fixture(scope="module")
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install -e .[dev]")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("needs an installed Chromium to open the page in")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox", *MICROPHONE])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def url(browser, saved_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's address, running in a process of its own from a folder as it is published."""
    yield from running(RUN_WITHOUT_PACKAGE, saved_model, tmp_path_factory.mktemp("space") / "space")


def running(program: str, model: Path, space: Path) -> Iterator[str]:
    """The address of the app, laid out in a folder, while it runs in a process of its own."""
    pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    space.mkdir()
    stage_space(SPACE.parent, "org/wise-iemocap", space)
    log = space.parent / "log"
    with log.open("w") as file:
        app = subprocess.Popen(
            [sys.executable, "-c", program, space, "--port", str(port)],
            env=os.environ
            | {"HF_HUB_OFFLINE": "1", "MODEL_ID": str(model), "GRADIO_TEMP_DIR": str(space.parent / "uploads")},
            cwd=space.parent,
            stdout=file,
            stderr=file,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/", app, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        app.terminate()
        app.wait(30)


def _wait_for(url: str, app: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        assert app.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=30).close()
            return
        except urllib.error.URLError:
            time.sleep(0.5)
    raise AssertionError(f"The app did not start in two minutes: {log.read_text()}")


@pytest.fixture
def page(browser, url: str) -> Iterator:
    """The page in a window of its own; afterwards it must have asked no other host, and run no script of a visitor."""
    yield from opened(browser, url)


def opened(browser, url: str) -> Iterator:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(TIMEOUT_MS)
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(url)
    page.wait_for_selector("#sample-0")
    yield page
    own = (url, "data:", f"blob:{url}")
    assert [asked for asked in page.asked if not asked.startswith(own)] == []
    page.close()


def upload(page, path: Path) -> None:
    page.click("button[aria-label='Upload file']")
    page.set_input_files("input[type=file]", path)
    # There when the file has arrived; whether the player can draw it, and when, is another matter.
    page.wait_for_selector("[data-testid='waveform-Recording']", state="attached")


def listen(page, text: str = SAMPLE["text"]) -> None:
    page.fill("textarea", text)
    page.click("#listen")


def shown_words(page) -> list[str]:
    return page.locator(".word .said").all_inner_texts()


@pytest.mark.slow
def test_upload_gives_the_pipelines_result(page, saved_model: Path) -> None:
    from wise_hf.model.loading import load_pipeline

    path = SAMPLES / SAMPLE["file"]
    upload(page, path)
    listen(page)
    page.wait_for_selector(".timeline img")
    expected = load_pipeline(saved_model)({"audio": str(path), "text": SAMPLE["text"]}, return_words=True)
    bars = list(
        zip(
            page.locator(".bars .label").all_inner_texts(), page.locator(".bars .value").all_inner_texts(), strict=True
        )
    )
    assert bars == [(entry["label"], f"{100 * entry['score']:.0f} %") for entry in expected["scores"]]
    assert shown_words(page) == [word["word"] for word in expected["words"]]
    assert page.inner_text(".heard h2") == rendering.headline(expected["scores"])
    page.focus(".word >> nth=1")
    tip = page.locator("#tip-1")
    assert tip.is_visible() and not page.locator("#tip-0").is_visible()
    second = expected["words"][1]
    assert f"{second['start_s']:.2f} to {second['end_s']:.2f} s" in tip.inner_text()
    assert f"{100 * second['attention']:.0f} % of the attention" in tip.inner_text()
    assert page.evaluate("document.querySelector('.timeline img').naturalWidth") > 1000
    assert page.errors == []


@pytest.mark.slow
def test_a_sample_at_one_click_then_cleared(page) -> None:
    page.click("#sample-0")
    page.wait_for_selector(".timeline img")
    assert page.input_value("textarea") == SAMPLE["text"]
    assert " ".join(shown_words(page)) == SAMPLE["text"].rstrip("!")
    assert page.errors == []
    page.click("button[aria-label='Clear']")
    page.wait_for_selector(".waiting")
    assert page.locator(".timeline img").count() == 0
    page.click("#listen")
    assert "no recording yet" in page.inner_text(".message")


@pytest.mark.slow
def test_a_visitor_chooses_between_the_two_models(browser, saved_model: Path, tmp_path: Path) -> None:
    for url in running(RUN_WITH_A_STARTER, saved_model, tmp_path / "space"):
        for page in opened(browser, url):
            page.click("#sample-0")
            page.wait_for_selector(".timeline img")
            assert len(page.locator(".bars .label").all_inner_texts()) == 4
            page.get_by_text("the starter model", exact=True).click()
            page.wait_for_selector(".waiting")
            assert page.locator(".bars").count() == 0, "no result stands beside a model that it is not of"
            page.click("#listen")
            page.wait_for_selector(".timeline img")
            assert page.locator(".bars .label").all_inner_texts() == ["starting"]
            page.click("#sample-1")
            page.wait_for_function("document.querySelector('textarea').value.length > 0")
            assert page.locator(".bars .label").all_inner_texts() == ["starting"]
            assert page.errors == []


@pytest.mark.slow
def test_with_one_model_there_is_nothing_to_choose(page) -> None:
    assert page.locator("#model").count() == 0


@pytest.mark.slow
def test_a_recording_by_the_microphone(page) -> None:
    page.click("button.record-button")
    page.get_by_text("0:02", exact=True).wait_for()  # a busy machine starts recording late
    page.click("button.stop-button")
    page.wait_for_selector(".playback, .play-pause-button")
    listen(page, "picture")
    page.wait_for_selector(".timeline img")
    assert shown_words(page) == ["picture"]
    assert page.errors == []


@pytest.mark.slow
def test_a_file_that_is_no_audio_then_one_that_is(page, tmp_path: Path) -> None:
    page.click("#sample-0")
    page.wait_for_selector(".timeline img")
    page.click("button[aria-label='Clear']")
    (tmp_path / "x.wav").write_text("These are words.")
    upload(page, tmp_path / "x.wav")
    listen(page)
    assert NO_AUDIO in page.inner_text(".message")
    assert page.locator(".timeline img").count() == 0 and page.locator(".bars").count() == 0
    page.click("button[aria-label='Clear']")
    upload(page, SAMPLES / SAMPLE["file"])
    listen(page)
    page.wait_for_selector(".timeline img")


@pytest.mark.slow
def test_a_text_file_is_refused_in_the_page(page, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("These are words.")
    page.click("button[aria-label='Upload file']")
    page.set_input_files("input[type=file]", tmp_path / "x.txt")
    assert NO_AUDIO in page.inner_text(".message")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), [("x.webm", ("webm", "libopus")), ("x.mp4", ("mp4", "aac"))])
def test_a_video_is_heard(page, tmp_path: Path, name: str, kind: tuple[str, str]) -> None:
    samples, rate = soundfile.read(SAMPLES / SAMPLE["file"])
    (tmp_path / name).write_bytes(contained(samples, *kind, rate))
    upload(page, tmp_path / name)
    listen(page)
    page.wait_for_selector(".timeline img")
    assert " ".join(shown_words(page)) == SAMPLE["text"].rstrip("!")


@pytest.mark.slow
def test_a_video_that_is_dropped_is_heard(page) -> None:
    samples, rate = soundfile.read(SAMPLES / SAMPLE["file"])
    content = base64.b64encode(contained(samples, "webm", "libopus", rate)).decode()
    page.click("button[aria-label='Upload file']")
    dropped = page.evaluate_handle(
        """async (content) => {
            const held = new DataTransfer();
            const bytes = await (await fetch("data:video/webm;base64," + content)).blob();
            held.items.add(new File([bytes], "x.webm", { type: "video/webm" }));
            return held;
        }""",
        content,
    )
    page.dispatch_event("button[aria-label*='rop']", "drop", {"dataTransfer": dropped})
    page.wait_for_selector("[data-testid='waveform-Recording']", state="attached")
    listen(page)
    page.wait_for_selector(".timeline img")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["audio/webm;codecs=opus", "audio/mp4;codecs=opus"])
def test_what_chromium_records_is_read(browser, tmp_path: Path, kind: str) -> None:
    page = browser.new_page()
    recorded = page.evaluate(
        """async (kind) => {
            const context = new AudioContext(), tone = context.createOscillator();
            const target = context.createMediaStreamDestination();
            tone.connect(target);
            tone.start();
            await context.resume();
            const recorder = new MediaRecorder(target.stream, { mimeType: kind }), parts = [];
            recorder.ondataavailable = (event) => parts.push(event.data);
            const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
            recorder.start(250);
            setTimeout(() => recorder.stop(), 2000);
            await stopped;
            return Array.from(new Uint8Array(await new Blob(parts).arrayBuffer()));
        }""",
        kind,
    )
    page.close()
    (tmp_path / "x").write_bytes(bytes(recorded))
    samples, rate = recording.read_recording(str(tmp_path / "x"))
    assert rate == 48_000 and len(samples) / rate == pytest.approx(2.0, abs=0.5)
    spectrum = np.abs(np.fft.rfft(samples[rate // 2 : rate, 0]))
    assert spectrum.argmax() * 2 == pytest.approx(440, abs=4)


def test_what_a_browser_or_a_phone_recorded_is_read(tmp_path: Path) -> None:
    for kind in (("webm", "libopus", 48_000, LIVE), ("ipod", "aac", 44_100), ("mp4", "aac", 48_000, FRAGMENTS)):
        (tmp_path / "x").write_bytes(contained(np.tile(SOUND, 60), *kind))
        samples, rate = recording.read_recording(str(tmp_path / "x"))
        assert rate == kind[2] and 48_000 <= len(samples) + 100 < 51_000


@pytest.mark.slow
def test_a_transcript_is_text(page) -> None:
    page.click("#sample-0")
    page.wait_for_selector(".timeline img")
    title = page.title()
    page.fill("textarea", NASTY)
    page.press("textarea", "Enter")
    page.wait_for_selector(".word .said:text-is('document')")
    assert shown_words(page) == ["Get", "document", "title", "equals", "run", "out"], "markup is not spoken"
    assert page.locator("#heard img, #heard script").count() == 0
    page.fill("textarea", "x" * 2001)
    page.press("textarea", "Enter")
    assert "2001 characters" in page.inner_text(".message")
    assert page.title() == title and page.errors == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone(page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    page.click("#sample-0")
    page.wait_for_selector(".timeline img")
    assert page.locator(".bars").is_visible() and page.locator(".words").is_visible()
    page.focus(".word >> nth=-1")
    box = page.locator(".tip:visible").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    assert page.evaluate("(box => box.scrollWidth > box.clientWidth)(document.querySelector('.scroll'))")
    assert page.errors == []


@pytest.mark.slow
def test_bars_and_words_follow_a_speaker(page) -> None:
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_selector("#live .bars", timeout=3 * TIMEOUT_MS)
    assert page.locator("#live .bars .label").count() == 4
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector("#live .heard:not(.provisional)", timeout=3 * TIMEOUT_MS)
    assert page.locator("#live .word").count() > 0
    page.get_by_role("button", name="Record", exact=True).wait_for()
    assert page.errors == []


@pytest.mark.slow
def test_all_that_is_spoken_until_stop_is_sent_and_nothing_after_it_though_the_server_is_slow(page) -> None:
    held = []
    page.route("**/component_server/", lambda route: held.append(route))
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("button", name="Record", exact=True).click()
    start_ms = page.evaluate("performance.now()")
    page.wait_for_timeout(4000)
    page.get_by_role("button", name="Stop").click()
    recorded_s = (page.evaluate("performance.now()") - start_ms) / 1000
    page.wait_for_timeout(2000)
    assert len(held) == 1
    held[0].fulfill(json=["name", "<p>heard</p>"])
    while len(held) < 2:
        page.wait_for_timeout(100)
    held[1].fulfill(json=[None, "<p>heard</p>"])
    page.get_by_role("button", name="Record", exact=True).wait_for()
    parts = [json.loads(route.request.post_data)["data"] for route in held]
    assert [(each["speaker"], each["is_last"]) for each in parts] == [(None, False), ("name", True)]
    samples = np.frombuffer(base64.b64decode(parts[1]["samples"]), "<f4")
    spoken_s = len(samples) / parts[1]["rate"] + 0.3
    assert 0.7 * recorded_s < spoken_s < recorded_s + 1
    assert np.abs(samples).max() > 0.01


@pytest.mark.slow
def test_a_server_that_fails_while_somebody_speaks_is_told(page) -> None:
    page.route("**/component_server/", lambda route: route.fulfill(status=500, body="no"))
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text("The server did not answer.").wait_for()
    page.get_by_role("button", name="Record", exact=True).wait_for()
