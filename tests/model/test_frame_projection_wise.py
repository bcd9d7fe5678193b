"""From a frame as it is given to the frame that the hierarchy reads."""

import pytest
import torch
from model_inputs import tiny_config

from wise_hf.model.frame_projection_wise import FrameProjection


FRAMES = torch.randn(5, 2 * 4 + 3, generator=torch.Generator().manual_seed(0))


def projection(**changes: object) -> FrameProjection:
    torch.manual_seed(0)
    return FrameProjection(tiny_config(**{"feature_size": 11} | changes)).eval()


def test_a_frame_of_mfcc_stays_as_it_is():
    made = projection()
    assert torch.equal(made(FRAMES), FRAMES) and made.output_size == 11
    assert not list(made.parameters())


def test_layers_are_weighed_and_other_values_kept():
    made = projection(mixed_layers=2, values_beside_layers=3)
    assert made.output_size == 7
    first, second, beside = FRAMES.split([4, 4, 3], dim=1)
    torch.testing.assert_close(made(FRAMES), torch.cat([(first + second) / 2, beside], 1))
    with torch.no_grad():
        made.layer_scores.copy_(torch.tensor([0.75, 0.25]).log())
    torch.testing.assert_close(made(FRAMES), torch.cat([0.75 * first + 0.25 * second, beside], 1))


def test_weights_of_layers_are_learnt():
    made = projection(mixed_layers=2, values_beside_layers=3)
    made(FRAMES)[:, :4].square().sum().backward()
    assert made.layer_scores.grad.abs().min() > 0
    assert made.layer_scores.grad.sum() == pytest.approx(0, abs=1e-5), "of a softmax"


def test_a_linear_layer_comes_after_the_mix():
    made = projection(mixed_layers=2, values_beside_layers=3, frame_projection_size=6)
    mixed = projection(mixed_layers=2, values_beside_layers=3)(FRAMES)
    assert made.output_size == 6 and made.linear.in_features == 7
    torch.testing.assert_close(made(FRAMES), made.linear(mixed).relu())


def test_values_are_dropped_in_training_only():
    made = projection(frame_dropout=0.5)
    assert torch.equal(made(FRAMES), FRAMES)
    dropped = made.train()(FRAMES)
    assert 0 < int((dropped == 0).sum()) < FRAMES.numel()
