"""What the first answer costs: imports, loading and a first prediction, each in a process of its own."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from wise_hf.benchmark.measurement import Measurement, of_repeats
from wise_hf.benchmark.own_process import seconds_of
from wise_hf.benchmark.setting import Setting
from wise_hf.benchmark.systems import wav2vec2_scores, wise_pipeline


IMPORT_OURS = "import wise_hf"
IMPORT_THEIRS = "from transformers import pipeline"
FIRST_OURS = "wise_hf.load_pipeline(sys.argv[1])({'audio': sys.argv[2], 'text': sys.argv[3]})"
FIRST_THEIRS = "pipeline('audio-classification', sys.argv[1])(soundfile.read(sys.argv[2], dtype='float32')[0])"


def compare_imports(setting: Setting) -> list[Measurement]:
    """`import wise_hf` against transformers with its pipelines."""
    runs = [partial(seconds_of, "", code) for code in (IMPORT_OURS, IMPORT_THEIRS)]
    return [of_repeats("import wise_hf / transformers' pipelines", *_in_turn(runs, setting))]


def compare_first_prediction(setting: Setting) -> list[Measurement]:
    """Loading a saved model and a first prediction, after the imports, against wav2vec2-base."""
    wav = setting.spoken.write(setting.folder / "sentence.wav")
    runs = [
        partial(seconds_of, IMPORT_OURS, FIRST_OURS, _saved_wise(setting), wav, setting.spoken.text),
        partial(seconds_of, f"{IMPORT_THEIRS}\nimport soundfile", FIRST_THEIRS, _saved_wav2vec2(setting), wav),
    ]
    return [of_repeats("model load and first prediction / wav2vec2-base", *_in_turn(runs, setting))]


def _in_turn(runs: Sequence[Callable[..., float]], setting: Setting) -> list[list[float]]:
    """What the runs tell, of each; the first of each, which reads its files from the disk, does not count."""
    told = [[run(threads=setting.threads) for run in runs] for _ in range(1 + setting.repeats)]
    return [list(its) for its in zip(*told[1:], strict=True)]


def _saved_wise(setting: Setting) -> Path:
    folder = setting.folder / "wise"
    wise_pipeline(setting.spoken.text).save_pretrained(folder)
    return folder


def _saved_wav2vec2(setting: Setting) -> Path:
    folder = setting.folder / "wav2vec2"
    model, encode = wav2vec2_scores().args
    model.save_pretrained(folder)
    encode.save_pretrained(folder)
    return folder
