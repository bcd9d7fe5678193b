"""One training run: epochs of one model on one fold, under accelerate."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_start_method, parent_process
from pathlib import Path

import torch
from accelerate import Accelerator
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader
from tqdm.auto import tqdm
from transformers import PreTrainedModel

from wise_hf.data.files import last_whole, put_in_place, save_files, unfinished_beside
from wise_hf.data.schema import PreparedUtterance
from wise_hf.training.batch_order import SimilarLengths
from wise_hf.training.recipe import LEARNING_RATE_DECAY, WARM_UP_SHARE, Recipe
from wise_hf.training.scores import compute_scores, predict_classes
from wise_hf.training.system import Collator, Log, log_nothing


logger = logging.getLogger(__name__)

CHECKPOINT = "checkpoint"
ENCODER = ".frame_encoder."  # in the names of its parameters
EPOCHS_APART = 1_000_003  # seeds of two runs never meet


@dataclass
class Progress:
    """How far a run is; saved with every checkpoint.

    Args:
        epoch: epochs finished.
        best_epoch: the epoch whose model is kept, from 1.
        best_ua: its UA on the validation part.
        history: of every epoch `epoch`, `loss` (training, mean), `wa` and `ua` (validation).
        seconds: how long all epochs took.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_ua: float = -1.0
    history: list[dict] = field(default_factory=list)
    seconds: float = field(default=0.0, compare=False)

    def last_figures(self) -> dict[str, str]:
        """What the progress bar shows."""
        last = self.history[-1]
        figures = {"loss": f"{last['loss']:.3f}"}
        if last["ua"] is not None:
            figures |= {"val_ua": f"{last['ua']:.3f}", "best": f"{self.best_ua:.3f}"}
        return figures

    def state_dict(self) -> dict:
        """What a checkpoint keeps."""
        return asdict(self)

    def load_state_dict(self, state: dict) -> None:
        """Take back what `state_dict` gave."""
        self.__dict__.update(state)


