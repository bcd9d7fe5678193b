"""The rows of the paper's tables: WISE, its variants, and the systems that it is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from datasets import Array2D, List, Value

from wise_hf.baselines import cnn_phoneme, dual_rnn, lstm_attention
from wise_hf.data.collator import WISECollator
from wise_hf.data.embeddings import WordVectors
from wise_hf.data.utterance_features import extract_wise
from wise_hf.model.feature_statistics_wise import feature_statistics
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.training.recipe import RECIPES, Recipe
from wise_hf.training.svm import fit_svm, predict_with_svm
from wise_hf.training.system import System, Trial
from wise_hf.training.wise_system import build_wise


# The same rule of selection for all rows: the epoch that is best on the validation part. Nobody is told who speaks:
# the compared systems do not know it, either. And all rows hear the recordings as they are, in training as well.
WISE_RECIPES = {
    name: replace(recipe.as_recorded(), refit=False, normalization="global") for name, recipe in RECIPES.items()
}
WISE_COLUMNS = {
    "input_features": Array2D((None, 39), "float32"),
    "phoneme_lengths": List(Value("int64")),
    "word_lengths": List(Value("int64")),
}


@dataclass(frozen=True)
class Row:
    """
    A row of a table.

    Args:
        system: what is trained.
        tables: the tables that it stands in: `table_1`, `table_2`, `units` (section 3.2) or `more`.
    """

    system: System
    tables: tuple[str, ...]

    @property
    def is_wise(self) -> bool:
        """WISE or a variant of it, which reads the whole of its recipe."""
        return self.system.recipe is not None and self.system.extract is extract_wise


def wise(key: str, name: str, recipe: Recipe, **choices: object) -> System:
    """
    WISE or a variant of it.

    Args:
        key, name: see `System`.
        recipe: how it is trained.
        choices: the fields of `WISEConfig` in which it differs.
    """
    return System(
        key=key,
        name=name,
        extract=extract_wise,
        columns=WISE_COLUMNS,
        build=partial(_build, recipe=recipe, choices=choices),
        recipe=recipe,
    )


def _build(
    train_rows: Sequence[dict],
    emotions: Sequence[str],
    vectors: WordVectors | None,
    recipe: Recipe,
    choices: Mapping[str, object],
) -> tuple[WISEForAudioClassification, WISECollator]:
    usual = {"dropout": recipe.dropout, "input_dropout": recipe.input_dropout}
    frozen = {"freeze_word_embeddings": vectors is not None}
    return build_wise(train_rows, emotions, vectors, recipe, usual | frozen | choices)


def table_rows(recipe: str = "wise_hf") -> list[Row]:
    """
    Every row, in the order of the tables.

    Args:
        recipe: WISE's: `wise_hf` or `paper`.
    """
    variant = partial(wise, recipe=WISE_RECIPES[recipe])
    return [
        Row(variant("audio", "Audio only", modality="audio"), ("table_1",)),
        Row(variant("text", "Text only", modality="text"), ("table_1",)),
        Row(lstm_attention.SYSTEM, ("table_1",)),
        Row(cnn_phoneme.SYSTEM, ("table_1",)),
        Row(dual_rnn.SYSTEM, ("table_1",)),
        Row(variant("im_dmf", "IM+DMF", hierarchy="none"), ("table_2",)),
        Row(variant("hr_dmf", "HR+DMF", interaction=False), ("table_2",)),
        Row(variant("im_hr", "IM+HR", attention=False), ("table_2",)),
        Row(variant("im_dmf_hr_minus", "IM+DMF+HR-", hierarchy="word"), ("table_2",)),
        Row(variant("wise", "WISE"), ("table_1", "table_2", "units")),
        Row(variant("lstm", "WISE with LSTM", recurrent_unit="lstm"), ("units",)),
        Row(variant("bilstm", "WISE with Bi-LSTM", recurrent_unit="bilstm"), ("units",)),
        Row(variant("bigru", "WISE with Bi-GRU", recurrent_unit="bigru"), ("units",)),
        Row(dual_rnn.SYSTEM_WITH_ATTENTION, ("more",)),
        Row(SVM, ("more",)),
    ]


def _fit_and_predict_svm(trial: Trial) -> Sequence[int]:
    """The SVM on the frames that WISE sees; it learns from the training part alone, as the networks do."""
    learnt_from = trial.parts["train"]
    mean, std = feature_statistics(row["input_features"] for row in learnt_from)
    train, test = (
        [(row["input_features"] - mean) / std for row in rows] for rows in (learnt_from, trial.parts["test"])
    )
    labels = [trial.emotions.index(row["emotion"]) for row in learnt_from]
    return predict_with_svm(fit_svm(train, labels, [row["speaker"] for row in learnt_from]), test).tolist()


SVM = System(
    key="svm",
    name="SVM on MFCC statistics",
    extract=extract_wise,
    columns=WISE_COLUMNS,
    fit_and_predict=_fit_and_predict_svm,
)
