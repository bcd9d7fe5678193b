"""Models that never heard the utterances on which they are scored."""

from collections.abc import Callable, Sequence, Set
from functools import cache, partial
from pathlib import Path

from datasets import Dataset
from torch.utils.data import DataLoader

from wise_hf.data.collator import load_utterances
from wise_hf.data.fold_file import read_folds
from wise_hf.data.schema import PreparedUtterance
from wise_hf.data.unusable import without_unusable
from wise_hf.model.loading import load_model, load_processor
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.model.pipeline_wise import check_frames
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.training.evaluation import check_emotions, collator_for, prepare_for
from wise_hf.training.processes import make_accelerator
from wise_hf.training.run_folder import FOLDS, fold_dirs
from wise_hf.training.scores import predict_classes


class ScoredModels:
    """A saved model, or those of a training run's folds, each with the utterances that it is scored on.

    Attributes:
        tested: by the folder or name of a model, the ids of its utterances.
        emotions: the labels, in the order of their numbers.
    """

    def __init__(self, model: str, corpus: Dataset):
        """Find the models.

        Args:
            model: folder of a training run, or a saved model, which is scored on everything.
            corpus: the utterances.

        Raises:
            ValueError: for a model that is not there, a run that tested nothing, or emotions that are not known.
        """
        self.tested = _tested_by(model, corpus)
        self._loaded = cache(lambda folder: (load_model(folder), load_processor(folder)))
        self.emotions = list(self._loaded(next(iter(self.tested)))[0].config.label2id)
        check_emotions(corpus, self.emotions)

    def predict(
        self, corpus: Dataset, align: Callable[..., dict], num_proc: int, batch_size: int
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The emotions of the utterances that have words, and their texts, both by id.

        Args:
            corpus: the utterances.
            align, num_proc: see `wise_hf.data.prepare.prepare`.
            batch_size: utterances in a batch.
        """
        predicted, texts = {}, {}
        for folder, tested in self.tested.items():
            model, processor = self._loaded(folder)
            check_frames(model.config, processor.feature_extractor)
            make = partial(prepare_for, folder, processor, num_proc=num_proc, align=align)
            prepared = make(without_unusable(corpus, make))
            predicted |= self._emotions_of(model, processor, load_utterances(prepared), tested, batch_size)
            texts |= dict(zip(prepared["id"], prepared["text"], strict=True))
        return predicted, texts

    def _emotions_of(
        self,
        model: WISEForAudioClassification,
        processor: WISEProcessor,
        utterances: Sequence[PreparedUtterance],
        tested: Set[str],
        batch_size: int,
    ) -> dict[str, str]:
        """Those of a model's own utterances; its speakers are known by all of them, as in training."""
        own = [each for each in utterances if each["id"] in tested]
        accelerator = make_accelerator()
        loader = DataLoader(own, batch_size, collate_fn=collator_for(model, processor, utterances))
        numbers, _ = predict_classes(model.to(accelerator.device), accelerator.prepare(loader), accelerator)
        return {each["id"]: self.emotions[number] for each, number in zip(own, numbers, strict=True)}


def _tested_by(model: str, corpus: Dataset) -> dict[str, set[str]]:
    path = Path(model) / FOLDS
    if not path.is_file():
        return {model: set(corpus["id"])}
    folds = read_folds(path, corpus)
    if not folds[0].test:
        raise ValueError(f"{model} tested nothing; give {Path(model) / 'model'} and a corpus that it never heard.")
    ids = corpus["id"][:]
    folders = map(str, fold_dirs(Path(model), folds))
    return {folder: {ids[row] for row in fold.test} for folder, fold in zip(folders, folds, strict=True)}
