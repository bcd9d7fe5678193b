"""A model's folder of somebody who means harm: nothing that it names is opened, called, unpickled or run."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from watching import REACHING, Seen, watched

from wise_hf.model.loading import load_pipeline


Change = Callable[[Path, Path], object]


class Harmful:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def changed(file: str, *keys: str, to: object) -> Change:
    """Another value in a JSON file of the model; OUTSIDE in it is the folder beside the model's."""

    def change(folder: Path, outside: Path) -> None:
        path = folder / file
        read = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        place = read
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        place[keys[-1]] = json.loads(json.dumps(to).replace("OUTSIDE", str(outside)))
        path.write_text(json.dumps(read), encoding="utf-8")

    return change


def linked(file: str) -> Change:
    def change(folder: Path, outside: Path) -> None:
        (folder / file).unlink(missing_ok=True)
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).symlink_to(outside / file)

    return change


def sharded(path: str) -> Change:
    """Weights in an index that names files elsewhere."""

    def change(folder: Path, outside: Path) -> None:
        (folder / "model.safetensors").unlink()
        index = {"metadata": {}, "weight_map": {"wise.x": path.replace("OUTSIDE", str(outside))}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    return change


def pickled(name: str) -> Change:
    """Weights that are a pickle."""

    def change(folder: Path, outside: Path) -> None:
        (folder / "model.safetensors").unlink()
        torch.save(Harmful(outside / "unpickled"), folder / name)

    return change


def written(file: str, content: str) -> Change:
    return lambda folder, outside: (folder / file).write_text(content, encoding="utf-8")


def with_encoder(kind: str, n_embd: int = 2, **sizes: int) -> Change:
    """A pretrained text encoder of another size than the saved one."""

    def change(folder: Path, outside: Path) -> None:
        encoder = {"model_type": kind, "vocab_size": 1, "n_head": 1, "n_embd": n_embd, **sizes}
        own = {"word_encoder": {"encoder": encoder}, "word_embedding_size": n_embd, "vocab_size": 0}
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | own), encoding="utf-8")

    return change


