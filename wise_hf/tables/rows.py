"""The rows of the paper's tables: WISE, its variants, and the systems that it is compared with."""

from dataclasses import dataclass, replace

from wise_hf.baselines import cnn_phoneme, dual_rnn, lstm_attention
from wise_hf.training.recipe import RECIPES
from wise_hf.training.svm import make_svm
from wise_hf.training.system import System
from wise_hf.training.wise_system import wise_system


# The same rule of selection for all rows: the epoch that is best on the validation part. Nobody is told who speaks:
# the compared systems do not know it, either. And all rows hear the recordings as they are, in training as well.
WISE_RECIPES = {
    name: replace(recipe.as_recorded(), refit=False, normalization="global") for name, recipe in RECIPES.items()
}


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Args:
        system: what is trained.
        tables: the tables that it stands in: `table_1`, `table_2`, `units` (section 3.2) or `more`.
        is_wise: WISE or a variant of it, which reads the whole of its recipe.
    """

    system: System
    tables: tuple[str, ...]
    is_wise: bool = False


def table_rows(recipe: str = "wise_hf") -> list[Row]:
    """Every row, in the order of the tables.

    Args:
        recipe: WISE's: `wise_hf` or `paper`.
    """
    own = WISE_RECIPES[recipe]

    def variant(key: str, name: str, *tables: str, **choices: object) -> Row:
        return Row(wise_system(own, key, name, **choices), tables, is_wise=True)

    return [
        variant("audio", "Audio only", "table_1", modality="audio"),
        variant("text", "Text only", "table_1", modality="text"),
        Row(lstm_attention.SYSTEM, ("table_1",)),
        Row(cnn_phoneme.SYSTEM, ("table_1",)),
        Row(dual_rnn.SYSTEM, ("table_1",)),
        variant("im_dmf", "IM+DMF", "table_2", hierarchy="none"),
        variant("hr_dmf", "HR+DMF", "table_2", interaction=False),
        variant("im_hr", "IM+HR", "table_2", attention=False),
        variant("im_dmf_hr_minus", "IM+DMF+HR-", "table_2", hierarchy="word"),
        variant("wise", "WISE", "table_1", "table_2", "units"),
        variant("lstm", "WISE with LSTM", "units", recurrent_unit="lstm"),
        variant("bilstm", "WISE with Bi-LSTM", "units", recurrent_unit="bilstm"),
        variant("bigru", "WISE with Bi-GRU", "units", recurrent_unit="bigru"),
        Row(dual_rnn.SYSTEM_WITH_ATTENTION, ("more",)),
        Row(make_svm(), ("more",)),
    ]