class TrainingRun:
    """Trains a model, keeping the epoch that is best on the validation part, and a checkpoint of the last epoch.

    Args:
        model: starts from the weights it has; gives `logits`.
        train: utterances to learn from (`wise_hf.data.collator.load_utterances`).
        validation: utterances that choose the epoch and nothing else; without any, the last epoch is kept.
        collator: makes batches; its augmentation is used for training only.
        recipe: how to train.
        accelerator: a fresh one; decides on devices, processes, precision and gradient accumulation.
        output_dir: the folder that the model and the checkpoint are kept in.
        seed: of the order of the batches, the augmentation and the dropout.
        log: called after each epoch with its `loss`, `learning_rate` and, on the validation part, `wa` and `ua`, and
            with its number.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        train: Sequence[PreparedUtterance],
        validation: Sequence[PreparedUtterance],
        collator: Collator,
        recipe: Recipe,
        accelerator: Accelerator,
        output_dir: Path,
        seed: int = 0,
        log: Log = log_nothing,
    ):
        self.accelerator, self.recipe, self.output_dir, self.seed = accelerator, recipe, output_dir, seed
        self.log = log
        self.progress = Progress()
        self.num_labels = model.config.num_labels
        self.collator = collator
        self.order = torch.Generator()  # of the training utterances
        self.train_loader = self._training_loader(train)
        self.validation_loader = self._plain_loader(validation) if validation else None
        optimizer = OPTIMIZERS[recipe.optimizer](parameter_groups(model, recipe), weight_decay=recipe.weight_decay)
        self.model, self.optimizer = accelerator.prepare(model, optimizer)
        steps = math.ceil(len(self.train_loader) / accelerator.gradient_accumulation_steps) * recipe.epochs
        self.scheduler = LambdaLR(self.optimizer, learning_rate_factor(recipe.schedule, steps))
        accelerator.register_for_checkpointing(self.progress, self.scheduler)

    def _training_loader(self, utterances: Sequence[PreparedUtterance]) -> DataLoader:
        if not self.recipe.group_by_length:
            return self._loader(utterances, self.collator, shuffle=True)
        lengths = [len(each["words"]) for each in utterances]
        return self._loader(
            utterances, self.collator, sampler=SimilarLengths(lengths, self.recipe.batch_size, self.order)
        )

    def _plain_loader(self, utterances: Sequence[PreparedUtterance]) -> DataLoader:
        return self._loader(utterances, self.collator.without_augmentation())

    def _loader(self, utterances: Sequence[PreparedUtterance], collator: Collator, **order: object) -> DataLoader:
        """On a GPU one forked process makes the batches while the model runs; it draws as this one would."""
        on_gpu = self.accelerator.device.type == "cuda"
        num_workers = int(on_gpu and get_start_method() == "fork")
        options = {"collate_fn": collator, "generator": self.order, "num_workers": num_workers, "pin_memory": on_gpu}
        return self.accelerator.prepare(DataLoader(utterances, self.recipe.batch_size, **options, **order))

    def resume(self) -> None:
        """Continue from the checkpoint in the output folder, where there is one, to the very same end."""
        checkpoint = last_whole(self.output_dir / CHECKPOINT)
        if checkpoint.is_dir():
            self.accelerator.load_state(str(checkpoint))
            logger.info("Continuing after epoch %d of %d.", self.progress.epoch, self.recipe.epochs)

    def train(self, name: str) -> Progress:
        """Train to the last epoch, or until patience ends.

        Args:
            name: what the progress bar calls this run.

        Raises:
            ValueError: where the loss is not finite any more, or the model or the checkpoint cannot be written.
        """
        epochs = tqdm(
            range(self.progress.epoch, self.recipe.epochs),
            initial=self.progress.epoch,
            total=self.recipe.epochs,
            desc=name,
            unit="epoch",
            # Several trainings at a time would write over each other's bars.
            disable=not self.accelerator.is_main_process or parent_process() is not None,
        )
        for epoch in epochs:
            if 0 < self.recipe.patience <= self.progress.epoch - self.progress.best_epoch:
                break
            start_s = time.monotonic()
            loss = self._train_epoch(epoch)
            self._record(epoch + 1, loss, start_s)
            epochs.set_postfix(self.progress.last_figures())
        return self.progress

    def load_kept(self) -> None:
        """Take back the weights of the epoch that was kept."""
        model = self.accelerator.unwrap_model(self.model)
        model.load_state_dict(type(model).from_pretrained(self.output_dir).state_dict())

    def _train_epoch(self, epoch: int) -> float:
        self.model.train()
        self.collator.reseed(self.seed, epoch, self.accelerator.process_index)
        # By epoch, so that a resumed run meets the same order.
        self.order.manual_seed(EPOCHS_APART * self.seed + epoch)
        losses = [self._train_step(batch) for batch in self.train_loader]
        loss = float(self.accelerator.reduce(torch.stack(losses).mean(), "mean"))
        if not math.isfinite(loss):
            rate = self.recipe.learning_rate
            raise ValueError(f"The loss of epoch {epoch + 1} is {loss}: the learning rate of {rate} is too high here.")
        return loss

    def _train_step(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        with self.accelerator.accumulate(self.model):
            labels = batch.pop("labels")
            logits = self.model(**batch).logits
            loss = LOSSES[self.recipe.loss](logits.float(), labels, label_smoothing=self.recipe.label_smoothing)
            self.accelerator.backward(loss)
            if self.accelerator.sync_gradients:
                self._clip_gradients()
            self.optimizer.step()
            self.optimizer.zero_grad()
        if self.accelerator.sync_gradients:
            self.scheduler.step()
        return loss.detach()

    def measure_epoch_s(self, num_steps: int = 16) -> float:
        """How long an epoch takes, from a few of its steps and its validation; the weights are spoilt by it.

        Args:
            num_steps: at least 2; the first is not counted.
        """
        self.model.train()
        self.collator.reseed(self.seed)
        batches, times_s = iter(self.train_loader), []
        for _ in range(min(num_steps, len(self.train_loader))):
            start_s = time.monotonic()
            self._train_step(next(batches)).item()
            times_s.append(time.monotonic() - start_s)
        counted = times_s[1:] or times_s
        start_s = time.monotonic()
        self._score(self.validation_loader)
        return sum(counted) / len(counted) * len(self.train_loader) + time.monotonic() - start_s

    def _clip_gradients(self) -> None:
        if self.recipe.max_grad_norm > 0:
            self.accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.max_grad_norm)
        if self.recipe.max_grad_value > 0:
            self.accelerator.clip_grad_value_(self.model.parameters(), self.recipe.max_grad_value)

    def score(self, utterances: Sequence[PreparedUtterance]) -> tuple[dict, list[int]]:
        """The model's scores on utterances, and the class number that it gives to each."""
        return self._score(self._plain_loader(utterances))

    def _score(self, loader: DataLoader) -> tuple[dict, list[int]]:
        predicted, true = predict_classes(self.model, loader, self.accelerator)
        return compute_scores(predicted, true, self.num_labels), predicted

    def _record(self, epoch: int, loss: float, start_s: float) -> None:
        progress = self.progress
        progress.epoch = epoch
        scores = self._score(self.validation_loader)[0] if self.validation_loader else {"wa": None, "ua": None}
        figures = {"loss": loss, "wa": scores["wa"], "ua": scores["ua"]}
        progress.history.append({"epoch": epoch, **figures})
        figures["learning_rate"] = self.scheduler.get_last_lr()[0]
        self.log({name: value for name, value in figures.items() if value is not None}, epoch)
        if scores["ua"] is None or scores["ua"] > progress.best_ua:
            progress.best_epoch = epoch
            progress.best_ua = progress.best_ua if scores["ua"] is None else scores["ua"]
            if self.accelerator.is_main_process:
                save_files(self.output_dir, self.accelerator.unwrap_model(self.model).save_pretrained)
        progress.seconds += time.monotonic() - start_s
        self._save_checkpoint()

    def _save_checkpoint(self) -> None:
        """Written beside the last one, then put in its place: a kill leaves one of the two whole."""
        checkpoint = self.output_dir / CHECKPOINT
        with unfinished_beside(checkpoint, "make room there, and continue the run") as unfinished:
            self.accelerator.save_state(str(unfinished))
            self.accelerator.wait_for_everyone()
            if self.accelerator.is_main_process:
                put_in_place(unfinished, checkpoint)
        self.accelerator.wait_for_everyone()


