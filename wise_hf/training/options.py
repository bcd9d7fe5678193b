"""What can be chosen of a training: its features, model, recipe and run, beside the corpus and the Hub."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated

from wise_hf.data.augmentation import AUGMENTATIONS
from wise_hf.data.corpora.reading import CorpusOptions
from wise_hf.data.options import (
    Options,
    as_path,
    as_seed,
    not_negative,
    option,
    positive,
    positive_number,
    share,
    switch,
    whole_number,
)
from wise_hf.data.recogniser_options import RecogniserOptions
from wise_hf.data.waveform_collator import WAVEFORM_AUGMENTATIONS
from wise_hf.data.wise_frames import Frames
from wise_hf.model.feature_extraction_wise import LEVELS, NORMALIZATIONS
from wise_hf.model.frames_wise import frame_extractor
from wise_hf.model.pretrained_encoder import FrameEncoderSource, middle_layers
from wise_hf.model.pretrained_model import name_of
from wise_hf.model.pretrained_word_encoder import WordEncoderSource, last_layers
from wise_hf.training.recipe import MODEL_FIELDS, RECIPES, SCHEDULES, Recipe


def as_augmentations(value: str | Sequence[str]) -> tuple[str, ...]:
    """`none`, names with commas between them, or a sequence of names."""
    names = value.split(",") if isinstance(value, str) and value != "none" else value
    found = () if names == "none" else tuple(names)
    if not set(found) <= set(AUGMENTATIONS):
        raise ValueError(f"'{value!s:.80}' is not 'none' or a list of {', '.join(AUGMENTATIONS)}")
    return found


def as_vocabulary(value: int | str) -> int | str:
    """`30000`, `corpus` or `all`."""
    return value if value in ("corpus", "all") else positive(value)


def as_frame_extractor(value: str) -> str:
    """The name of a frame extractor that is there."""
    try:
        frame_extractor(value)
    except ValueError as error:
        raise ValueError(str(error).rstrip(".")) from error
    return value


def as_layers(value: str | Sequence[int]) -> tuple[int, ...]:
    """`2,3`, or a sequence of different whole numbers above 0."""
    numbers = value.split(",") if isinstance(value, str) else value
    layers = tuple(positive(number) for number in numbers)
    if not layers or len(set(layers)) < len(layers):
        raise ValueError(f"'{value!s:.80}' is not a list of different layers with commas between them")
    return layers


@dataclass(frozen=True, kw_only=True)
class FeatureOptions(Options):
    """What makes the features."""

    _argument_group_name = "features"

    mfcc_backend: Annotated[str, as_frame_extractor] = option(
        "native", help="what computes the frames: native or opensmile (MFCC), or your own, as MODULE:ATTRIBUTE"
    )
    frame_encoder: str | None = option(
        None, help="a speech encoder whose frames are taken instead: a folder, or a name on the Hub"
    )
    frame_layers: Annotated[list[int] | str | None, as_layers] = option(
        None, help="its layers, from 1, with commas between them (default: those from a third to a half of it)"
    )
    layer_mix: str = option("mean", choices=["mean", "learnt"], help="of these layers")
    frame_padding: str = option(
        "none", choices=["none", "window"], help="'window' pads every recording to the 30 s of Whisper"
    )
    with_mfcc: bool = option(False, help="MFCC beside the encoder's values")
    word_encoder: str | None = option(
        None, help="a text encoder that makes the words' vectors: a folder, or a name on the Hub"
    )
    word_layers: Annotated[list[int] | str | None, as_layers] = option(
        None, help="its layers, from 1, with commas between them, whose mean is taken (default: the last four)"
    )


@dataclass(frozen=True, kw_only=True)
class LevelOptions(Options):
    """What is done to the recordings first; the tables hear them as they are."""

    _argument_group_name = "level"

    level: str | None = option(
        None,
        choices=LEVELS,
        help="bring all recordings to the same level, or leave them as recorded (default: the recipe's)",
    )


@dataclass(frozen=True, kw_only=True)
class ModelOptions(Options):
    """The variants of the model, named as in `WISEConfig`."""

    _argument_group_name = "model (WISEConfig)"

    hierarchy: str = option("phoneme", choices=["phoneme", "word", "none"], help="steps from frames to a word")
    recurrent_unit: str = option("gru", choices=["gru", "lstm", "bigru", "bilstm"], help="of the hierarchy")
    modality: str = option("both", choices=["both", "audio", "text"], help="what the model is given")
    interaction: bool = option(True, help="the two LSTMs exchange their states")
    attention: bool = option(True, help="words are weighed")
    train_embeddings: bool = option(False, help="train the word vectors too")
    embeddings: Annotated[Path | None, as_path] = option(
        None, help="GloVe file (.txt, .txt.gz, .zip) (default: word vectors are learnt)"
    )
    vocabulary: Annotated[int | str | None, as_vocabulary] = option(
        None, help="of --embeddings: the first N rows, 'corpus' or 'all' (default: 30000)"
    )


def _of_recipe(name: str, help: str = "", **argparse_options: object) -> object:
    """An option that changes one value of the recipe."""
    ours, *others = ((recipe, _told(getattr(values, name))) for recipe, values in RECIPES.items())
    differ = "".join(f"; {recipe}: {value}" for recipe, value in others if value != ours[1])
    told = f"{help} (default: {ours[1]}{differ})"
    make = switch if isinstance(getattr(RECIPES["wise_hf"], name), bool) else option
    return make(None, help=told.strip(), **argparse_options)


def _told(value: object) -> str:
    return ",".join(value) or "none" if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, kw_only=True)
class RecipeOptions(Options):
    """How to train: a recipe by name, and single values that differ from it; see `Recipe`."""

    _argument_group_name = "recipe"

    recipe: str | None = option(
        None,
        choices=list(RECIPES),
        help="'paper' is the paper's plain one, 'encoder' ours for an encoder's frames (default: wise_hf; with "
        "--frame_encoder: encoder)",
    )
    epochs: Annotated[int | None, positive] = _of_recipe("epochs")
    batch_size: Annotated[int | None, positive] = _of_recipe("batch_size", "utterances in a batch, on each process")
    group_by_length: bool | None = _of_recipe("group_by_length", "utterances with about as many words in a batch")
    learning_rate: Annotated[float | None, positive_number] = _of_recipe("learning_rate")
    schedule: str | None = _of_recipe("schedule", "of the learning rate", choices=list(SCHEDULES))
    weight_decay: Annotated[float | None, not_negative] = _of_recipe("weight_decay")
    label_smoothing: Annotated[float | None, share] = _of_recipe("label_smoothing")
    max_grad_norm: Annotated[float | None, not_negative] = _of_recipe(
        "max_grad_norm", "0 leaves the gradients as they are"
    )
    normalization: str | None = _of_recipe("normalization", "of the features", choices=list(NORMALIZATIONS))
    augment: Annotated[list[str] | str | None, as_augmentations] = _of_recipe(
        "augment", f"'none', or of {','.join(AUGMENTATIONS)}"
    )
    audio_copies: Annotated[int | None, whole_number] = _of_recipe(
        "audio_copies", "of every recording, as through other microphones"
    )
    train_encoder_layers: Annotated[int | None, whole_number] = _of_recipe(
        "train_encoder_layers", "of --frame_encoder, its last, with the rest; 0 = none"
    )
    encoder_learning_rate: Annotated[float | None, positive_number] = _of_recipe(
        "encoder_learning_rate", "of these layers"
    )
    gradient_checkpointing: bool | None = _of_recipe("gradient_checkpointing", "less memory for them, more time")
    members: Annotated[int | None, positive] = _of_recipe("members", "networks whose probabilities are averaged")
    steady_start: bool | None = _of_recipe("steady_start", "gates that start as averages")
    refit: bool | None = _of_recipe("refit", "train anew with the validation part")
    dropout: Annotated[float | None, share] = _of_recipe("dropout", "before the linear layers")
    input_dropout: Annotated[float | None, share] = _of_recipe("input_dropout", "on the words' audio and vectors")
    frame_projection_size: Annotated[int | None, whole_number] = _of_recipe(
        "frame_projection_size", "of a linear layer that the frames go through first; 0 = none"
    )
    frame_dropout: Annotated[float | None, share] = _of_recipe("frame_dropout", "on the frames")
    patience: Annotated[int | None, whole_number] = _of_recipe(
        "patience", "stop after so many epochs without a better UA; 0 = never"
    )


@dataclass(frozen=True, kw_only=True)
class RunOptions(Options):
    """Where the results go, and who is tested."""

    _argument_group_name = "run"

    output_dir: Annotated[Path, as_path] = option(help="results, and a folder for each fold's model")
    cross_validation: str | None = option(
        None,
        choices=["none", "session", "speaker", "random"],
        help="what each fold holds out for the test (default: the corpus's usual protocol; none for a folder)",
    )
    folds: Annotated[int | None, positive] = option(
        None, help="number of folds (default: the corpus's usual number, else one per session or speaker; random: 5)"
    )
    text_disjoint: bool = option(False, help="keep sentences of the test part out of training and validation")
    folds_file: Annotated[Path | None, as_path] = option(
        None,
        help="use the folds of an earlier run (OUT/folds.json) instead of --cross_validation, --folds and "
        "--text_disjoint",
    )
    final_model: bool = option(
        False, help="after the folds, train one more model on all utterances: OUT/model, of which no score is"
    )
    jobs: Annotated[int | None, positive] = option(
        None,
        help="trainings at a time, each in a process of its own (default: the number of cores; 1 with a GPU, with "
        "several processes of accelerate, or from Python)",
    )
    gradient_accumulation_steps: Annotated[int, positive] = option(1, help="batches whose gradients make one step")
    seed: Annotated[int, as_seed] = option(0, help="of weights, batches, augmentation and random folds")
    svm: bool = option(
        True, help="score the pooled systems as well: an SVM and a logistic regression on statistics of the frames"
    )
    log_with: str | None = option(None, help="accelerate's trackers: tensorboard, wandb, ..., or all")
    resume_from_checkpoint: Annotated[Path | None, as_path] = option(
        None, help="continue the interrupted run in this folder, or start it where there is none yet"
    )
    overwrite_output_dir: bool = option(False, help="throw an earlier run's results away")


@dataclass(frozen=True, kw_only=True)
class TrainOptions(
    CorpusOptions, RecogniserOptions, FeatureOptions, LevelOptions, ModelOptions, RecipeOptions, RunOptions
):
    """Everything that scripts/train.py can be told, but for what it asks of the Hub.

    `TrainOptions(data_dir="speech", output_dir="out", epochs=3)` is `--data_dir speech --output_dir out --epochs 3`.
    """


def recipe_name_of(options: Options) -> str:
    """The name of the recipe, as given (`recipe`), or as the frames ask for it (`frame_encoder`)."""
    return options.recipe or ("wise_hf" if options.frame_encoder is None else "encoder")


def recipe_of(options: RecipeOptions) -> Recipe:
    """The recipe named, with the single values given."""
    recipe = RECIPES[recipe_name_of(options)]
    given = {field.name: getattr(options, field.name, None) for field in fields(Recipe)}
    if given["level"] == "as_recorded":
        recipe = recipe.as_recorded()
    if given["train_encoder_layers"]:
        fitting = tuple(each for each in recipe.augment if each in WAVEFORM_AUGMENTATIONS)
        recipe = replace(recipe, augment=fitting, members=1)
    return replace(recipe, **{name: value for name, value in given.items() if value is not None})


def chosen_frames(options: FeatureOptions, level: str) -> Frames:
    """The frames that the options ask for.

    Args:
        options: what is asked for.
        level: of the recordings, where the options leave it to the recipe.

    Raises:
        ValueError: for options that go with an encoder, without one.
    """
    level, words = getattr(options, "level", None) or level, _word_encoder_of(options)
    if options.frame_encoder is not None:
        layers = options.frame_layers or middle_layers(options.frame_encoder)
        source = FrameEncoderSource(options.frame_encoder, layers, options.layer_mix, options.frame_padding)
        return Frames(options.mfcc_backend, source, options.with_mfcc, level, words)
    usual = FeatureOptions()
    names = ("frame_layers", "layer_mix", "frame_padding", "with_mfcc")
    finer = [f"--{name}" for name in names if getattr(options, name) != getattr(usual, name)]
    of_recipe = ("train_encoder_layers", "gradient_checkpointing")
    finer += [f"--{name}" for name in of_recipe if getattr(options, name, None)]
    if finer:
        raise ValueError(f"{', '.join(finer)}: there is no encoder; give --frame_encoder as well.")
    return Frames(options.mfcc_backend, level=level, word_encoder=words)


def _word_encoder_of(options: FeatureOptions) -> WordEncoderSource | None:
    if options.word_encoder is not None:
        return WordEncoderSource(options.word_encoder, options.word_layers or last_layers(options.word_encoder))
    if options.word_layers is not None:
        raise ValueError("--word_layers: there is no encoder of words; give --word_encoder as well.")
    return None


def word_vectors_of(options: Options) -> str:
    """Where the words' vectors are from, as results tell it: an encoder, a file (`embeddings`), or the training part.

    Raises:
        ValueError: where both are asked for.
    """
    if options.word_encoder is None:
        return "learnt" if options.embeddings is None else options.embeddings.name
    if options.embeddings is not None:
        raise ValueError("Word vectors are those of --word_encoder or those of --embeddings; give one of the two.")
    return name_of(options.word_encoder)


def model_choices_of(options: TrainOptions) -> dict[str, object]:
    """Fields of `WISEConfig`."""
    names = ("hierarchy", "recurrent_unit", "modality", "interaction", "attention")
    choices = {name: getattr(options, name) for name in names}
    are_given = options.embeddings is not None or options.word_encoder is not None
    choices["freeze_word_embeddings"] = are_given and not options.train_embeddings
    recipe = recipe_of(options)
    return choices | {name: getattr(recipe, name) for name in MODEL_FIELDS}
