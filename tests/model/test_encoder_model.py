"""A model that makes its frames of waveforms by itself: live and from a saved folder."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from encoder_model import EMOTIONS, Trained, train
from encoders import SIZE
from safetensors.torch import load_file

from wise_hf.model.audio_wise import read_audio
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.loading import load_model, load_pipeline, load_processor
from wise_hf.model.modeling_wise import WISEForAudioClassification, WISEModel
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.model.pretrained_encoder import FrameEncoderSource
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.model.word_by_word_wise import WordByWord
from wise_hf.training.wise_system import add_encoders


NUMBERS = [0, 9, 20]


@pytest.fixture(scope="module")
def trained(spoken_corpus, encoder_folders, tmp_path_factory) -> Trained:
    """A learnt mix of Whisper's layers beside MFCC, normalised by speaker; its encoder's folder is gone."""
    encoder = shutil.copytree(encoder_folders / "whisper", tmp_path_factory.mktemp("gone") / "tiny-whisper")
    folder = tmp_path_factory.mktemp("trained")
    made = train(spoken_corpus, encoder, folder, "speaker", mix="learnt", with_mfcc=True, level="speech")
    shutil.rmtree(encoder)
    return made


def live_inputs(processor: WISEProcessor, trained: Trained, number: int) -> dict[str, torch.Tensor]:
    row = trained.prepared[number]
    samples = read_audio(row["audio"], 16_000, row["start_s"], row["end_s"])
    statistics = trained.collator.statistics.get((row["speaker"], 1.0, 0))
    return dict(processor(samples, row["words"], sampling_rate=16_000, statistics=statistics, return_tensors="pt"))


@pytest.mark.parametrize(
    ("family", "normalization", "choices"),
    [
        ("whisper", "global", {"mix": "learnt", "with_mfcc": True}),
        ("whisper", "speaker", {"padding": "window", "level": "speech"}),
        ("whisper", "none", {"with_mfcc": True}),
        ("wav2vec2-group", "speaker", {"mix": "learnt", "with_mfcc": True}),
        ("wav2vec2-bert", "global", {"level": "speech"}),
        ("wavlm", "none", {"layers": (2,)}),
    ],
)
def test_scores_live_are_those_of_the_frames_that_were_made_beforehand(
    spoken_corpus, encoder_folders, tmp_path, family, normalization, choices
):
    trained = train(spoken_corpus, encoder_folders / family, tmp_path, normalization, **choices)
    model, processor = load_model(tmp_path), load_processor(tmp_path)
    if normalization == "speaker":
        assert trained.collator.statistics, "of each speaker there is enough"
    with torch.inference_mode():
        cached = model(**trained.batch(NUMBERS)).logits
        live = torch.cat([model(**live_inputs(processor, trained, number)).logits for number in NUMBERS])
    differences = (cached[0] - cached[1]).abs().max()
    torch.testing.assert_close(live, cached, rtol=0, atol=min(1e-3, 0.05 * float(differences)))


def test_a_batch_of_waveforms_has_the_scores_of_each_alone(trained):
    model, processor = load_model(trained.folder), load_processor(trained.folder)
    rows = [trained.prepared[number] for number in NUMBERS]
    samples = [read_audio(row["audio"], 16_000, row["start_s"], row["end_s"]) for row in rows]
    batch = processor(samples, [row["words"] for row in rows], sampling_rate=16_000, return_tensors="pt")
    assert batch["input_features"].shape[2] == 39 and batch["feature_mean"].shape == (3, 2 * SIZE + 39)
    assert batch["input_lengths"].tolist() == [len(each) for each in samples]
    assert set(batch) == set(processor.model_input_names)
    with torch.inference_mode():
        together = model(**batch).logits
        alone = [
            model(**processor(each, row["words"], sampling_rate=16_000, return_tensors="pt")).logits
            for each, row in zip(samples, rows, strict=True)
        ]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-5)


def test_the_encoder_is_half_as_large_on_the_disk_and_in_full_precision_in_memory(trained, tmp_path):
    weights = load_file(trained.folder / "model.safetensors")
    halves = {name for name, value in weights.items() if value.dtype == torch.float16}
    assert halves and halves == {name for name in weights if name.startswith("wise.frame_encoder.")}
    model, report = WISEForAudioClassification.from_pretrained(trained.folder, output_loading_info=True)
    assert not any(report.values())
    assert model.dtype == torch.float32 and {each.dtype for each in model.parameters()} == {torch.float32}
    model.save_pretrained(tmp_path)
    again = load_file(tmp_path / "model.safetensors")
    assert again.keys() == weights.keys() and all(torch.equal(again[name], weights[name]) for name in weights)


def test_whole_numbers_of_an_encoder_are_saved_as_they_are(trained, tmp_path):
    model = load_model(trained.folder)
    model.wise.frame_encoder.encoder.register_buffer("places", torch.arange(4))
    model.save_pretrained(tmp_path)
    assert load_file(tmp_path / "model.safetensors")["wise.frame_encoder.encoder.places"].dtype == torch.int64


def test_a_saved_encoder_is_the_one_that_made_the_frames(trained, encoder_folders):
    source = trained.frames.encoder
    original = FrameEncoderSource(str(encoder_folders / "whisper"), source.layers, source.mix).read()
    saved = load_model(trained.folder).wise.frame_encoder
    assert original.state_dict().keys() == saved.state_dict().keys()
    assert all(torch.equal(value, saved.state_dict()[name]) for name, value in original.state_dict().items())
    samples = read_audio(trained.prepared[0]["audio"])
    np.testing.assert_array_equal(saved.encode(samples), original.encode(samples))


def test_a_loaded_model_trains_all_but_its_encoder(trained):
    model = load_model(trained.folder).train()
    assert model.wise.frame_encoder.is_frozen and not model.wise.frame_encoder.encoder.training
    inputs = live_inputs(load_processor(trained.folder), trained, 0)
    model(**inputs, labels=torch.tensor([1])).loss.backward()
    assert model.wise.frame_projection.layer_scores.grad.abs().max() > 0
    assert all(each.grad is None for each in model.wise.frame_encoder.parameters())


def test_a_model_in_bfloat16_normalises_by_what_is_not_rounded(trained):
    model, inputs = load_model(trained.folder), live_inputs(load_processor(trained.folder), trained, 0)
    frames = model.wise.frame_encoder(inputs["input_values"], inputs["input_lengths"])
    place = inputs["frame_index"][0, 0]
    mean = frames[0, place].detach().bfloat16().float() + 1e-3  # which bfloat16 does not hold
    inputs["feature_mean"][0, : len(mean)], inputs["feature_std"][:] = mean, 1e-3
    seen = []
    model.wise.frame_projection.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    model.wise.frame_encoder.forward = lambda *_: frames.bfloat16()
    model(**inputs)
    torch.testing.assert_close(seen[0][0, : len(mean)], torch.full((len(mean),), -1.0), rtol=0, atol=1e-2)


def test_the_body_alone_makes_its_frames_too(trained):
    inputs = live_inputs(load_processor(trained.folder), trained, 0)
    with torch.inference_mode():
        expected = load_model(trained.folder)(**inputs).pooler_output
        assert torch.equal(WISEModel.from_pretrained(trained.folder)(**inputs).pooler_output, expected)


def test_word_by_word_it_gives_what_it_gives_in_one_pass_over_the_waveform(trained):
    model = load_model(trained.folder)
    inputs = live_inputs(load_processor(trained.folder), trained, 0)
    with torch.inference_mode():
        expected = model(**inputs, output_words=True).word_logits[0].softmax(-1)
    scored = WordByWord(model).add(inputs)
    torch.testing.assert_close(torch.tensor([its for its, _ in scored]), expected, rtol=0, atol=1e-5)


def test_no_saved_file_tells_of_this_machine(trained):
    places = (str(Path(trained.frames.encoder.name_or_folder).parent), str(Path.cwd()), str(trained.folder))
    for path in trained.folder.glob("*.json"):
        assert not [place for place in places if place in path.read_text()], path.name
    assert json.loads((trained.folder / "config.json").read_text())["frame_encoder"]["name"] == "tiny-whisper"


# Run in a fresh interpreter in which wise_hf cannot be imported.
WITHOUT_WISE_HF = """
import sys
sys.modules["wise_hf"] = None
import json
from transformers import AutoModel, AutoModelForAudioClassification, AutoProcessor, pipeline
folder, *recordings = sys.argv[1:]
for loader in (AutoModel, AutoModelForAudioClassification, AutoProcessor):
    loader.from_pretrained(folder, trust_remote_code=True)
