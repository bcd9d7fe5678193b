"""An encoder's last layers trained with the rest, for every family."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from encoders import FAMILIES
from safetensors.torch import load_file

from wise_hf.data.collator import WISECollator, load_utterances
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.schema import PreparedUtterance
from wise_hf.data.waveform_collator import WaveformCollator, with_waveforms
from wise_hf.data.wise_frames import Frames
from wise_hf.model.loading import load_model
from wise_hf.model.pretrained_encoder import FrameEncoderSource
from wise_hf.training.loop import TrainingRun, parameter_groups
from wise_hf.training.options import TrainOptions, recipe_of
from wise_hf.training.recipe import ENCODER
from wise_hf.training.wise_system import build_wise


EMOTIONS = ["angry", "happy", "neutral", "sad"]
RECIPE = replace(ENCODER, train_encoder_layers=1, members=1, augment=(), epochs=1, batch_size=4, audio_copies=1)


@pytest.fixture(autouse=True)
def fresh_accelerator():
    AcceleratorState._reset_state(reset_partial_state=False)


def prepared(corpus: Path, frames: Frames) -> list[PreparedUtterance]:
    """Eight utterances with their frames, a copy of each, and the waveforms of both."""
    made = frames.prepare(load_folder(corpus).select(range(8)))
    rows = load_utterances(made, copies=frames.prepare_copies(made, 1))
    return with_waveforms(rows, frames.prepare_waveforms(made, 1))


def frames_of_family(folders: Path, family: str, **choices: object) -> Frames:
    return Frames(encoder=FrameEncoderSource(str(folders / family), (2, 3)), **choices)


@pytest.mark.parametrize("with_mfcc", [False, True])
def test_before_training_the_model_hears_what_the_frozen_encoder_made(encoder_folders, spoken_corpus, with_mfcc):
    frames = frames_of_family(encoder_folders, "whisper", with_mfcc=with_mfcc)
    rows = prepared(spoken_corpus, frames)
    model, live = build_wise(rows, EMOTIONS, None, RECIPE, frames, {})
    frozen = WISECollator(live.processor, live.label2id).without_augmentation()(rows)
    heard = live.without_augmentation()(rows)
    assert isinstance(live, WaveformCollator) and "input_values" in heard
    with torch.inference_mode():
        expected, found = (model.eval()(**batch).logits for batch in (frozen, heard))
    torch.testing.assert_close(found, expected, atol=5e-3, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_layer_learns_and_those_below_stay_as_they_are(encoder_folders, spoken_corpus, tmp_path, family):
    frames = frames_of_family(encoder_folders, family)
    rows = prepared(spoken_corpus, frames)
    torch.manual_seed(0)
    model, collator = build_wise(rows, EMOTIONS, None, RECIPE, frames, {})
    before = {name: each.clone() for name, each in model.wise.frame_encoder.state_dict().items()}
    run = TrainingRun(model, rows, rows[:4], collator, RECIPE, Accelerator(cpu=True), tmp_path)
    run.train("test")
    after = load_model(tmp_path).wise.frame_encoder.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all("layers.2." in name for name in changed)
    dtypes = {name: each.dtype for name, each in load_file(tmp_path / "model.safetensors").items()}
    of_layers = [name for name in dtypes if ".frame_encoder." in name and "layers.0." in name]
    assert {dtypes[name] for name in of_layers} == {torch.float16}, "what is frozen is saved in half precision"


def test_gradients_are_the_same_where_layers_are_computed_once_more(encoder_folders, spoken_corpus):
    frames = frames_of_family(encoder_folders, "whisper")
    rows = prepared(spoken_corpus, frames)

    def gradients(recipe) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        model, collator = build_wise(rows, EMOTIONS, None, replace(recipe, dropout=0.0, input_dropout=0.0), frames, {})
        model.train()(**collator.without_augmentation()(rows)).loss.backward()
        return {name: each.grad for name, each in model.named_parameters() if each.grad is not None}

    kept, again = gradients(RECIPE), gradients(replace(RECIPE, gradient_checkpointing=True))
    assert kept.keys() == again.keys() and any(".frame_encoder." in name for name in kept)
    torch.testing.assert_close(kept, again)


def test_the_encoder_has_a_learning_rate_of_its_own(encoder_folders, spoken_corpus):
    frames = frames_of_family(encoder_folders, "whisper")
    model, _ = build_wise(prepared(spoken_corpus, frames), EMOTIONS, None, RECIPE, frames, {})
    rest, of_encoder = parameter_groups(model, RECIPE)
    assert (rest["lr"], of_encoder["lr"]) == (RECIPE.learning_rate, RECIPE.encoder_learning_rate)
    trained = {id(each) for each in model.wise.frame_encoder.layers[-1].parameters()}
    assert {id(each) for each in of_encoder["params"]} == trained
    assert not trained & {id(each) for each in rest["params"]}


def test_more_layers_than_there_are_and_augmentations_of_frames_are_refused(encoder_folders, spoken_corpus):
    frames = frames_of_family(encoder_folders, "whisper")
    rows = prepared(spoken_corpus, frames)
    with pytest.raises(ValueError, match="4 layers .* takes its first 3 .*give --train_encoder_layers 3 or fewer"):
        build_wise(rows, EMOTIONS, None, replace(RECIPE, train_encoder_layers=4), frames, {})
    with pytest.raises(ValueError, match="mix_words change frames.*give --augment unknown_speakers"):
        build_wise(rows, EMOTIONS, None, replace(RECIPE, augment=("mix_words",)), frames, {})


def test_the_recipe_leaves_out_what_needs_ready_frames():
    options = {"data_dir": "x", "output_dir": "y", "frame_encoder": "z"}
    assert recipe_of(TrainOptions(**options)).members > 1
    recipe = recipe_of(TrainOptions(**options, train_encoder_layers=2))
    assert (recipe.augment, recipe.members, recipe.train_encoder_layers) == (("unknown_speakers",), 1, 2)
