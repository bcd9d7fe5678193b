"""What Inference Endpoints run: a recording in, its emotions out. It lies beside config.json in a model's folder.

A request holds one recording: the bytes of an audio file, or JSON

    {"inputs": AUDIO, "parameters": {"top_k": 2, "return_words": true}}
    {"inputs": {"audio": AUDIO, "text": "what is said"}, "parameters": {...}}
    {"audio": AUDIO, "text": "what is said", "parameters": {...}}

where AUDIO is the base64 of an audio file (or a data: URL of it) and text and parameters may be left out. The server
of Inference Endpoints asks for `inputs`; the last form is for servers that do not. Strings are never opened as paths
or URLs; nothing that is sent is unpickled or logged, and no value of it is quoted in an error.

Requests are worked off one at a time: 2 s of speech take about 0.06 s of CPU with their text and 0.3 s without, most
of that in pocketsphinx, which keeps Python's lock. To serve more requests, run more processes: workers or replicas.
"""

import base64
import io
import os
import re
import threading
import traceback
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from transformers import Pipeline, pipeline
from transformers.dynamic_module_utils import get_class_from_dynamic_module


HERE = Path(__file__).resolve().parent
HAS_CODE = (HERE / "audio_wise.py").is_file()  # in a model's folder and in a Space; its files import each other
if HAS_CODE:
    open_audio = get_class_from_dynamic_module("audio_wise.open_audio", str(HERE))
    told_names = get_class_from_dynamic_module("audio_wise.told_names", str(HERE))
    use_one_thread = get_class_from_dynamic_module("threads_wise.use_one_thread", str(HERE))
else:
    from wise_hf.model.audio_wise import open_audio, told_names
    from wise_hf.model.threads_wise import use_one_thread


def _limit(name: str, usual: int) -> int:
    """A limit, which an environment variable of the endpoint can set otherwise."""
    given = os.environ.get(name, str(usual))
    if not given.isascii() or not given.isdigit():
        raise ValueError(f"The environment variable {name} is '{given:.40}'; give a whole number, such as {usual}.")
    return int(given)


# What hears the words of recordings without text; without it pocketsphinx does, which knows English alone.
RECOGNISER = os.environ.get("WISE_RECOGNISER") or None
MAX_AUDIO_BYTES = _limit("WISE_MAX_AUDIO_BYTES", 25_000_000)
# The recogniser takes about 0.15 s of CPU for each of them, and this process does nothing else meanwhile.
MAX_AUDIO_SECONDS = _limit("WISE_MAX_AUDIO_SECONDS", 60)
MAX_TEXT_CHARACTERS = _limit("WISE_MAX_TEXT_CHARACTERS", 2_000)
# Fast speech has 250 in a minute.
MAX_TEXT_WORDS = _limit("WISE_MAX_TEXT_WORDS", 250)

# 192 kHz mono, 96 kHz stereo or 48 kHz of four channels: 46 MB of samples in a minute.
MAX_SAMPLES_PER_SECOND = 192_000
# What may be spoken as a word of its own: letters in a row, each digit, some signs.
SPOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d|[&%+=@$£€]")
PARAMETERS = ("top_k", "return_words", "function_to_apply")


def load_classifier(name_or_folder: str, revision: str | None = None) -> Pipeline:
    """Load a model: by the code beside this file where there is any, else by the installed wise_hf.

    The installed wise_hf runs no code of a model's folder. The process computes in one thread, unless OMP_NUM_THREADS
    tells otherwise.

    Args:
        name_or_folder: a folder, or a name on the Hub.
        revision: commit of a model on the Hub.

    Raises:
        ValueError: for a folder without code where wise_hf is not installed.
        OSError, ValueError, SafetensorError: where there is no model, or one whose weights cannot be read. Weights of
            another format than safetensors are pickles, and not read.
    """
    use_one_thread()
    folder = Path(name_or_folder)
    has_none = (folder / "config.json").is_file() and not (folder / "pipeline_wise.py").is_file()
    if has_none or not HAS_CODE:
        try:
            from wise_hf.model.loading import load_pipeline
        except ImportError:
            raise ValueError(f"{folder} has no code beside it (pipeline_wise.py); install wise_hf.") from None
        return load_pipeline(name_or_folder, RECOGNISER, revision=revision)
    given = {"revision": revision, "trust_remote_code": True, "model_kwargs": {"use_safetensors": True}}
    given |= {"recogniser": RECOGNISER} if RECOGNISER else {}  # older models know no other than pocketsphinx
    return pipeline("audio-classification", name_or_folder, **given)


