"""A folder with exactly what is published, made of the model, the installed code and the files of `hub_card/`."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from safetensors import SafetensorError, safe_open
from transformers.utils import SAFE_WEIGHTS_NAME

import wise_hf
from wise_hf.data.files import read_json, write_json, written_whole
from wise_hf.data.output_lock import is_unused, lock_beside, only_writer
from wise_hf.hub.card import TEMPLATE, write_model_card
from wise_hf.hub.corpus_guard import check_no_corpus
from wise_hf.hub.release import Release
from wise_hf.hub.samples import copy_samples, hear_samples, read_samples
from wise_hf.model import modeling_wise
from wise_hf.model.loading import load_processor, weights_digest
from wise_hf.model.named_files import check_named_files


logger = logging.getLogger(__name__)

PACKAGE = Path(modeling_wise.__file__).parent
MODEL_FILES = ("config.json", SAFE_WEIGHTS_NAME, "processor_config.json", "tokenizer.json", "tokenizer_config.json")
CODE_FILES = "[a-z]*_wise.py"
# Beside the code: what Inference Endpoints runs, and what Git keeps apart. The last has no dot at home, since it would
# act on the repository that it lies in.
HUB_FILES = {"handler.py": "handler.py", "requirements.txt": "requirements.txt", "gitattributes": ".gitattributes"}
LICENSE_FILE = "LICENSE"  # where the model brings one of its own
OTHER_WEIGHTS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle", "*.h5", "*.msgpack", "*.onnx")

# Beside those that the configuration names by itself.
PROCESSING_CLASSES = {
    "AutoFeatureExtractor": "feature_extraction_wise.WISEFeatureExtractor",
    "AutoProcessor": "processing_wise.WISEProcessor",
}


def stage_model(release: Release, output_dir: Path) -> list[str]:
    """Lay out all that is published, load it from there, and let it classify the samples that its page shows.

    The folder is there when all of that is done, and not before. The code is that of the installed package: the
    handler and the card fit it, and a model that was downloaded and saved again may have lost some.

    Args:
        release: what is published; see `check_release`.
        output_dir: an empty folder, or one that is not there.

    Returns:
        What lies in the model's folder and stays there, sorted.

    Raises:
        ValueError: see `check_release`; for a folder that holds something, or a model that does not load or cannot
            classify the samples.
    """
    results = check_release(release)
    output_dir = output_dir.resolve()
    if output_dir.is_relative_to(release.model_dir.resolve()):
        raise ValueError(f"{output_dir} lies in the model's own folder; give a folder elsewhere.")
    check = partial(_check_nothing_there, output_dir)
    with only_writer(output_dir, check, lock_beside(output_dir)), written_whole(output_dir) as staged:
        staged.mkdir()
        staying = _stage(release, results, staged)
    return staying


def _check_nothing_there(output_dir: Path) -> None:
    if not is_unused(output_dir):
        raise ValueError(f"{output_dir} is there already; remove it, or give another folder.")


def _stage(release: Release, results: Sequence[Mapping], output_dir: Path) -> list[str]:
    staying = _copy_files(release, output_dir)
    _complete_config(output_dir / "config.json")
    model = load_staged_model(output_dir)
    classify = wise_hf.WISEAudioClassificationPipeline(model=model, processor=load_processor(output_dir))
    samples = hear_samples(classify, output_dir)
    write_model_card(release, model, weights_digest(output_dir), results, samples, output_dir / TEMPLATE)
    return staying


def check_release(release: Release) -> list[dict]:
    """Find out what is wrong before anything is made or anybody is contacted.

    Returns:
        The results that are published with it, see `Release.read_results`.

    Raises:
        ValueError: for a folder that holds anything of a corpus, or no whole model with its weights as safetensors;
            names that cannot be such; a `hub_card` without its files; results that cannot be read.
    """
    release.destination.check()
    folder = release.model_dir
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; give a model's folder, such as OUT/model or OUT/fold_1.")
    check_no_corpus(folder)
    _check_model_files(folder)
    check_hub_card(release.hub_card_dir)
    return release.read_results()


def _check_model_files(folder: Path) -> None:
    other = sorted(path.name for pattern in OTHER_WEIGHTS for path in folder.glob(pattern))
    if other and not (folder / SAFE_WEIGHTS_NAME).is_file():
        raise ValueError(
            f"{folder} has its weights as {', '.join(other)}; only safetensors are published, since loading the "
            "others can run code. Load the model where you trust it, and save it by save_pretrained."
        )
    for name in MODEL_FILES:
        if not (folder / name).is_file():
            raise ValueError(f"{folder} holds no model (no {name}); give a folder such as OUT/model or OUT/fold_1.")
    check_named_files(folder)
    license_file = folder / LICENSE_FILE
    if license_file.is_symlink():
        raise ValueError(
            f"{license_file} is a link, and what it leads to would be published; put the file itself there."
        )
    try:
        with safe_open(folder / SAFE_WEIGHTS_NAME, "pt"):
            pass
    except SafetensorError as error:
        raise ValueError(
            f"{folder / SAFE_WEIGHTS_NAME} is no safetensors file ({error}); save the model anew."
        ) from error


def check_hub_card(folder: Path) -> None:
    """Check that all that a model needs is there.

    Raises:
        ValueError: for a folder without the card's template, the handler, its requirements or the samples.
    """
    require_files(folder, (TEMPLATE, *HUB_FILES))
    read_samples(folder)


def require_files(folder: Path, names: Sequence[str]) -> None:
    """Check that files are there.

    Raises:
        ValueError: for a folder of `hub_card` that lacks one of these.
    """
    for name in names:
        if not (folder / name).is_file():
            raise ValueError(f"{folder} has no {name}; give the folder hub_card of wise_hf's repository.")


def _copy_files(release: Release, output_dir: Path) -> list[str]:
    """All files but the card; gives the names that stay behind."""
    own = [*MODEL_FILES, *([LICENSE_FILE] if (release.model_dir / LICENSE_FILE).is_file() else [])]
    for name in own:
        shutil.copyfile(release.model_dir / name, output_dir / name)
    code = sorted(PACKAGE.glob(CODE_FILES))
    for path in code:
        shutil.copyfile(path, output_dir / path.name)
    _tell_of_other_code(release.model_dir, code)
    for name, published in HUB_FILES.items():
        shutil.copyfile(release.hub_card_dir / name, output_dir / published)
    copy_samples(release.hub_card_dir, output_dir)
    going = {*own, *(path.name for path in code)}
    return sorted(path.name for path in release.model_dir.iterdir() if path.name not in going)


def _tell_of_other_code(model_dir: Path, code: list[Path]) -> None:
    saved = [(path, model_dir / path.name) for path in code]
    differ = [path.name for path, its in saved if its.is_file() and its.read_bytes() != path.read_bytes()]
    if differ:
        logger.warning(
            "The model was saved with another version of %s; what is published is the installed one.",
            ", ".join(differ),
        )


def _complete_config(path: Path) -> None:
    """The configuration names every class of the installed code, whichever of them it was saved with."""
    way_out = "give a folder such as OUT/model or OUT/fold_1"
    config = read_json(path, way_out)
    if not isinstance(config, dict) or config.get("model_type") != wise_hf.WISEConfig.model_type:
        raise ValueError(f"{path.name} is not that of a WISE model; {way_out}.")
    usual = wise_hf.WISEConfig()
    config["auto_map"] = {**config.get("auto_map", {}), **usual.auto_map, **PROCESSING_CLASSES}
    config["custom_pipelines"] = {**config.get("custom_pipelines", {}), **usual.custom_pipelines}
    write_json(path, config)


def load_staged_model(folder: Path) -> wise_hf.WISEForAudioClassification:
    """Load a model whose weights must fit its configuration.

    Args:
        folder: a staged model.

    Raises:
        ValueError: where configuration and weights do not fit together, which transformers only warns of.
    """
    try:
        model, told = wise_hf.WISEForAudioClassification.from_pretrained(folder, output_loading_info=True)
    except RuntimeError as error:  # of weights with other shapes
        raise ValueError(f"The weights do not fit the configuration ({error}); nothing was published.") from error
    wrong = {kind: sorted(told[kind]) for kind in ("missing_keys", "unexpected_keys") if told[kind]}
    if wrong:
        raise ValueError(
            f"The weights do not fit the installed code ({wrong}); publish the model with the version of wise_hf that "
            "made it."
        )
    return model
