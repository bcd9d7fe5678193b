"""What the options of a training mean."""

from dataclasses import replace

import pytest

from wise_hf.training.options import TrainOptions, as_augmentations, as_vocabulary, model_choices_of, recipe_of
from wise_hf.training.recipe import RECIPES


def options(**given: object) -> TrainOptions:
    return TrainOptions(data_dir="somewhere", output_dir="out", **given)


def test_a_recipe_is_taken_by_name_and_changed_by_single_values():
    assert recipe_of(options()) == RECIPES["wise_hf"]
    assert recipe_of(options(recipe="paper")) == RECIPES["paper"]
    changed = recipe_of(options(recipe="paper", epochs=3, augment="tempo,warp", learning_rate=0.01))
    assert (changed.epochs, changed.augment, changed.learning_rate) == (3, ("tempo", "warp"), 0.01)
    assert changed.normalization == RECIPES["paper"].normalization


def test_recordings_as_they_are_are_not_heard_through_other_channels():
    assert recipe_of(options(augment="tempo,channel")).augment == ("tempo", "channel")
    as_recorded = replace(RECIPES["wise_hf"], augment=("tempo", "channel")).as_recorded()
    assert as_recorded.level == "as_recorded" and as_recorded.augment == ("tempo",)
    assert recipe_of(options(level="as_recorded")).level == "as_recorded"
    with pytest.raises(ValueError, match="'channel' is for recordings at one level, .* or give --level speech"):
        recipe_of(options(recipe="paper", augment="tempo,channel"))


def test_the_papers_recipe_has_the_papers_values():
    paper = RECIPES["paper"]
    assert (paper.learning_rate, paper.weight_decay, paper.schedule) == (1e-3, 1e-4, "inverse")
    assert paper.dropout == 0.3 and not paper.steady_start and not paper.refit
    assert (
        paper.level == "as_recorded" and not paper.augment and paper.input_dropout == 0 and paper.label_smoothing == 0
    )


def test_variants_become_fields_of_the_configuration():
    choices = model_choices_of(options(interaction=False, hierarchy="word", recipe="paper"))
    assert choices["interaction"] is False and choices["hierarchy"] == "word" and choices["attention"] is True


@pytest.mark.parametrize(("function", "text"), [(as_vocabulary, "some"), (as_augmentations, "reverb")])
def test_values_that_make_no_sense_are_refused(function, text):
    with pytest.raises(ValueError, match="is not"):
        function(text)


def test_options_in_python_are_converted_and_checked_as_on_the_command_line():
    given = options(emotions=["sad", "happy"], label_map={"calm": "sad"}, augment=["warp"], vocabulary="100")
    assert given.data_dir.name == "somewhere" and given.label_map == {"calm": "sad"}
    assert given.augment == ("warp",) and given.vocabulary == 100 and as_vocabulary("all") == "all"
    with pytest.raises(ValueError, match="--epochs: '0' is not a whole number above 0"):
        options(epochs=0)
    with pytest.raises(ValueError, match="--schedule: 'slow' is not one of inverse, cosine, constant"):
        options(schedule="slow")
    for name in ("svm", "refit", "skip_unusable"):
        with pytest.raises(ValueError, match=f"--{name}: 'no' is neither true nor false"):
            options(**{name: "no"})
    for seed in (1.7, True, -1):
        with pytest.raises(ValueError, match="--seed"):
            options(seed=seed)
