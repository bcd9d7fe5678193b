"""Folds as a file that says who is where, so that others can train and test on the very same ones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets import Dataset

from wise_hf.data.files import read_json, write_json
from wise_hf.data.folds import PARTS, Fold, is_text_disjoint


LISTS = (*PARTS, "left_out")


def write_folds(
    folds: Sequence[Fold], dataset: Dataset, path: Path, protocol: str, seed: int, text_disjoint: bool = False
) -> None:
    """Write folds by the ids and the speakers of their utterances; nothing of what is said.

    Args:
        folds: who is where.
        dataset: the utterances that the folds were made of, with the columns `id` and `speaker`.
        path: the JSON file.
        protocol, seed: of `make_folds`.
        text_disjoint: `without_tested_text` was applied.

    Raises:
        ValueError: where utterances share an id, or the file cannot be written.
    """
    _rows_by_id(dataset)
    ids, speakers = dataset["id"][:], dataset["speaker"][:]
    content = {"protocol": protocol, "seed": seed, "text_disjoint": text_disjoint, "num_utterances": len(dataset)}
    write_json(path, content | {"folds": [_fold_to_json(fold, ids, speakers) for fold in folds]})


def _fold_to_json(fold: Fold, ids: Sequence[str], speakers: Sequence[str | None]) -> dict:
    listed = {name: [ids[row] for row in getattr(fold, name)] for name in LISTS}
    heard = {part: sorted({speakers[row] for row in getattr(fold, part)} - {None}) for part in PARTS}
    return {"name": fold.name, **listed, "speakers": heard}


def read_folds(path: Path, dataset: Dataset) -> list[Fold]:
    """The folds of a file, exactly.

    Args:
        path: what `write_folds` wrote, or somebody else in its format; `left_out` and `speakers` may be missing.
        dataset: the utterances, with the column `id`.

    Raises:
        ValueError: for no such file, a fold that lacks a part, an utterance that the dataset does not have or that
            is named twice in a fold, one of the dataset that a fold does not name, or folds that are not what the
            file calls them: by session or speaker, or text-disjoint.
    """
    content, row_of = _read(path), _rows_by_id(dataset)
    folds = []
    for named in content["folds"]:
        for part in PARTS:
            if not named[part] and not (part == "test" and len(content["folds"]) == 1):
                raise ValueError(f"{path}: fold '{named['name']:.80}' has nobody in its {part} part; fill it in.")
        _check_ids(path, named, row_of)
        fold = Fold(named["name"], *([row_of[each] for each in named.get(part, [])] for part in LISTS))
        _check_claims(path, fold, content, dataset)
        folds.append(fold)
    return folds


def read_origin(path: Path) -> dict:
    """How the folds of a file were made: `protocol`, `seed` and `text_disjoint`, as `write_folds` takes them.

    Raises:
        ValueError: for no such file.
    """
    content = _read(path)
    return {name: content.get(name, False) for name in ("protocol", "seed", "text_disjoint")}


def _read(path: Path) -> dict:
    if not path.is_file():
        raise ValueError(f"{path} is not there; give the folds.json of an earlier run.")
    content = read_json(path, "put a whole copy of it there")
    if not _is_content(content):
        raise ValueError(
            f"{path} is no file of folds: it needs 'protocol', 'seed' and 'folds', and each fold a 'name' and the ids "
            "of 'train', 'validation' and 'test'."
        )
    return content


def _is_content(content: object) -> bool:
    if not isinstance(content, dict) or not isinstance(content.get("folds"), list) or not content["folds"]:
        return False
    told = isinstance(content.get("protocol"), str) and isinstance(content.get("seed"), int)
    return told and isinstance(content.get("text_disjoint", False), bool) and all(map(_is_fold, content["folds"]))


def _is_fold(fold: object) -> bool:
    if not isinstance(fold, dict) or not isinstance(fold.get("name"), str) or not fold.keys() >= set(PARTS):
        return False
    lists = [fold.get(name, []) for name in LISTS]
    return all(isinstance(ids, list) and all(isinstance(each, str) for each in ids) for ids in lists)


def _check_ids(path: Path, fold: Mapping, row_of: Mapping[str, int]) -> None:
    named = Counter(each for part in LISTS for each in fold.get(part, []))
    where = f"{path}: fold '{fold['name']:.80}'"
    twice = [each for each, count in named.items() if count > 1]
    if twice:
        raise ValueError(f"{where} names {len(twice)} utterances twice, e.g. {twice[0]:.200}; name each once.")
    unknown = [each for each in named if each not in row_of]
    if unknown:
        raise ValueError(
            f"{where} names {len(unknown)} utterances that the corpus does not have, e.g. "
            f"{unknown[0]:.200}; read the corpus as it was read for the file (the same data, emotions and scenario)."
        )
    unnamed = [each for each in row_of if each not in named]
    if unnamed:
        raise ValueError(
            f"{where} does not name {len(unnamed)} of the corpus's {len(row_of)} utterances, "
            f"e.g. {unnamed[0]}; read the corpus as it was read for the file (the same data, emotions and scenario), "
            "or name them in 'left_out'."
        )


def _check_claims(path: Path, fold: Fold, content: Mapping, dataset: Dataset) -> None:
    """What a file says of its folds is printed over the results, so it has to be true."""
    if content["protocol"] == "none" and fold.test:
        raise ValueError(
            f"{path} says that nothing is tested, but fold '{fold.name:.80}' has a test part; call 'protocol' "
            "otherwise."
        )
    if content["protocol"] in ("session", "speaker"):
        values = dataset[content["protocol"]][:]
        shared = {values[row] for row in [*fold.train, *fold.validation]} & {values[row] for row in fold.test}
        if shared:
            raise ValueError(
                f"{path} says that each {content['protocol']} is left out, but fold '{fold.name:.80}' has "
                f"{min(map(str, shared))} in training and test; mend the folds or give 'protocol' another name."
            )
    if content.get("text_disjoint") and not is_text_disjoint(dataset, fold):
        raise ValueError(
            f"{path} says that it is text-disjoint, but fold '{fold.name:.80}' has what is tested in training, too; "
            "mend the folds, or write false for 'text_disjoint'."
        )


def _rows_by_id(dataset: Dataset) -> dict[str, int]:
    row_of = {name: row for row, name in enumerate(dataset["id"])}
    if len(row_of) < len(dataset):
        name, count = Counter(dataset["id"]).most_common(1)[0]
        raise ValueError(f"{count} utterances have the id {name}; give each an id of its own.")
    return row_of