classify = pipeline("audio-classification", model=folder, trust_remote_code=True)
given = [{"audio": each, "text": "kids are talking"} for each in recordings]
print(json.dumps([classify(given, on_error="report", batch_size=size) for size in (1, 3)]))
"""


@pytest.mark.slow
def test_a_saved_folder_is_all_that_a_stranger_needs(trained, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    recordings = [trained.prepared[number]["audio"] for number in NUMBERS]
    recordings.insert(1, str(tmp_path / "broken.wav"))
    command = [sys.executable, "-c", WITHOUT_WISE_HF, str(trained.folder), *recordings]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    alone, together = json.loads(done.stdout.strip().splitlines()[-1])
    classify = load_pipeline(trained.folder)
    given = [{"audio": each, "text": "kids are talking"} for each in recordings]
    for results in (alone, together, classify(given, on_error="report", batch_size=3)):
        assert "broken.wav" in results[1]["error"]
        for result, expected in zip(results[:1] + results[2:], alone[:1] + alone[2:], strict=True):
            assert scores_of(result) == pytest.approx(scores_of(expected), abs=1e-5)


def scores_of(result: list[dict]) -> dict[str, float]:
    return {entry["label"]: entry["score"] for entry in result}


def test_known_speakers_are_normalised_by_their_own_frames(trained):
    rows = [row for row in trained.prepared if row["speaker"] == trained.prepared[0]["speaker"]]
    given = [{"audio": row["audio"], "words": row["words"], "speaker": "anna"} for row in rows]
    results = load_pipeline(trained.folder)(given, return_words=True)
    assert {result["normalized_by"] for result in results} == {"speaker"}
    cached = load_model(trained.folder)(**trained.batch(list(range(len(rows))))).logits.softmax(-1)
    for result, expected in zip(results, cached.tolist(), strict=True):
        assert scores_of(result["scores"]) == pytest.approx(dict(zip(EMOTIONS, expected, strict=True)), abs=2e-3)


def test_a_pipeline_gives_in_batches_what_it_gives_one_by_one_also_beside_what_it_cannot_use(trained):
    classify = load_pipeline(trained.folder)
    given = [{"audio": row["audio"], "words": row["words"]} for row in (trained.prepared[each] for each in NUMBERS)]
    *together, refused = classify([*given, {"audio": "missing.wav"}], batch_size=3, on_error="report")
    assert "missing.wav" in refused["error"]
    for result, recording in zip(together, given, strict=True):
        assert scores_of(result) == pytest.approx(scores_of(classify(recording)), abs=1e-5)


MFCC = {"frames": "mfcc", "feature_size": 39, "frame_ms": 25, "mean": None, "std": None}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"hop_ms": 15}, "hop_ms is 15 and not 20.0"),
        ({"frame_ms": 25}, "frame_ms is 25 and not 0.0"),
        ({"sampling_rate": 8000}, "sampling_rate is 8000 and not 16000"),
        ({"feature_size": 40, "mean": None, "std": None}, "feature_size is 40 and not 71"),
        ({"frames": "encoder"}, r"frames is 'encoder' and not 'encoder\+mfcc'"),
        (
            {"frames": "mfcc", "feature_size": 39, "frame_ms": 25, "mean": None, "std": None},
            "frames is 'mfcc' and not",
        ),
    ],
)
def test_a_processor_that_is_not_the_models_is_refused(trained, changed, sentence):
    model, processor = load_model(trained.folder), load_processor(trained.folder)
    processor.feature_extractor = WISEFeatureExtractor(**processor.feature_extractor.to_dict() | changed)
    with pytest.raises(ValueError, match=f"The processor is not that of the model: .*{sentence}.*saved with it"):
        WISEAudioClassificationPipeline(model=model, processor=processor)


def test_a_model_of_mfcc_refuses_the_processor_of_an_encoder(saved_model, trained):
    with pytest.raises(ValueError, match=r"frames is 'encoder\+mfcc' and not 'mfcc', feature_size is 71 and not 39"):
        WISEAudioClassificationPipeline(model=load_model(saved_model), processor=load_processor(trained.folder))
    inputs = live_inputs(load_processor(trained.folder), trained, 0)
    with pytest.raises(ValueError, match="has no frame encoder for input_values; use the processor saved with"):
        load_model(saved_model)(**inputs)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda given: given.pop("frame_index"), "Beside input_values the model needs frame_index;"),
        (lambda given: given.pop("feature_std"), "Beside input_values the model needs feature_std;"),
        (lambda given: given["frame_index"].add_(10_000), r"frame_index goes up to 10\d\d\d"),
        (lambda given: given.pop("input_features"), "frames of 32 values, but .* feature_mean has 71 values"),
        (lambda given: given.update(feature_mean=given["feature_mean"][:, 1:]), "feature_mean has 70 values"),
    ],
)
def test_what_is_missing_beside_waveforms_or_does_not_fit_is_told(trained, change, sentence):
    inputs = live_inputs(load_processor(trained.folder), trained, 0)
    change(inputs)
    with pytest.raises(ValueError, match=sentence):
        load_model(trained.folder)(**inputs)


def test_a_model_of_the_text_alone_takes_the_waveforms_and_does_not_listen(trained):
    inputs = live_inputs(load_processor(trained.folder), trained, 0)
    config = WISEConfig(modality="text", feature_size=71)
    assert WISEForAudioClassification(config).eval()(**inputs).logits.isfinite().all()


def test_a_real_whisper_s_layers_are_saved_small(spoken_corpus, real_whisper, tmp_path):
    config = WISEConfig(feature_size=512, vocab_size=20, word_embedding_size=8)
    WISEForAudioClassification(config).save_pretrained(tmp_path)
    add_encoders(tmp_path, FrameEncoderSource(str(real_whisper), (1, 2, 3)), None)
    assert (tmp_path / "model.safetensors").stat().st_size <= 25e6
    encoder = load_model(tmp_path).config.frame_encoder
    assert (encoder.name, encoder.padding, encoder.layers) == ("whisper-base", "none", [1, 2, 3])
    assert "MIT" in encoder.license
    for path in tmp_path.glob("*.json"):
        assert str(real_whisper.parent) not in path.read_text()
