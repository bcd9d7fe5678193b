"""How a model is trained: our recipe and the paper's plain one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """
    Everything that training may vary; the defaults are our recipe, `PAPER` is the paper's (section 4.2).

    Args:
        epochs: passes over the training part.
        batch_size: utterances in a batch, on each process.
        learning_rate: of Adam, above 0.
        schedule: `inverse` (lr / (1 + 0.001 step), as in the paper) or `cosine` (with a short warm-up, down to 0).
        weight_decay: L2 coefficient, at least 0.
        label_smoothing: share of the target spread over all classes, in [0, 1).
        max_grad_norm: gradients are scaled down to this norm; `None` leaves them.
        average_decay: the model that is validated and kept is a moving average of the weights; this is the share of
            the old average kept at every step, in [0, 1); 0 keeps the weights themselves.
        normalization: of the features, see `WISEFeatureExtractor`.
        augment: vary the training features (`wise_hf.data.augmentation`).
        patience: stop after so many epochs without a better validation UA; `None` never stops early.
        input_dropout: dropout on the words' audio and vectors (`WISEConfig.input_dropout`).
    """

    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 1e-3
    schedule: str = "inverse"
    weight_decay: float = 1e-4
    label_smoothing: float = 0.0
    max_grad_norm: float | None = None
    average_decay: float = 0.0
    normalization: str = "speaker"
    augment: bool = False
    patience: int | None = None
    input_dropout: float = 0.0


SCHEDULES = ("inverse", "cosine")
PAPER = Recipe(normalization="global")
RECIPES = {"wise_hf": Recipe(), "paper": PAPER}

LEARNING_RATE_DECAY = 1e-3
WARM_UP_SHARE = 0.05
