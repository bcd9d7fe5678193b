"""Waveforms to the frames of a speech encoder, for every family."""

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import FAMILIES, RATE, SIZE, WHISPER_WINDOW_FRAMES, encoder_config, feature_extractor_of, sound
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel, WhisperModel

from wise_hf.model.frame_encoder_wise import LONGEST_WINDOW_FRAMES, FrameEncoder, frame_times
from wise_hf.model.pretrained_encoder import read_frame_encoder


HOP = 320
LENGTHS = (100, HOP - 1, HOP, 1000, RATE, RATE + 1, 40_000)

every_family = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture
def read(encoder_folders) -> Callable[..., FrameEncoder]:
    """Read an encoder of a family, whose windows are short so that recordings are soon longer than one."""

    def read(family: str, layers: tuple[int, ...] = (1, 3), mix: str = "mean", padding: str = "none") -> FrameEncoder:
        encoder = read_frame_encoder(str(encoder_folders / family), layers, mix, padding)
        encoder.window_frames = WHISPER_WINDOW_FRAMES
        return encoder

    return read


def frames_of(encoder: FrameEncoder, waveforms: list[np.ndarray]) -> torch.Tensor:
    padded = pad_sequence([torch.from_numpy(one) for one in waveforms], batch_first=True)
    with torch.inference_mode():
        return encoder(padded, torch.tensor([len(one) for one in waveforms]))


@every_family
def test_a_cpu_gives_a_recording_the_very_same_frames_whatever_else_is_in_the_batch(read, family):
    encoder, waveforms = read(family), [sound(length, seed=length) for length in LENGTHS]
    for waveform, its in zip(waveforms, encoder.encode_batch(waveforms), strict=True):
        np.testing.assert_array_equal(its, encoder.encode(waveform))


@every_family
def test_a_recording_has_the_same_frames_alone_and_in_a_batch(read, family, in_batches):
    encoder = read(family)
    waveforms = [sound(length, seed=length) for length in LENGTHS]
    together = frames_of(encoder, waveforms)
    for waveform, its in zip(waveforms, together, strict=True):
        alone = encoder.encode(waveform)
        assert alone.shape == (math.ceil(len(waveform) / HOP), SIZE) and alone.dtype == np.float32
        assert np.isfinite(alone).all() and alone.std(axis=1).min() > 0
        np.testing.assert_allclose(its[: len(alone)], alone, atol=1e-4)
        assert not its[len(alone) :].any(), "padding is 0"


@every_family
def test_what_pads_a_batch_changes_nothing(read, family, in_batches):
    encoder, waveform = read(family), torch.from_numpy(sound(5000))[None]
    with torch.inference_mode():
        expected = encoder(waveform, torch.tensor([5000]))
        padded = encoder(pad(waveform, (0, 3000), value=0.9), torch.tensor([5000]))
    torch.testing.assert_close(padded, expected, rtol=0, atol=1e-5)


def test_no_recording_is_too_short(read):
    encoder = read("wav2vec2-group")
    assert encoder.encode(np.zeros(0, np.float32)).shape == encoder.encode(np.zeros(1, np.float32)).shape == (1, SIZE)


@pytest.mark.parametrize(("family", "padding"), [*((family, "none") for family in FAMILIES), ("whisper", "window")])
def test_frames_are_the_hidden_states_of_the_whole_model(read, encoder_folders, family, padding):
    encoder = read(family, (1, 2), "learnt", padding)
    assert len(encoder.layers) == 2, "layers that are not used are not kept"
    waveform = sound(40 * HOP)
    whole = whole_model(encoder_folders / family, WHISPER_WINDOW_FRAMES if padding == "window" else 40)
    states = whole(**whole_input(family, encoder, waveform, padding)).hidden_states
    expected = torch.cat(states[1:3], dim=-1)[0, :40].detach()
    np.testing.assert_allclose(encoder.encode(waveform), expected, atol=1e-5)


def whole_model(folder: Path, num_frames: int) -> Callable:
    """All of an encoder, as transformers has it; Whisper's takes recordings of just one length, this one."""
    model = AutoModel.from_pretrained(folder).eval()
    if model.config.model_type != "whisper":
        return partial(model, output_hidden_states=True)
    weights = model.encoder.state_dict()
    weights["embed_positions.weight"] = weights["embed_positions.weight"][:num_frames]
    model.config.max_source_positions = num_frames
    encoder = WhisperModel(model.config).encoder.eval()
    encoder.load_state_dict(weights)
    return partial(encoder, output_hidden_states=True)


def whole_input(family: str, encoder: FrameEncoder, waveform: np.ndarray, padding: str) -> dict:
    """What transformers itself makes of a waveform that ends in all that its last frame sees."""
    waveform = np.pad(waveform, (0, encoder.times.seen - HOP))
    extractor = feature_extractor_of(family)
    options = {"sampling_rate": RATE, "return_tensors": "pt"}
    if family != "whisper":
        return dict(extractor(waveform, **options))
    return dict(extractor(waveform, **options, padding="max_length" if padding == "window" else False))


def test_the_last_layer_is_taken_as_the_others_are_before_what_follows_them(read, encoder_folders):
    encoder, waveform = read("whisper", (3,), padding="window"), sound(RATE)
    whole = AutoModel.from_pretrained(encoder_folders / "whisper").eval().encoder
    spectra = feature_extractor_of("whisper")(waveform, sampling_rate=RATE, return_tensors="pt").input_features
    with torch.inference_mode():
        normed = whole.layer_norm(torch.from_numpy(encoder.encode(waveform)))
        torch.testing.assert_close(normed, whole(spectra).last_hidden_state[0], rtol=0, atol=1e-5)


