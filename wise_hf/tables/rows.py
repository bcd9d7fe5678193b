"""The rows of the paper's tables: WISE, its variants, and the systems that it is compared with."""

from dataclasses import dataclass, replace

from wise_hf.baselines import cnn_phoneme, dual_rnn, lstm_attention
from wise_hf.data.augmentation import fitting_augmentations
from wise_hf.data.wise_frames import Frames
from wise_hf.training.pooled import pooled_systems
from wise_hf.training.recipe import RECIPES
from wise_hf.training.system import System
from wise_hf.training.wise_system import wise_system


# The same rule of selection for all rows: the epoch that is best on the validation part. Nobody is told who speaks:
# the compared systems do not know it, either. And all rows hear the recordings as they are, in training as well.
WISE_RECIPES = {
    name: replace(recipe.as_recorded(), refit=False, normalization="global", audio_copies=0, members=1)
    for name, recipe in RECIPES.items()
}


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Args:
        system: what is trained.
        tables: the tables that it stands in: `table_1`, `table_2`, `units` (section 3.2) or `more`.
        is_wise: WISE or a variant of it, which reads the whole of its recipe.
        without: the part of WISE that it lacks, where that is all that it differs in.
    """

    system: System
    tables: tuple[str, ...]
    is_wise: bool = False
    without: str | None = None


def table_rows(recipe: str = "wise_hf", frames: Frames | None = None) -> list[Row]:
    """Every row, in the order of the tables.

    Args:
        recipe: WISE's, a name of `RECIPES`; of its augmentations those that the frames are made for.
        frames: those of all rows that read WISE's; `None` = MFCC.
    """
    own = WISE_RECIPES[recipe]
    frames = frames or Frames(level=own.level)
    own = replace(own, augment=fitting_augmentations(own.augment, frames.feature_extractor()))

    def variant(key: str, name: str, *tables: str, without: str | None = None, **choices: object) -> Row:
        system = wise_system(own, key, name, frames=frames, **choices)
        return Row(system, tables, is_wise=True, without=without)

    return [
        variant("audio", "Audio only", "table_1", modality="audio"),
        variant("text", "Text only", "table_1", modality="text"),
        Row(lstm_attention.SYSTEM, ("table_1",)),
        Row(cnn_phoneme.SYSTEM, ("table_1",)),
        Row(dual_rnn.SYSTEM, ("table_1",)),
        variant("im_dmf", "IM+DMF", "table_2", without="Hierarchy (HR)", hierarchy="none"),
        variant("hr_dmf", "HR+DMF", "table_2", without="Interaction (IM)", interaction=False),
        variant("im_hr", "IM+HR", "table_2", without="Attention (DMF)", attention=False),
        variant("im_dmf_hr_minus", "IM+DMF+HR-", "table_2", without="Phoneme level (HR)", hierarchy="word"),
        variant("wise", "WISE", "table_1", "table_2", "units"),
        variant("lstm", "WISE with LSTM", "units", recurrent_unit="lstm"),
        variant("bilstm", "WISE with Bi-LSTM", "units", recurrent_unit="bilstm"),
        variant("bigru", "WISE with Bi-GRU", "units", recurrent_unit="bigru"),
        Row(dual_rnn.SYSTEM_WITH_ATTENTION, ("more",)),
        *(Row(system, ("more",)) for system in pooled_systems(frames, own.normalization).values()),
    ]
