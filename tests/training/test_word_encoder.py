"""Training on the word vectors of a text encoder, and the model that comes of it, which carries the encoder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from text_encoders import ENCODERS

from wise_hf.data.collator import WISECollator, load_utterances
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.encoded_batch import join_utterances, split_utterances, take_words
from wise_hf.data.prepare import prepare
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.loading import load_model, load_pipeline, load_processor
from wise_hf.model.pretrained_word_encoder import WordEncoderSource
from wise_hf.tables.options import TableOptions
from wise_hf.tables.run import reproduce_tables
from wise_hf.training.evaluation import EvaluateOptions, evaluate_model
from wise_hf.training.options import TrainOptions, chosen_frames
from wise_hf.training.run import check_training_options, train


# Run in a fresh interpreter in which wise_hf cannot be imported.
WITHOUT_WISE_HF = """
import sys
sys.modules["wise_hf"] = None
import json
from transformers import AutoModel, AutoProcessor, pipeline
name, recording = sys.argv[1:]
AutoModel.from_pretrained(name, trust_remote_code=True)
processor = AutoProcessor.from_pretrained(name, trust_remote_code=True)
classify = pipeline("audio-classification", model=name, trust_remote_code=True)
result = classify({"audio": recording, "text": "Don't you talk, kid?"}, return_words=True)
print(json.dumps([type(processor.tokenizer).__name__, result["scores"]]))
"""


@pytest.fixture(scope="module", params=ENCODERS)
def trained(request, spoken_corpus, tmp_path_factory) -> Path:
    """The folder of a run, whose encoder is not on this machine any more."""
    AcceleratorState._reset_state(reset_partial_state=False)
    folder = tmp_path_factory.mktemp(request.param)
    encoder = ENCODERS[request.param](folder / "text-encoder")
    options = {"data_dir": spoken_corpus, "num_proc": 1, "epochs": 1, "svm": False, "refit": False}
    train(TrainOptions(**options, output_dir=folder / "out", word_encoder=str(encoder), word_layers="1,2"))
    shutil.rmtree(encoder)
    return folder / "out"


@pytest.fixture
def recordings(spoken_corpus) -> list[dict]:
    return list(load_folder(spoken_corpus))[:3]


def test_the_model_carries_the_encoder_its_tokenizer_and_its_name(trained):
    model = load_model(trained / "model")
    config = model.config.word_encoder
    assert (config.name, config.license, config.layers) == ("text-encoder", "MIT License", [1, 2])
    assert model.config.vocab_size == 0 and model.get_input_embeddings() is None
    assert not any(each.requires_grad for each in model.wise.word_encoder.parameters())
    halves = {name: each.dtype for name, each in load_file(trained / "model" / "model.safetensors").items()}
    assert {each for name, each in halves.items() if "word_encoder" in name} == {torch.float16}
    assert {each for name, each in halves.items() if "word_encoder" not in name} == {torch.float32}
    for path in (trained / "model").glob("*.json"):
        assert str(trained.parent) not in path.read_text(encoding="utf-8"), f"a path of this machine in {path.name}"
    assert json.loads((trained / "results.json").read_text())["word_vectors"] == "text-encoder"


def test_a_model_that_is_loaded_and_saved_again_is_the_same(trained, tmp_path):
    load_model(trained / "model").save_pretrained(tmp_path)
    first, again = (load_file(folder / "model.safetensors") for folder in (trained / "model", tmp_path))
    assert first.keys() == again.keys()
    assert all(torch.equal(first[name], again[name]) and first[name].dtype == again[name].dtype for name in first)


def test_vectors_that_were_prepared_give_the_scores_that_the_model_gives_by_itself(trained, spoken_corpus, recordings):
    model, processor = load_model(trained / "model"), load_processor(trained / "model")
    corpus = load_folder(spoken_corpus).select(range(3))
    source = WordEncoderSource(str(trained / "model"))
    prepared = load_utterances(prepare(corpus, processor.feature_extractor, word_encoder=source))
    assert prepared[0]["word_vectors"].dtype == np.float16
    cached = WISECollator(processor, model.config.label2id)(prepared)
    assert "input_ids" not in cached and "piece_ids" not in cached
    samples = [read_audio(each["audio"]) for each in recordings]
    words = [each["words"] for each in recordings]
    live = processor(samples, words=words, sampling_rate=16_000, return_tensors="pt")
    assert set(live) == set(processor.model_input_names) and "piece_ids" in live
    with torch.inference_mode():
        expected = model(**cached)
        both = model(**live)
        alone = [
            model(**processor(one, words=its, sampling_rate=16_000, return_tensors="pt")).logits[0]
            for one, its in zip(samples, words, strict=True)
        ]
    torch.testing.assert_close(both.logits, expected.logits, rtol=0, atol=2e-3)
    torch.testing.assert_close(both.attention_weights, expected.attention_weights, rtol=0, atol=2e-3)
    torch.testing.assert_close(torch.stack(alone), both.logits, rtol=0, atol=1e-5)


def test_the_pipeline_gives_batches_the_scores_of_single_recordings(trained, recordings):
    classify = load_pipeline(trained / "model")
    given = [{"audio": each["audio"], "text": each["text"]} for each in recordings]
    for one, other in zip(classify(given, batch_size=3), map(classify, given), strict=True):
        scores = [{entry["label"]: entry["score"] for entry in result} for result in (one, other)]
        assert scores[0] == pytest.approx(scores[1], abs=1e-5)
    (result,) = classify([np.zeros(8)], on_error="report")
    assert "error" in result


@pytest.mark.slow
def test_the_folder_loads_without_wise_hf_and_without_the_encoders_own_folder(trained, recordings, tmp_path):
    name, recording = str(trained / "model"), recordings[0]["audio"]
    env = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", WITHOUT_WISE_HF, name, recording]
    done = subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr[-3000:]
    tokenizer, scores = json.loads(done.stdout.strip().splitlines()[-1])
    assert tokenizer == type(load_processor(name).tokenizer).__name__
    here = load_pipeline(name)({"audio": recording, "text": "Don't you talk, kid?"})
    for one, other in zip(scores, here, strict=True):
        assert one["label"] == other["label"] and one["score"] == pytest.approx(other["score"], abs=1e-6)


def test_a_corpus_is_scored_with_the_encoder_of_the_model(trained, spoken_corpus):
    told = evaluate_model(EvaluateOptions(model=str(trained / "model"), data_dir=spoken_corpus, num_proc=1))
    assert "(32 utterances)" in told


def test_words_that_are_mixed_or_left_out_take_their_vectors_along():
    def utterance(first: int) -> dict:
        lengths = {"word_lengths": np.array([1, 1]), "phoneme_lengths": np.array([2, 1])}
        frames = np.arange(first, first + 3, dtype=np.float32)[:, None]
        return lengths | {
            "input_features": frames,
            "word_vectors": np.array([[first, first], [first + 2, 0]]),
            "label": 0,
        }

    batch = join_utterances([utterance(0), utterance(10)])
    made = split_utterances(take_words(batch, np.array([3, 0, 2]), np.array([2, 1])))
    assert [each["word_vectors"].tolist() for each in made] == [[[12, 0], [0, 0]], [[10, 10]]]
    assert [each["input_features"][:, 0].tolist() for each in made] == [[12, 0, 1], [10, 11]]


def test_utterances_without_vectors_are_refused_in_a_sentence(trained):
    processor = load_processor(trained / "model")
    lengths = {"word_lengths": np.array([1]), "phoneme_lengths": np.array([2])}
    row = lengths | {"input_features": np.zeros((2, 39), np.float32), "words": ["kid"], "label": 0}
    with pytest.raises(ValueError, match="An utterance has no word_vectors"):
        WISECollator(processor, {"sad": 0})([row])
    with pytest.raises(ValueError, match="cuts words into pieces and has no number for each"):
        processor.word_ids(["kid"])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"embeddings": "glove.txt"}, "Word vectors are those of --word_encoder or those of --embeddings; give one"),
        ({"modality": "audio"}, "--word_encoder: a model of --modality audio is given no words"),
        ({"vocabulary": "all"}, "--vocabulary and --train_embeddings are about the word vectors of --embeddings"),
    ],
)
def test_options_that_do_not_go_with_a_word_encoder_are_refused_before_any_work(tmp_path, given, sentence):
    options = TrainOptions(
        data_dir=tmp_path, output_dir=tmp_path, word_encoder="a/b", cross_validation="none", **given
    )
    with pytest.raises(ValueError, match=sentence):
        check_training_options(options)


def test_layers_without_an_encoder_are_refused(tmp_path):
    with pytest.raises(ValueError, match="--word_layers: there is no encoder of words"):
        chosen_frames(TrainOptions(data_dir=tmp_path, output_dir=tmp_path, word_layers="1"), "speech")


def test_the_tables_refuse_two_kinds_of_word_vectors(tmp_path):
    options = TableOptions(data_dir=tmp_path, output_dir=tmp_path / "t", word_encoder="a/b", embeddings="glove.txt")
    with pytest.raises(ValueError, match="give one of the two"):
        reproduce_tables(options)