def _sigmoid_loss(logits: torch.Tensor, labels: torch.Tensor, label_smoothing: float) -> torch.Tensor:
    """Every class on its own against the rest, as [2] does."""
    targets = one_hot(labels, logits.shape[-1]).to(logits)
    targets = targets * (1 - label_smoothing) + label_smoothing / logits.shape[-1]
    return binary_cross_entropy_with_logits(logits, targets)


LOSSES = {"softmax": cross_entropy, "sigmoid": _sigmoid_loss}
OPTIMIZERS = {
    "adam": partial(torch.optim.Adam, fused=True),
    "adamw": partial(torch.optim.AdamW, fused=True),
    "adadelta": torch.optim.Adadelta,
}


def parameter_groups(model: PreTrainedModel, recipe: Recipe) -> list[dict]:
    """What is trained, with its learning rate: the model first, then layers of a pretrained encoder, if any."""
    trained = {name: each for name, each in model.named_parameters() if each.requires_grad}
    of_encoder = [name for name in trained if ENCODER in name]
    groups = [{"params": [trained[name] for name in trained if name not in of_encoder], "lr": recipe.learning_rate}]
    if of_encoder:
        groups.append({"params": [trained[name] for name in of_encoder], "lr": recipe.encoder_learning_rate})
    return groups


def learning_rate_factor(schedule: str, num_steps: int) -> Callable[[int], float]:
    """What the learning rate is multiplied with at each step.

    Args:
        schedule: `inverse`, `cosine` or `constant`, see `Recipe`.
        num_steps: steps of the whole run.
    """
    if schedule == "inverse":
        return lambda step: 1 / (1 + LEARNING_RATE_DECAY * step)  # section 4.2
    if schedule == "constant":
        return lambda step: 1.0
    warm_up = max(1, round(WARM_UP_SHARE * num_steps))
    return lambda step: min(1.0, (step + 1) / warm_up) * (1 + math.cos(math.pi * min(step / num_steps, 1))) / 2
