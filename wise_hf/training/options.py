"""The arguments of the scripts, and what they mean for the package."""

import argparse
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from datasets import Dataset

from wise_hf.data.augmentation import AUGMENTATIONS
from wise_hf.data.corpora.folder import read_folder
from wise_hf.data.corpora.iemocap.labels import LABEL_SETS, emotions_of_set
from wise_hf.data.corpora.iemocap.reader import SCENARIOS, load_iemocap
from wise_hf.data.corpora.iemocap.words import END_RULES
from wise_hf.model.configuration_wise import EMOTIONS
from wise_hf.model.feature_extraction_wise import LEVELS, NORMALIZATIONS
from wise_hf.synthetic.imitation import is_imitation
from wise_hf.training.recipe import RECIPES, SCHEDULES, Recipe


IMITATION = "Imitation of IEMOCAP (synthetic speech)"


def add_corpus_arguments(parser: argparse.ArgumentParser) -> None:
    """Which recordings, and how they are prepared."""
    group = parser.add_argument_group("corpus")
    group.add_argument("--dataset", choices=["folder", "iemocap"], default="folder", help="what DATA_DIR is")
    group.add_argument("--data_dir", type=Path, required=True, help="folder with metadata.csv; IEMOCAP_full_release")
    group.add_argument(
        "--emotions",
        type=emotions,
        help=f"comma-separated, e.g. {','.join(EMOTIONS)}; default: all. Of IEMOCAP also {', '.join(LABEL_SETS)}; "
        "default: four, with excited as happy",
    )
    group.add_argument("--label_map", type=label_map, default={}, help="read emotions as others: calm=neutral,...")
    group.add_argument("--num_proc", type=positive, default=2, help="processes for alignment and features")
    group.add_argument(
        "--skip_unusable",
        action="store_true",
        default=None,
        help="pass over recordings that cannot be used (missing, damaged, too long, without speech, ...) and count "
        "them; else they are all named and stop the run; for files that a copy of IEMOCAP lacks: --allow_incomplete",
    )
    _add_iemocap_arguments(parser.add_argument_group("IEMOCAP only"))


def _add_iemocap_arguments(group: argparse._ArgumentGroup) -> None:
    """What `load_iemocap` takes; an option that is not given is `None`."""
    group.add_argument("--scenario", choices=SCENARIOS, help="only these utterances")
    group.add_argument("--frame_offset", type=not_negative, help="added to the segments' frames of 10 ms; default: 0")
    group.add_argument("--end_rule", choices=END_RULES, help="is its last frame part of a segment? default: inclusive")
    group.add_argument("--keep_nonverbal", action="store_true", default=None, help="laughter and the like are words")
    group.add_argument("--allow_incomplete", action="store_true", default=None, help="go on with what is there")


def add_feature_arguments(parser: argparse.ArgumentParser) -> None:
    """What makes the features."""
    parser.add_argument(
        "--mfcc_backend",
        default="native",
        help="'native', 'opensmile', or a frame extractor of one's own as 'module:attribute'",
    )
    parser.add_argument("--level", choices=LEVELS, help="of the recordings: brought to one, or left as it is")


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """The variants of the model, named as in `WISEConfig`."""
    group = parser.add_argument_group("model (WISEConfig)")
    group.add_argument("--hierarchy", choices=["phoneme", "word", "none"], default="phoneme")
    group.add_argument("--recurrent_unit", choices=["gru", "lstm", "bigru", "bilstm"], default="gru")
    group.add_argument("--modality", choices=["both", "audio", "text"], default="both")
    group.add_argument("--interaction", action=argparse.BooleanOptionalAction, default=True)
    group.add_argument("--attention", action=argparse.BooleanOptionalAction, default=True)
    group.add_argument("--train_embeddings", action="store_true", help="train the word vectors too")
    group.add_argument("--embeddings", type=Path, help="GloVe file (.txt, .txt.gz, .zip); default: learnt")
    group.add_argument("--vocabulary", type=vocabulary, help="first N rows (default 30000), 'corpus' or 'all'")


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """How to train: a recipe by name, and single values that differ from it."""
    group = parser.add_argument_group("recipe")
    group.add_argument("--recipe", choices=list(RECIPES), default="wise_hf", help="'paper' is the paper's plain one")
    group.add_argument("--epochs", type=positive)
    group.add_argument("--batch_size", type=positive, help="utterances in a batch, on each process")
    group.add_argument("--learning_rate", type=positive_number)
    group.add_argument("--schedule", choices=list(SCHEDULES))
    group.add_argument("--weight_decay", type=not_negative)
    group.add_argument("--label_smoothing", type=share)
    group.add_argument("--max_grad_norm", type=not_negative, help="0 leaves the gradients as they are")
    group.add_argument("--normalization", choices=list(NORMALIZATIONS))
    group.add_argument("--augment", type=augmentations, help=f"'none', or of {','.join(AUGMENTATIONS)}")
    group.add_argument("--steady_start", action=argparse.BooleanOptionalAction, help="gates that start as averages")
    group.add_argument("--refit", action=argparse.BooleanOptionalAction, help="train anew with the validation part")
    group.add_argument("--dropout", type=share, help="before the linear layers")
    group.add_argument("--input_dropout", type=share, help="dropout on the words' audio and vectors")
    group.add_argument("--patience", type=whole_number, help="with --no-refit: epochs without a better validation UA")


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """The recipe named, with the single values given."""
    recipe = RECIPES[arguments.recipe]
    given = {field.name: getattr(arguments, field.name, None) for field in fields(Recipe)}
    if given["level"] == "as_recorded":
        recipe = recipe.as_recorded()
    return replace(recipe, **{name: value for name, value in given.items() if value is not None})


