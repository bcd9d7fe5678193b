"""Saved models -> the Hugging Face Hub; no recording, transcript or feature of a corpus goes with them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError
from huggingface_hub.utils import validate_repo_id


# All that is ever published, and the code beside it.
MODEL_FILES = (
    "config.json",
    "model.safetensors",
    "modeling_wise.py",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
)
CODE_FILES = "[a-z]*_wise.py"

# What the names of a corpus's files and folders end in, small letters or large.
CORPUS_NAMES = {
    "a recording": r"\.(aac|aif[cf]?|au|avi|avr|caf|flac|iff|m4a|mov|mp[34c]|nist|og[ag]|opus|paf|pvf|raw|rf64|sd[2s]|"
    r"sf|snd|sph|svx|voc|w64|wav|webm|wma|wve|xi)",
    "a prepared corpus or features": r"\.(arrow|htk|np[yz]|parquet)|dataset_info\.json",
    "a list of recordings": r"metadata\.(csv|jsonl)",
    "what is said in recordings, and when": r"\.words\.json|\.(wd|ph|sy)seg|transcriptions",
    "the labels of a corpus": "EmoEvaluation",
}

LICENCE = (
    "nothing of a corpus is published, be it recordings, transcripts or features: IEMOCAP is licensed for research to "
    "the person who signed for it and may not be passed on; other corpora have licences of their own"
)


def files_to_publish(model_dir: str | Path) -> list[str]:
    """
    The files of a saved model that go to the Hub: configuration, weights, processor, tokenizer and code.

    Args:
        model_dir: folder of a saved model, e.g. OUT/model or OUT/fold_1.

    Returns:
        Their names, sorted. Whatever else lies in the folder stays there.

    Raises:
        ValueError: for a folder that holds anything of a corpus, at any depth, or that holds no model.
    """
    folder = Path(model_dir)
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; give a model's folder, such as OUT/model or OUT/fold_1.")
    _check_no_corpus(folder)
    for name in MODEL_FILES:
        if not (folder / name).is_file():
            raise ValueError(f"{folder} holds no model (no {name}); give a folder such as OUT/model or OUT/fold_1.")
    return sorted({*MODEL_FILES, *(path.name for path in folder.glob(CODE_FILES))})


def _check_no_corpus(folder: Path) -> None:
    for path in chain([folder], folder.rglob("*")):
        for kind, pattern in CORPUS_NAMES.items():
            if re.search(f"({pattern})$", path.name, re.IGNORECASE):
                raise ValueError(
                    f"{path} looks like {kind}, and {LICENCE}. Move it out of the folder, or give the folder of a "
                    "model only, such as OUT/model or OUT/fold_1."
                )


def check_repo_id(repo_id: str) -> None:
    """
    Args:
        repo_id: a name on the Hub, org/name.

    Raises:
        ValueError: for what cannot be one.
    """
    try:
        validate_repo_id(repo_id)
        is_name = "/" in repo_id
    except HFValidationError:
        is_name = False
    if not is_name:
        raise ValueError(f"'{repo_id}' is no name on the Hub; give org/name, in letters, digits, '-', '_' and '.'.")


def publish(
    model_dir: str | Path,
    repo_id: str,
    private: bool | None = None,
    api: HfApi | None = None,
) -> str:
    """
    Put a saved model on the Hub, by the token that `hf auth login` or HF_TOKEN left.

    Nobody is contacted before folder and name are found to be right.

    Args:
        model_dir: see `files_to_publish`.
        repo_id: org/name; made where it is not there.
        private: for the owner only; `None` = as the owner's new repositories are.
        api: the Hub; `None` = the one that huggingface_hub is set to.

    Returns:
        The model's page.

    Raises:
        ValueError: see `files_to_publish`; for a name that cannot be one; for a public repository where it is to be
            private.
        OSError: where the Hub cannot be reached, or refuses.
    """
    names = files_to_publish(model_dir)
    check_repo_id(repo_id)
    api = api or HfApi()
    with _told_in_a_sentence(repo_id):
        url = api.create_repo(repo_id, private=private, exist_ok=True)
        if private and not api.model_info(repo_id).private:  # `private` says nothing about one that was there before
            raise ValueError(f"{repo_id} is there already and is public; make it private there, or give another name.")
        api.upload_folder(
            repo_id=repo_id, folder_path=model_dir, allow_patterns=names, commit_message="Upload WISE model"
        )
    return str(url)


@contextmanager
def _told_in_a_sentence(repo_id: str) -> Iterator[None]:
    try:
        yield
    except HfHubHTTPError as error:
        told = f"{error.response.status_code} {error.server_message or error.response.reason_phrase}".rstrip(". ")
        raise OSError(
            f"The Hub did not take {repo_id} ({told}); log in by `hf auth login`, or set HF_TOKEN, with a token that "
            "may write there; where it was the Hub's own fault, run this again later."
        ) from error
    except (HTTPError, RuntimeError) as error:  # of the connection; its message can hold the token
        raise OSError(
            f"{repo_id} was not uploaded: the connection to the Hub failed ({type(error).__name__}); check it, and "
            "that you are logged in (`hf auth login`), and run this again."
        ) from None