DEEP = '{"a":' * 100_000 + "1" + "}" * 100_000
# Each with what is said of it.
REFUSED: dict[str, tuple[Change, str]] = {
    "adapter of another model": (
        changed("adapter_config.json", "base_model_name_or_path", to="OUTSIDE"),
        "another model",
    ),
    "adapter of an address": (changed("adapter_config.json", "base_model_name_or_path", to="a/b"), "another model"),
    "weights elsewhere": (
        changed("config.json", "transformers_weights", to="../outside/model.safetensors"),
        "open",
    ),
    "weights in an index": (sharded("../outside/model.safetensors"), "has no model.safetensors"),
    "weights in an index, absolute": (sharded("OUTSIDE/model.safetensors"), "has no model.safetensors"),
    "weights that are a pickle": (pickled("pytorch_model.bin"), "has no model.safetensors"),
    "weights named as safetensors": (pickled("model.safetensors"), "cannot be read"),
    "model for audio tokens": (
        changed("audio_tokenizer_config.json", "audio_tokenizer_name_or_path", to="evil/tokens"),
        "another model",
    ),
    "model for audio tokens in the processor": (
        changed("processor_config.json", "audio_tokenizer", "audio_tokenizer_name_or_path", to="gpt2"),
        "open",
    ),
    "backbone": (
        changed("config.json", "word_encoder", to={"encoder": {"model_type": "detr", "backbone": "resnet50"}}),
        "open",
    ),
    "kernel of the Hub": (changed("config.json", "attn_implementation", to="evil/kernel"), "a path or an address"),
    "code of another repository": (changed("config.json", "auto_map", "AutoConfig", to="evil/x--a.B"), "a path or"),
    "processor of another repository": (
        changed("processor_config.json", "auto_map", "AutoProcessor", to="evil/x--a.B"),
        "a path or an address",
    ),
    "features of another repository": (
        changed("processor_config.json", "feature_extractor", to={"auto_map": {"AutoFeatureExtractor": "e/x--a.B"}}),
        "a path or an address",
    ),
    "tokenizer's file": (
        changed("tokenizer_config.json", "tokenizer_file", to="OUTSIDE/tokenizer.json"),
        "open",
    ),
    "tokenizer's words": (changed("tokenizer_config.json", "vocab_file", to="OUTSIDE/vocab.txt"), "open"),
    "tokenizer's versions": (
        changed("tokenizer_config.json", "fast_tokenizer_files", to=["../outside/tokenizer.1.0.json"]),
        "open",
    ),
    "tokenizer's file, among special tokens": (
        changed("special_tokens_map.json", "tokenizer_file", to="OUTSIDE/tokenizer.json"),
        "open",
    ),
    "tokenizer's arguments": (changed("tokenizer_config.json", "init_inputs", to=["OUTSIDE/vocab.txt"]), "open"),
    "module with an effect": (
        changed("processor_config.json", "feature_extractor", "mfcc_backend", to="antigravity:x"),
        "import the module first, or set .* WISE_FRAME_EXTRACTORS",
    ),
    "module of a package": (
        changed("processor_config.json", "feature_extractor", "mfcc_backend", to="idlelib.idle:x"),
        "import the module first",
    ),
    "module by its path": (
        changed("processor_config.json", "feature_extractor", "mfcc_backend", to="OUTSIDE/evil:x"),
        "a path or an address",
    ),
    "module that is none": (
        changed("processor_config.json", "feature_extractor", "mfcc_backend", to="..evil:x"),
        "import the module first",
    ),
    "address": (changed("config.json", "frame_encoder", to="http://127.0.0.1:9/model"), "a path or an address"),
    "link to a configuration": (linked("config.json"), "leads out of the model's folder"),
    "link to weights": (linked("model.safetensors"), "leads out of the model's folder"),
    "link to a tokenizer": (linked("tokenizer.json"), "leads out of the model's folder"),
    "link to templates": (linked("additional_chat_templates"), "leads out of the model's folder"),
    "link among templates": (linked("additional_chat_templates/a.jinja"), "leads out of the model's folder"),
    "many members": (changed("config.json", "num_members", to=10**9), "beyond 1,000"),
    "many layers": (
        changed("config.json", "frame_encoder", to={"encoder": {"model_type": "whisper", "encoder_layers": 10**9}}),
        "beyond 1,000",
    ),
    "many layers of another name": (
        changed("config.json", "word_encoder", to={"encoder": {"model_type": "gpt2", "n_layer": 10**7}}),
        "beyond 1,000",
    ),
    "more layers than weights": (with_encoder("gpt2", n_embd=300, n_layer=1000), "more than [0-9,]+ weights, far"),
    "masks that fill the memory": (
        with_encoder("openai-gpt", n_positions=60_000),
        "more than 100,000,000 values that",
    ),
    "a name without end": (written("config.json", json.dumps({"backbone" * 10**5 + "!": 1e999})), "finite"),
    "numbers without end": (written("config.json", json.dumps({"mean": [0.5] * 10**6})), "more than 5,000,000 bytes"),
    "many words": (changed("config.json", "vocab_size", to=10**12), "beyond 10,000,000"),
    "more words than weights": (changed("config.json", "vocab_size", to=10**7), "more than [0-9,]+ weights, far"),
    "some more words": (changed("config.json", "vocab_size", to=1000), "weights, and the configuration"),
    "endless number": (changed("processor_config.json", "feature_extractor", "max_words", to=float("inf")), "finite"),
    "number that is none": (changed("config.json", "dropout", to=float("nan")), "finite"),
    "long frames": (changed("processor_config.json", "feature_extractor", "frame_ms", to=1e9), "beyond 10,000,000"),
    "number of many digits": (written("config.json", '{"vocab_size": ' + "9" * 100_000 + "}"), "no JSON"),
    "deep configuration": (written("config.json", DEEP), "no JSON"),
    "deep processor": (written("processor_config.json", DEEP), "no JSON"),
    "deep tokenizer": (written("tokenizer.json", DEEP), "cannot be read"),
    "tokenizer that is a list": (written("tokenizer.json", "[]"), "cannot be read"),
    "configuration that is a list": (written("config.json", "[]"), "no JSON object"),
    "features that are a list": (changed("processor_config.json", "feature_extractor", to=[1]), "cannot be read"),
    "no text": (lambda folder, outside: (folder / "config.json").write_bytes(b"\xff\xfe\x00"), "no JSON"),
}