def model_choices_of(arguments: argparse.Namespace) -> dict[str, object]:
    """Fields of `WISEConfig`."""
    names_of_choices = ("hierarchy", "recurrent_unit", "modality", "interaction", "attention")
    choices = {name: getattr(arguments, name) for name in names_of_choices}
    choices["freeze_word_embeddings"] = arguments.embeddings is not None and not arguments.train_embeddings
    recipe = recipe_of(arguments)
    return choices | {"dropout": recipe.dropout, "input_dropout": recipe.input_dropout}


IEMOCAP_ARGUMENTS = ("scenario", "frame_offset", "end_rule", "keep_nonverbal", "allow_incomplete")


def read_corpus(arguments: argparse.Namespace) -> tuple[Dataset, int]:
    """
    Read the corpus that the arguments name.

    Returns:
        Its utterances, and how many more there are that cannot be read and are passed over (`--skip_unusable`).

    Raises:
        ValueError: for options of another kind of corpus, or a corpus that cannot be used.
    """
    given = {name: getattr(arguments, name) for name in IEMOCAP_ARGUMENTS}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.dataset == "iemocap":
        options = given | {"label_map": arguments.label_map, "num_proc": arguments.num_proc}
        return load_iemocap(arguments.data_dir, arguments.emotions or "four", **options), 0
    if given or isinstance(arguments.emotions, str):
        told = ", ".join([f"--{name}" for name in given] or [f"--emotions {arguments.emotions}"])
        raise ValueError(f"{told}: these are for IEMOCAP; leave them out, or give --dataset iemocap.")
    dataset, unusable = read_folder(arguments.data_dir, arguments.emotions, arguments.label_map)
    if unusable is not None and not arguments.skip_unusable:
        raise unusable
    return dataset, 0 if unusable is None else len(unusable.reasons)


def corpus_name(arguments: argparse.Namespace) -> str:
    """What results call the corpus; an imitation of IEMOCAP is called so."""
    if arguments.dataset != "iemocap":
        return arguments.data_dir.resolve().name
    return IMITATION if is_imitation(arguments.data_dir) else "IEMOCAP"


def emotions_of(dataset: Dataset, wanted: str | Sequence[str] | None) -> list[str]:
    """The labels in the order of their numbers: as asked for, else sorted, without those that no utterance has."""
    present = set(dataset["emotion"])
    return [emotion for emotion in emotions_of_set(wanted or sorted(present)) if emotion in present]


def emotions(text: str) -> str | list[str]:
    """`a,b,c`, or the name of one of IEMOCAP's sets."""
    if text in LABEL_SETS:
        return text
    try:
        return names(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, nor one of IEMOCAP's sets {', '.join(LABEL_SETS)}") from None


def names(text: str) -> list[str]:
    """`a,b,c`"""
    found = [name.strip() for name in text.split(",")]
    if not all(found) or len(set(found)) < max(2, len(found)):
        raise argparse.ArgumentTypeError(f"'{text}' is not two or more different names with commas between them")
    return found


def row_keys(text: str) -> list[str]:
    """`wise,dual_rnn`; which there are is known by the tables."""
    found = [key.strip() for key in text.split(",")]
    if not all(found) or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of different names with commas between them")
    return found


def protocols(text: str) -> list[str]:
    """`session,random`"""
    found = row_keys(text)
    if not set(found) <= {"session", "speaker", "random"}:
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of session, speaker, random")
    return found


def label_map(text: str) -> dict[str, str]:
    """`calm=neutral,excited=happy`"""
    pairs = [pair.split("=") for pair in text.split(",")]
    if not all(len(pair) == 2 and pair[0].strip() and pair[1].strip() for pair in pairs):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of OLD=NEW with commas between them")
    return {old.strip(): new.strip() for old, new in pairs}


def augmentations(text: str) -> tuple[str, ...]:
    """`none`, or names with commas between them."""
    found = () if text == "none" else tuple(text.split(","))
    if not set(found) <= set(AUGMENTATIONS):
        raise argparse.ArgumentTypeError(f"'{text}' is not 'none' or a list of {', '.join(AUGMENTATIONS)}")
    return found


def vocabulary(text: str) -> int | str:
    """`30000`, `corpus` or `all`."""
    return text if text in ("corpus", "all") else positive(text)


def whole_number(text: str) -> int:
    """A whole number, 0 or above."""
    return 0 if text == "0" else positive(text)


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def _number(text: str, low: float, high: float, kind: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value < high:
        raise argparse.ArgumentTypeError(f"'{text}' is not {kind}")
    return value


def share(text: str) -> float:
    """A number in [0, 1)."""
    return _number(text, 0.0, 1.0, "a number of at least 0 and below 1")


def not_negative(text: str) -> float:
    """A finite number, 0 or above."""
    return _number(text, 0.0, float("inf"), "a number of at least 0")


def positive_number(text: str) -> float:
    """A finite number above 0."""
    return _number(text, 1e-12, float("inf"), "a number above 0")