@every_family
def test_a_mean_and_all_layers_side_by_side(read, family):
    waveform = sound(7000)
    each = [read(family, (layer,)).encode(waveform) for layer in (1, 3)]
    np.testing.assert_allclose(read(family, (1, 3), "mean").encode(waveform), np.mean(each, axis=0), atol=1e-5)
    side_by_side = read(family, (3, 1), "learnt")
    assert side_by_side.config.feature_size == 2 * SIZE
    np.testing.assert_allclose(side_by_side.encode(waveform), np.hstack(each[::-1]), atol=1e-5)


def test_the_frames_of_a_long_recording_lie_in_equal_windows_that_overlap_by_what_a_frame_sees(read):
    encoder = read("wav2vec2-layer")
    windows = encoder._windows(torch.arange(101.0 * HOP))
    assert [len(each) for each in windows] == [33 * HOP + 400] * 2 + [32 * HOP + 400]
    assert [int(each[0]) for each in windows] == [0, 34 * HOP, 68 * HOP]
    assert int(windows[1][-1]) == 67 * HOP + 399 and int(windows[2][-81]) == 101 * HOP - 1
    assert not windows[2][-80:].any(), "silence behind the end"


@every_family
def test_windows_are_30_s_unless_the_encoder_has_its_own(encoder_folders, family):
    frames = read_frame_encoder(str(encoder_folders / family), (1,)).window_frames
    assert frames == (WHISPER_WINDOW_FRAMES if family == "whisper" else LONGEST_WINDOW_FRAMES)


@every_family
def test_a_frame_lies_where_it_is_said_to(read, family):
    """A click is moved over silence: the places from which it reaches a frame lie around the frame's centre."""
    encoder = without_view_of_other_frames(read(family, (1,)))
    number, times = 5, encoder.times
    centre = number * times.hop + times.centre
    reached = []
    for place in range(int(centre) - 900, int(centre) + 900, 20):
        click = np.zeros(16 * HOP, np.float32)
        click[place] = 0.5
        frames = encoder.encode(click)
        if np.abs(frames[number] - frames[-1]).max() > 1e-4 * np.abs(frames).max():
            reached.append(place)
    assert (reached[0] + reached[-1]) / 2 == pytest.approx(centre, abs=30)
    assert reached[-1] - reached[0] >= times.seen - 100
    if family != "whisper":  # whose convolutions see more before and after
        assert reached[-1] - reached[0] <= times.seen


def without_view_of_other_frames(encoder: FrameEncoder) -> FrameEncoder:
    """Attention, positions and convolutions between frames give nothing, so that a frame is what it sees itself."""
    if hasattr(encoder.input_extractor, "do_normalize"):
        encoder.input_extractor.do_normalize = False
    others = re.compile(r"out_proj|linear_out|pos_conv_embed.*(bias|original0)|embed_positions|pointwise_conv2")
    with torch.no_grad():
        for name, parameter in encoder.encoder.named_parameters():
            if others.search(name):
                parameter.zero_()
    return encoder


def test_centres_of_the_families():
    centres = {family: frame_times(encoder_config(family)).centre * 1000 / RATE for family in FAMILIES}
    assert centres.pop("whisper") == 0 and centres.pop("wav2vec2-bert") == 17.5
    assert set(centres.values()) == {12.5}
    assert {frame_times(encoder_config(family)).hop for family in FAMILIES} == {HOP}


@every_family
def test_a_frozen_encoder_has_no_gradient_and_drops_nothing_out(read, family):
    encoder, waveform = read(family), torch.from_numpy(sound(4000))[None]
    expected = encoder(waveform, torch.tensor([4000]))
    encoder.train()
    frames = encoder(waveform, torch.tensor([4000]))
    assert encoder.is_frozen and not any(module.training for module in encoder.modules())
    assert not frames.requires_grad and torch.equal(frames, expected)


@every_family
def test_the_last_layers_alone_are_trained_where_that_is_asked_for(read, family):
    encoder = read(family)
    encoder.train_last_layers(2)
    encoder.train()
    assert encoder.encoder.training
    encoder(torch.from_numpy(sound(4000))[None], torch.tensor([4000])).square().mean().backward()
    trained = {id(each) for layer in list(encoder.layers)[-2:] for each in layer.parameters()}
    for name, parameter in encoder.named_parameters():
        assert (parameter.grad is not None) == (id(parameter) in trained and parameter.requires_grad), name
        assert parameter.requires_grad == (id(parameter) in trained), name
    encoder.train_last_layers(0)
    assert encoder.is_frozen
    with pytest.raises(ValueError, match="4 layers .* takes its first 3 .*give --train_encoder_layers 3 or fewer"):
        encoder.train_last_layers(4)


def test_an_encoder_in_half_precision_is_near_the_one_in_float32(read):
    encoder, waveform = read("wav2vec2-layer"), sound(4000)
    expected = encoder.encode(waveform)
    frames = encoder.to(torch.bfloat16).encode(waveform.copy())
    assert np.abs(frames - expected).mean() < 0.1 * np.abs(expected).mean()
