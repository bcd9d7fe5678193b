"""How a model is trained: our recipe and the paper's plain one."""

from dataclasses import dataclass, replace


SCHEDULES = ("inverse", "cosine", "constant")
LEARNING_RATE_DECAY = 1e-3  # of `inverse`, section 4.2
WARM_UP_SHARE = 0.1  # of `cosine`


@dataclass(frozen=True)
class Recipe:
    """Everything that training may vary; the defaults are our recipe, `PAPER` is the paper's (section 4.2).

    docs/performance.md has the measured effect of each addition.

    Args:
        epochs: passes over the training part.
        batch_size: utterances in a batch, on each process.
        group_by_length: batches of utterances with about as many words, see `SimilarLengths`.
        optimizer: `adam`, `adamw` or `adadelta`.
        learning_rate: above 0.
        schedule: `inverse` (lr / (1 + 0.001 step), as in the paper), `cosine` (with a short warm-up, down to 0) or
            `constant`.
        loss: `softmax` (cross-entropy), or `sigmoid` (every class on its own).
        weight_decay: L2 coefficient, at least 0.
        dropout: `WISEConfig.dropout`.
        input_dropout, frame_projection_size, frame_dropout: see `WISEConfig`.
        label_smoothing: share of the target spread over all classes, in [0, 1).
        max_grad_norm: gradients are scaled down to this norm; 0 leaves them.
        max_grad_value: each gradient is cut to at most this, either way; 0 leaves them.
        level: of the recordings, see `WISEFeatureExtractor`.
        normalization: of the features, see `WISEFeatureExtractor`.
        augment: names of `wise_hf.data.augmentation.AUGMENTATIONS`.
        audio_copies: copies of every recording that are made beforehand, as other microphones would have recorded it
            (`wise_hf.data.other_recordings`), and drawn from in training.
        train_encoder_layers: the last layers of the frame encoder that are trained with the rest; 0 = it is frozen,
            and runs once, before training.
        encoder_learning_rate: theirs.
        gradient_checkpointing: compute what these layers give once more in the backward pass, instead of keeping it.
        members: networks that are trained from different seeds, and whose probabilities are averaged,
            `WISEConfig.num_members`.
        steady_start: start as slow averages, see `wise_hf.training.wise_system.start_steadily`.
        refit: the model that is kept and tested learns from the training and the validation part, for all epochs; the
            one that the validation scores tell of never saw the validation part. `False` keeps that one, at the epoch
            that is best on the validation part.
        patience: stop after so many epochs without a better validation UA; 0 never stops early.

    Raises:
        ValueError: for other channels in the augmentation of recordings that were not brought to one level.
    """

    epochs: int = 40
    batch_size: int = 16
    group_by_length: bool = True
    optimizer: str = "adam"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    loss: str = "softmax"
    weight_decay: float = 1e-4
    dropout: float = 0.3
    input_dropout: float = 0.2
    frame_projection_size: int = 0
    frame_dropout: float = 0.0
    label_smoothing: float = 0.1
    max_grad_norm: float = 1.0
    max_grad_value: float = 0.0
    level: str = "speech"
    normalization: str = "speaker"
    augment: tuple[str, ...] = ("tempo", "warp", "disturb", "drop_words", "mix_words")
    audio_copies: int = 0
    train_encoder_layers: int = 0
    encoder_learning_rate: float = 1e-5
    gradient_checkpointing: bool = False
    members: int = 1
    steady_start: bool = True
    refit: bool = True
    patience: int = 0

    def __post_init__(self):
        if "channel" in self.augment and self.level != "speech":
            raise ValueError(
                f"The augmentation 'channel' is for recordings at one level, and their level is '{self.level}'; leave "
                "it out of --augment, or give --level speech."
            )
        if self.members > 1 and self.train_encoder_layers:
            raise ValueError(
                "Members share an encoder that is frozen; give --members 1 with --train_encoder_layers, or neither."
            )

    def as_recorded(self) -> "Recipe":
        """The same for recordings as they are."""
        return replace(self, level="as_recorded", augment=tuple(each for each in self.augment if each != "channel"))


# What the training loop reads; the rest is for what builds WISE.
TRAINING_FIELDS = (
    *(
        "epochs",
        "batch_size",
        "group_by_length",
        "optimizer",
        "learning_rate",
        "encoder_learning_rate",
        "schedule",
        "loss",
    ),
    *("weight_decay", "label_smoothing", "max_grad_norm", "max_grad_value", "patience"),
)
# Fields of `WISEConfig`, too.
MODEL_FIELDS = ("dropout", "input_dropout", "frame_projection_size", "frame_dropout")
# Nothing but batches and an optimizer, for recipes that add what they have.
PLAIN = Recipe(
    group_by_length=False,
    schedule="constant",
    weight_decay=0.0,
    dropout=0.0,
    input_dropout=0.0,
    label_smoothing=0.0,
    max_grad_norm=0.0,
    level="as_recorded",
    normalization="global",
    augment=(),
    steady_start=False,
    refit=False,
)
PAPER = replace(PLAIN, batch_size=32, learning_rate=1e-3, schedule="inverse", weight_decay=1e-4, dropout=0.3)
# For the frames of a speech encoder.
ENCODER = Recipe(
    epochs=40,
    batch_size=64,
    optimizer="adamw",
    learning_rate=2e-3,
    weight_decay=1e-2,
    augment=("mix_words", "frame_noise", "unknown_speakers"),
    audio_copies=2,
    members=3,
)
RECIPES = {"wise_hf": Recipe(), "encoder": ENCODER, "paper": PAPER}
