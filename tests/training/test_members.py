"""Members: networks that are trained apart, and whose probabilities a model averages."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from trial_input import small_trial, small_wise, utterances

from wise_hf.data.folds import Fold
from wise_hf.model.loading import load_model
from wise_hf.model.modeling_wise import WISEModel
from wise_hf.training.recipe import Recipe
from wise_hf.training.trial import MEMBER, fit_network, member_trial


FOLD = Fold("a", list(range(8)), [8, 9, 10, 11], [12, 13, 14, 15])


@pytest.fixture(autouse=True)
def fresh_accelerator():
    AcceleratorState._reset_state(reset_partial_state=False)


def fitted(folder: Path, members: int, **changes: object) -> tuple:
    return fit_network(small_wise(members=members, epochs=1, **changes), small_trial(folder, utterances(), FOLD))


def scored(run, model) -> tuple[torch.Tensor, torch.Tensor]:
    batch = run.collator.without_augmentation()(utterances())
    batch.pop("labels")
    with torch.inference_mode():
        outputs = model.eval()(**batch)
    return outputs.logits.double().softmax(-1), outputs.attention_weights


@pytest.mark.parametrize("refit", [True, False])
def test_a_model_gives_the_mean_of_what_its_members_give(tmp_path, refit):
    run, report = fitted(tmp_path, 3, refit=refit)
    apart = [scored(run, load_model(tmp_path / f"{MEMBER}{number}")) for number in (1, 2, 3)]
    probabilities, attention = scored(run, run.model)
    torch.testing.assert_close(probabilities, torch.stack([each for each, _ in apart]).mean(0), atol=1e-6, rtol=0)
    torch.testing.assert_close(attention, torch.stack([each for _, each in apart]).mean(0))
    assert (apart[0][0] - apart[1][0]).abs().max() > 1e-4, "they start from different seeds"
    assert report["validation"] and report["history"]


def test_a_saved_model_has_all_of_them_and_auto_model_has_the_first(tmp_path):
    run, _ = fitted(tmp_path, 2)
    model = load_model(tmp_path)
    assert model.config.num_members == 2 and len(model.members) == 1
    torch.testing.assert_close(scored(run, model), scored(run, run.model))
    first, told = WISEModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not told["missing_keys"] and not told["unexpected_keys"]
    torch.testing.assert_close(first.word_embeddings.weight, model.wise.word_embeddings.weight)
    model.save_pretrained(tmp_path / "again")
    assert (
        load_file(tmp_path / "again" / "model.safetensors").keys() == load_file(tmp_path / "model.safetensors").keys()
    )


def test_the_first_member_is_the_model_that_is_trained_alone(tmp_path):
    fitted(tmp_path / "alone", 1)
    fitted(tmp_path / "together", 2)
    folders = tmp_path / "alone", tmp_path / "together" / f"{MEMBER}1"
    alone, first = (load_file(folder / "model.safetensors") for folder in folders)
    assert all(torch.equal(alone[name], first[name]) for name in alone)


def test_a_trial_of_members_goes_on_where_it_was(tmp_path):
    run, _ = fitted(tmp_path, 2)
    expected = scored(run, run.model)
    (tmp_path / "model.safetensors").unlink()
    run, _ = fitted(tmp_path, 2)
    torch.testing.assert_close(scored(run, run.model), expected)


def test_members_have_seeds_and_folders_of_their_own(tmp_path):
    trial = small_trial(tmp_path, utterances(), FOLD)
    trials = [member_trial(replace(trial, seed=2**32 - 1), number) for number in range(3)]
    assert len({each.seed for each in trials}) == len({each.output_dir for each in trials}) == 3
    assert all(0 <= each.seed < 2**32 for each in trials)


def test_members_of_a_model_that_trains_its_encoder_are_refused():
    with pytest.raises(ValueError, match="share an encoder that is frozen; give --members 1"):
        Recipe(members=2, train_encoder_layers=1)
