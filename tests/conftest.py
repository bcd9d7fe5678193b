"""Fixtures that several test files share."""

import fcntl
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from loopback.hub import LoopbackHub


MadeOnce = Callable[[str, Callable[[Path], object]], Path]

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test needs a network
settings.register_profile("the same everywhere", derandomize=True, deadline=None)  # machines are shared
settings.load_profile("the same everywhere")


def pytest_runtest_setup() -> None:
    """What draws without a seed of its own, such as fresh weights, draws the same in every run."""
    from transformers import set_seed

    set_seed(0)


def _shared(name: str) -> Path:
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / name
    if not path.exists():
        pytest.skip(f"needs real data in ../shared/data/{name}, which is not here")
    return path


@pytest.fixture(scope="session")
def ravdess_root() -> Path:
    """The folder of real emotional speech with its metadata.csv."""
    return _shared("ravdess")


@pytest.fixture(scope="session")
def polish_root() -> Path:
    """The folder of real emotional speech in Polish with its metadata.csv."""
    return _shared("nemo_pl")


@pytest.fixture(scope="session")
def long_recordings() -> Path:
    """A sonnet of 53 s with its text, and a support call."""
    return _shared("long")


@pytest.fixture(scope="session")
def glove_file() -> Path:
    """40,000 rows of GloVe, 50 values each."""
    return _shared("glove/glove.6B.50d.top40k.txt.gz")


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    """A Hub of a test's own, empty."""
    with LoopbackHub() as hub:
        yield hub


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> MadeOnce:
    """Gives a folder of that name, written by whichever process of pytest-xdist asks first. Tests only read it."""
    common = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent

    def make(name: str, write: Callable[[Path], object]) -> Path:
        folder, written = common / name, common / f"{name}.written"
        with (common / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not written.exists():
                write(folder)
                written.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def spoken_corpus(made_once: MadeOnce) -> Path:
    """A small folder corpus of synthetic speech: 4 speakers, 32 utterances, exact word times beside the recordings."""
    pytest.importorskip("espeakng_loader", reason="needs espeakng-loader to make speech")
    from wise_hf.synthetic.demo_corpus import write_corpus

    return made_once("speech", partial(write_corpus, num_speakers=4, utterances_per_speaker=8))


@pytest.fixture(scope="session")
def iemocap_imitation(made_once: MadeOnce) -> Path:
    """The smallest imitation of IEMOCAP: its folders with synthetic speech, 120 utterances in 24 dialogs."""
    pytest.importorskip("espeakng_loader", reason="needs espeakng-loader to make speech")
    from wise_hf.synthetic.imitation import write_iemocap

    return made_once("imitation", partial(write_iemocap, share=1e-6))


@pytest.fixture(scope="session")
def saved_model(spoken_corpus: Path, made_once: MadeOnce) -> Path:
    """A saved model with its processor: fresh weights, the corpus's words, normalisation by speaker."""
    from transformers import set_seed

    from wise_hf.data.collator import load_utterances
    from wise_hf.data.corpora.folder import load_folder
    from wise_hf.data.prepare import prepare
    from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
    from wise_hf.training.wise_system import build_model, build_processor

    def save(folder: Path) -> None:
        set_seed(0)  # others may have drawn in this test
        rows = load_utterances(prepare(load_folder(spoken_corpus), WISEFeatureExtractor()))
        processor = build_processor(rows, None, WISEFeatureExtractor(normalization="speaker"))
        build_model(["angry", "happy", "neutral", "sad"], processor, None).save_pretrained(folder)
        processor.save_pretrained(folder)

    return made_once("model", save)


@pytest.fixture
def in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speech encoders take several windows at once, as on a GPU."""
    from wise_hf.model.frame_encoder_wise import FrameEncoder

    monkeypatch.setattr(FrameEncoder, "takes_batches", property(lambda encoder: not encoder.sees_padding))


@pytest.fixture(scope="session")
def encoder_folders(made_once: MadeOnce) -> Path:
    """A folder for each family of speech encoders: a small one with random weights, as the Hub has them."""
    from encoders import save_all

    return made_once("encoders", save_all)


@pytest.fixture(scope="session")
def real_whisper() -> Path:
    """OpenAI's Whisper base, 72 M values."""
    path = Path(__file__).resolve().parents[2] / "shared" / "models" / "whisper-base"
    if not path.exists():
        pytest.skip("needs the real Whisper in ../shared/models/whisper-base, which is not here")
    return path