@pytest.fixture
def folders(saved_model: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A model's folder, and beside it what it may not reach: a whole model, a pickle and a module."""
    folder, outside = tmp_path / "model", tmp_path / "outside"
    for each in (folder, outside):
        shutil.copytree(saved_model, each)
    shutil.copy(outside / "tokenizer.json", outside / "tokenizer.1.0.json")
    (outside / "vocab.txt").write_text("a\nb\n")
    (outside / "evil.py").write_text("FrameExtractor = open(__file__ + '.run', 'w')\n")
    (outside / "additional_chat_templates").mkdir()
    (outside / "additional_chat_templates" / "a.jinja").write_text("{{ 1 }}")
    (outside / "weights.pkl").write_bytes(pickle.dumps(Harmful(outside / "unpickled")))
    return folder, outside


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_model_s_folder_names_is_refused_in_a_sentence_and_not_reached(
    folders: tuple[Path, Path], name: str
) -> None:
    folder, outside = folders
    change, sentence = REFUSED[name]
    change(folder, outside)
    with watched() as seen, pytest.raises(ValueError, match=sentence):
        load_pipeline(folder)
    assert_nothing_reached(seen, outside)


def assert_nothing_reached(seen: Seen, outside: Path) -> None:
    assert seen.opened_in(outside) == []
    assert not (outside / "unpickled").exists() and not (outside / "evil.py.run").exists()
    assert seen.of(*REACHING) == []
    assert not {"antigravity", "idlelib", "idlelib.idle", "evil"} & {name for name, *_ in seen.of("import")}


def test_a_folder_as_it_was_saved_opens_nothing_beside_itself(folders: tuple[Path, Path], spoken_corpus: Path) -> None:
    folder, outside = folders
    audio = sorted((spoken_corpus / "audio").glob("*/*.wav"))[0]
    with watched() as seen:
        assert load_pipeline(folder)({"audio": str(audio), "text": "kids are talking"})
    assert_nothing_reached(seen, outside)
    assert {Path(path).name for path in seen.opened_in(folder)} >= {"config.json", "processor_config.json"}


@pytest.mark.parametrize(
    "change",
    [
        changed("config.json", "auto_map", "AutoConfig", to="evil--a.B"),
        changed("processor_config.json", "auto_map", "AutoProcessor", to="evil--a.B"),
        changed("tokenizer_config.json", "auto_map", to={"AutoTokenizer": ["evil/x--a.B", "evil/x--a.B"]}),
    ],
    ids=["model", "processor", "tokenizer"],
)
def test_code_of_another_repository_is_not_run(folders: tuple[Path, Path], change: Change) -> None:
    change(*folders)
    with watched() as seen:
        assert load_pipeline(folders[0])
    assert_nothing_reached(seen, folders[1])


def test_statistics_may_be_large(folders: tuple[Path, Path]) -> None:
    folder, outside = folders
    size = load_pipeline(folder).processor.feature_extractor.feature_size
    changed("processor_config.json", "feature_extractor", "mean", to=[1e9] * size)(folder, outside)
    assert load_pipeline(folder).processor.feature_extractor.mean == [1e9] * size


def test_a_link_that_is_not_read_may_lead_anywhere(folders: tuple[Path, Path]) -> None:
    folder, outside = folders
    (folder / "runs").symlink_to(outside)
    assert load_pipeline(folder)


@pytest.mark.parametrize("model", ["", "fold_1"])
def test_links_of_the_hub_s_cache_are_followed(folders: tuple[Path, Path], tmp_path: Path, model: str) -> None:
    folder, _ = folders
    snapshot, blobs = (
        tmp_path / "models--org--name" / "snapshots" / "0123" / model,
        tmp_path / "models--org--name/blobs",
    )
    for each in (snapshot, blobs):
        each.mkdir(parents=True)
    for number, path in enumerate(each for each in folder.iterdir() if each.is_file()):
        shutil.move(path, blobs / str(number))
        (snapshot / path.name).symlink_to(blobs / str(number))
    assert load_pipeline(snapshot).model.config.model_type == "wise"