def where_it_failed(error: BaseException) -> str:
    """Tell a log of a fault of ours without its message, which may quote what somebody said."""
    return f"{type(error).__name__} in\n{''.join(traceback.format_tb(error.__traceback__))}"


class BadRequest(ValueError):
    """What the caller can mend; the server answers with status 400 and this sentence."""


class EndpointHandler:
    """The emotion of one recording a request; may be called from several threads.

    ```python
    handler = EndpointHandler("out/fold_1")
    handler({"inputs": Path("call.wav").read_bytes()})
    ```
    """

    def __init__(self, path: str = ""):
        """Load a model.

        Args:
            path: folder of a model with all its files; "" = the folder that this file lies in.

        Raises:
            ValueError: where there is no model, or one whose weights cannot be read.
        """
        folder = Path(path or Path(__file__).parent).resolve()
        if not (folder / "config.json").is_file():
            raise ValueError(f"{folder} holds no model (no config.json); give a model's folder, such as OUT/fold_1.")
        try:
            self.classify = load_classifier(str(folder))
        except SafetensorError as error:
            raise ValueError(f"The weights in {folder} cannot be read ({error}); fetch the model again.") from error
        # One at a time: threads gain nothing (see above), and the memory of one recording is all that is needed.
        self._turn = threading.Lock()

    def __call__(self, data: dict[str, Any]) -> list[dict] | dict:
        """Answer a request.

        Args:
            data: a request, see the top of this file; audio may be bytes in place of base64. Parameters: top_k, how
                many labels (all); return_words, also give words, times and attention (false); function_to_apply,
                "softmax".

        Returns:
            `[{"label", "score"}]`, best first; with `return_words` `{"scores", "text", "alignment", "words"}`.

        Raises:
            BadRequest: for a request of another form, beyond a limit, or whose audio cannot be read.
            ValueError: for a recording that cannot be used, e.g. in which no word was heard.
        """
        recording, parameters = _parts(data)
        options = _options(parameters)
        audio, text = _audio_bytes(recording.get("audio")), read_text(recording.get("text"))
        with self._turn:
            return self.classify({"audio": read_samples(audio), "text": text}, **options)


# --- the form of a request ---


def _parts(data: dict) -> tuple[dict, dict]:
    """The recording, {"audio"} and perhaps "text", and the parameters."""
    request = _mapping(data, "A request", ("inputs", "audio", "text", "parameters"))
    parameters = request.pop("parameters", None)
    recording = request
    if "inputs" in request:
        recording = request.pop("inputs")
        if request:
            raise BadRequest("A request has inputs, or audio and text, not both; put audio and text into inputs.")
    if isinstance(recording, list):
        raise BadRequest("The inputs are a list; send one recording in a request, and the others in others.")
    if not isinstance(recording, dict):
        recording = {"audio": recording}
    recording = _mapping(recording, "A recording", ("audio", "text", "parameters"))
    inner = recording.pop("parameters", None)
    if inner is not None and parameters is not None:
        raise BadRequest("The request has parameters in two places; give them once.")
    return recording, parameters if inner is None else inner


def _mapping(value: Any, what: str, known: tuple[str, ...]) -> dict:
    """A copy of a dict that has no other keys than these."""
    if not isinstance(value, dict):
        raise BadRequest(f"{what} is {_kind(value)}; it must be an object with {', '.join(known)}.")
    unknown = [name for name in value if name not in known]
    if unknown:
        raise BadRequest(f"{what} does not have {told_names(unknown)}; it has {', '.join(known)}.")
    return dict(value)


def _options(parameters: Any) -> dict:
    """What the pipeline takes."""
    options = _mapping({} if parameters is None else parameters, "The parameters' object", PARAMETERS)
    options = {name: value for name, value in options.items() if value is not None}
    if options.pop("function_to_apply", "softmax") != "softmax":
        raise BadRequest('The function_to_apply must be "softmax" or left out: scores are probabilities.')
    top_k, return_words = options.get("top_k", 1), options.get("return_words", False)
    if type(top_k) is not int or top_k < 1:
        raise BadRequest(f"top_k is {_shown(top_k)}; it must be a whole number of at least 1.")
    if not isinstance(return_words, bool):
        raise BadRequest(f"return_words is {_shown(return_words)}; it must be true or false.")
    return options


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, (int, float)) and abs(value) < 1e6 else _kind(value)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", int: "a number"}
    return "null" if value is None else names.get(type(value), "a number" if isinstance(value, float) else "no JSON")


def read_text(text: Any) -> str | None:
    """Check what is said in a recording.

    Args:
        text: what is said in a recording, or `None`.

    Returns:
        The text as it was sent.

    Raises:
        BadRequest: for what is no text, too long, or has no word that could be English.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise BadRequest(f"The text is {_kind(text)}; it must be a string, what is said in the recording.")
    # Some single characters are a dozen when they are spelt out.
    spelt = unicodedata.normalize("NFKC", text) if len(text) <= MAX_TEXT_CHARACTERS else text
    if len(spelt) > MAX_TEXT_CHARACTERS:
        raise BadRequest(f"The text has {len(spelt)} characters; at most {MAX_TEXT_CHARACTERS} are taken.")
    words = len(SPOKEN.findall(spelt))
    if words > MAX_TEXT_WORDS:
        raise BadRequest(f"The text has {words} words, counting digits and signs; at most {MAX_TEXT_WORDS} are taken.")
    if not re.search("[A-Za-z0-9]", unicodedata.normalize("NFKD", text)):
        raise BadRequest("The text has no word in Latin letters; give what is said, in English, or leave it out.")
    return text


# --- the audio ---


def _audio_bytes(audio: Any) -> bytes:
    """The bytes of the audio file, however they were sent."""
    if audio is None:
        raise BadRequest("The request has no audio; send an audio file's bytes, or JSON with their base64.")
    if isinstance(audio, str):
        audio = _from_base64(audio)
    if not isinstance(audio, (bytes, bytearray, memoryview)):
        raise BadRequest(f"The audio is {_kind(audio)}; it must be a string, the base64 of an audio file.")
    return bytes(audio)


def _from_base64(text: str) -> bytes:
    if text[:5].lower() == "data:":
        head, _, text = text.partition(",")
        if not head.lower().endswith(";base64"):
            raise BadRequest("The audio is a data: URL of another encoding; send data:audio/wav;base64,...")
    if len(text) > 1.4 * MAX_AUDIO_BYTES + 100:
        raise BadRequest(_too_large())
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        # The string stays out of the sentence: it may be a URL with a password or a token in it.
        raise BadRequest(
            "The audio is a string that is no base64; send the base64 of an audio file. Paths and URLs are not opened."
        ) from None


def _too_large() -> str:
    return f"The audio is larger than {MAX_AUDIO_BYTES / 1e6:g} MB; send a shorter recording, or an mp3 or flac file."


def read_samples(audio: bytes) -> dict:
    """Decode an audio file within the limits.

    Args:
        audio: an audio file, of a kind that wise_hf reads.

    Returns:
        `array`, (frames, channels) float32 in [-1, 1], and `sampling_rate` in Hz.

    Raises:
        BadRequest: for another file, a damaged one, or one beyond the limits: it is not decoded where its header says
            so, and else no further than to them.
    """
    if len(audio) > MAX_AUDIO_BYTES:
        raise BadRequest(_too_large())
    try:
        with open_audio(io.BytesIO(audio), "The audio") as file:
            if file.frames is not None:
                _check_length(file.frames, file.channels, file.rate)
            most = min(MAX_AUDIO_SECONDS * file.rate, MAX_AUDIO_SECONDS * MAX_SAMPLES_PER_SECOND // file.channels)
            samples = file.read(stop=most + 1)
    except ValueError as error:
        raise BadRequest(str(error)) from error
    _check_length(len(samples), file.channels, file.rate)
    if not np.isfinite(samples).all():
        raise BadRequest("The audio has samples that are NaN or infinite; send a recording without them.")
    return {"array": samples, "sampling_rate": file.rate}


def _check_length(frames: int, channels: int, rate: int) -> None:
    if frames == 0:
        raise BadRequest("The audio is empty: it has no samples; send a recording.")
    if frames > MAX_AUDIO_SECONDS * rate:
        # One sample more is all that is decoded where the header does not tell.
        is_told = frames > MAX_AUDIO_SECONDS * rate + 1
        told = f"{frames / rate:.1f} s long" if is_told else f"longer than {MAX_AUDIO_SECONDS:g} s"
        raise BadRequest(f"The audio is {told}; more than 0 and at most {MAX_AUDIO_SECONDS:g} s are taken.")
    if frames * channels > MAX_AUDIO_SECONDS * MAX_SAMPLES_PER_SECOND:
        raise BadRequest(
            f"The audio has {channels} channels at {rate} Hz, too many samples; send mono of 16000 Hz, it is enough."
        )
