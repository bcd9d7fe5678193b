"""What moved a decision, held against the model's equations on the words that remain."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from encoder_model import train
from model_inputs import SOME_VARIANTS, make_model, variants
from reference import float64_parameters, run_reference
from text_encoders import tiny_bert

from wise_hf.model import explanation_wise
from wise_hf.model.frame_encoder_wise import FrameEncoder
from wise_hf.model.loading import load_pipeline, load_processor
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.model.pretrained_word_encoder import read_word_encoder
from wise_hf.model.processing_wise import WISEProcessor


EFFECTS = ("effect", "audio_effect", "text_effect")
TEXT = "I saw the teacher today"


@pytest.fixture(scope="module")
def processor(saved_model) -> WISEProcessor:
    return load_processor(saved_model)


@pytest.fixture(scope="module")
def recording(saved_model, spoken_corpus) -> dict:
    """Words with their times, so that nothing is aligned twice."""
    path = str(sorted((spoken_corpus / "audio").glob("*/*.wav"))[0])
    found = load_pipeline(saved_model)({"audio": path, "text": TEXT}, return_words=True)
    return {
        "audio": path,
        "words": [{key: word[key] for key in ("word", "start_s", "end_s")} for word in found["words"]],
    }


def pipeline_of(processor: WISEProcessor, **changes: object) -> WISEAudioClassificationPipeline:
    """A small model with fresh weights, in float64, in the place of the saved one."""
    sizes = {"vocab_size": len(processor.tokenizer), "feature_size": 39}
    return WISEAudioClassificationPipeline(model=make_model(**sizes | changes), processor=processor)


@dataclass
class Utterance:
    """The words of a recording as the reference takes them."""

    ids: list[int]
    words: list[list[torch.Tensor]]

    def without(self, index: int) -> "Utterance":
        return Utterance(self.ids[:index] + self.ids[index + 1 :], self.words[:index] + self.words[index + 1 :])

    def muted(self, which: set[int]) -> "Utterance":
        still = [[torch.zeros_like(frames) for frames in word] for word in self.words]
        return Utterance(self.ids, [still[i] if i in which else word for i, word in enumerate(self.words)])

    def unknown(self, which: set[int], unknown_id: int) -> "Utterance":
        return Utterance([unknown_id if i in which else each for i, each in enumerate(self.ids)], self.words)


def utterance_of(classify: WISEAudioClassificationPipeline, recording: dict) -> Utterance:
    inputs = classify.preprocess(recording)
    frames = iter(inputs["input_features"][0].double().split(inputs["phoneme_lengths"][0].tolist()))
    words = [[next(frames) for _ in range(phonemes)] for phonemes in inputs["word_lengths"][0].tolist()]
    return Utterance(inputs["input_ids"][0].tolist(), words)


def scored(model: WISEForAudioClassification, utterance: Utterance) -> np.ndarray:
    """The probabilities by the equations, averaged over the members."""
    parameters = [float64_parameters(each) for each in (model, *model.members)]
    config = model.config.of_member() if model.members else model.config
    logits = [run_reference(each, config, utterance.ids, utterance.words).logits for each in parameters]
    return torch.stack(logits).softmax(-1).mean(0).detach().numpy()


def values(probabilities: dict[str, float]) -> np.ndarray:
    return np.array(list(probabilities.values()))


def in_order(classify: WISEAudioClassificationPipeline, probabilities: dict[str, float]) -> np.ndarray:
    return np.array([probabilities[label] for label in classify.model.config.label2id])


def check_by_hand(classify: WISEAudioClassificationPipeline, recording: dict) -> None:
    model, utterance, explanation = classify.model, utterance_of(classify, recording), classify.explain(recording)
    unknown_id, both = classify.processor.tokenizer.unk_token_id, model.config.modality == "both"
    whole, everything = scored(model, utterance), set(range(len(utterance.ids)))
    decided = whole.argmax()
    assert explanation["emotion"] == model.config.id2label[int(decided)]
    np.testing.assert_allclose(
        [explanation["probabilities"][name] for name in model.config.label2id], whole, atol=1e-6
    )
    for index, word in enumerate(explanation["words"]):
        without = scored(model, utterance.without(index))
        np.testing.assert_allclose(values(word["without"]), without, atol=1e-6)
        assert word["effect"] == pytest.approx(whole[decided] - without[decided], abs=1e-6)
        if both:
            muted, unknown = utterance.muted({index}), utterance.unknown({index}, unknown_id)
            for name, changed in (("audio_effect", muted), ("text_effect", unknown)):
                assert word[name] == pytest.approx(whole[decided] - scored(model, changed)[decided], abs=1e-6)
        else:
            assert word["audio_effect"] is None and word["text_effect"] is None
    modalities = explanation["modalities"]
    if both:
        audio, text = utterance.unknown(everything, unknown_id), utterance.muted(everything)
        np.testing.assert_allclose(values(modalities["audio"]), scored(model, audio), atol=1e-6)
        np.testing.assert_allclose(values(modalities["text"]), scored(model, text), atol=1e-6)
    else:
        assert modalities == {"audio": None, "text": None}


@variants(SOME_VARIANTS)
def test_leaving_something_out_is_the_model_on_what_remains(processor, recording, variant):
    check_by_hand(pipeline_of(processor, **variant), recording)


def test_members_are_averaged(processor, recording):
    check_by_hand(pipeline_of(processor, num_members=3), recording)


def test_without_a_word_is_what_the_pipeline_gives_for_the_other_words(processor, recording):
    classify = pipeline_of(processor)
    for index, word in enumerate(classify.explain(recording)["words"]):
        others = [other for number, other in enumerate(recording["words"]) if number != index]
        scores = {entry["label"]: entry["score"] for entry in classify(recording | {"words": others})}
        np.testing.assert_allclose(values(word["without"]), in_order(classify, scores), atol=1e-6)


def test_what_the_pipeline_tells_is_told_of_the_same_recording(processor, recording):
    classify = pipeline_of(processor)
    told, explanation = classify(recording, return_words=True), classify.explain(recording)
    assert [*explanation["probabilities"]] == [entry["label"] for entry in told["scores"]]
    scores = [entry["score"] for entry in told.pop("scores")]
    np.testing.assert_allclose(values(explanation["probabilities"]), scores, atol=1e-7)
    for word, same in zip(explanation.pop("words"), told.pop("words"), strict=True):
        assert word["attention"] == pytest.approx(same["attention"], abs=1e-6)
        assert {name: word[name] for name in ("word", "start_s", "end_s", "phonemes")} == {
            name: same[name] for name in ("word", "start_s", "end_s", "phonemes")
        }
        assert same.keys() < word.keys()
    assert {name: explanation[name] for name in told} == told


def test_all_at_once_equals_one_by_one(processor, recording, monkeypatch):
    classify = pipeline_of(processor)
    at_once = classify.explain(recording)
    monkeypatch.setattr(explanation_wise, "LARGEST_BATCH", 1)
    one_by_one = classify.explain(recording)
    for word, same in zip(at_once["words"], one_by_one["words"], strict=True):
        np.testing.assert_allclose(values(word["without"]), values(same["without"]), atol=1e-6)
        assert [word[name] for name in EFFECTS] == pytest.approx([same[name] for name in EFFECTS], abs=1e-6)


def test_no_batch_is_larger_than_the_largest(processor, recording, monkeypatch):
    classify = pipeline_of(processor)
    size = sum(len(frames) for word in utterance_of(classify, recording).words for frames in word) * 39
    monkeypatch.setattr(explanation_wise, "LARGEST_BATCH", 3 * size)
    seen, forward = [], classify.forward
    monkeypatch.setattr(
        classify,
        "forward",
        lambda batch, **options: seen.append(len(batch["word_lengths"])) or forward(batch, **options),
    )
    classify.explain(recording)
    assert max(seen) == 3 and sum(seen) == 1 + 3 * 5 + 2, "the whole, three times every word, each modality alone"


def test_the_only_word_cannot_be_left_out(processor, recording):
    (word,) = pipeline_of(processor).explain(recording | {"words": recording["words"][:1]})["words"]
    assert word["without"] is None and word["effect"] is None
    assert isinstance(word["audio_effect"], float) and isinstance(word["text_effect"], float)


def test_words_beyond_those_that_count_have_no_effect(saved_model, recording):
    processor = load_processor(saved_model)
    processor.feature_extractor.max_words = 2
    words = pipeline_of(processor).explain(recording)["words"]
    assert [word["effect"] is None for word in words] == [False, False, True, True, True]


def test_frames_that_nothing_normalises_are_exchanged_for_their_mean(saved_model, recording):
    processor = load_processor(saved_model)
    processor.feature_extractor.normalization = "none"
    classify = pipeline_of(processor)
    utterance = utterance_of(classify, recording)
    mean = torch.cat([frames for word in utterance.words for frames in word]).mean(0)
    utterance.words = [[mean.expand_as(frames) for frames in word] for word in utterance.words]
    text = values(classify.explain(recording)["modalities"]["text"])
    np.testing.assert_allclose(text, scored(classify.model, utterance), atol=1e-6)


def deciding(classify: WISEAudioClassificationPipeline, word_id: int) -> WISEAudioClassificationPipeline:
    """A model that says the last class where one word is said, and otherwise all classes alike."""
    wise = classify.model.wise
    with torch.no_grad():
        for each in classify.model.parameters():
            each.zero_()
        wise.word_embeddings.weight[word_id] = 1
        wise.text_lstm.lstm.weight_ih_l0.fill_(3)
        wise.joint.text.weight.fill_(1)
        for layer in (classify.model.linear_1, classify.model.linear_2):
            layer.weight.fill_(1)
        classify.model.linear_3.weight[-1] = 1
    return classify


@pytest.mark.parametrize("place", range(5))
def test_the_word_that_decides_by_construction_ranks_first(processor, recording, place):
    word_ids = processor.word_ids([word["word"] for word in recording["words"]])
    word_id = len(processor.tokenizer) - 1
    assert word_id not in word_ids
    said = processor.tokenizer.convert_ids_to_tokens(word_id)
    words = [word | {"word": said} if index == place else word for index, word in enumerate(recording["words"])]
    classify = deciding(pipeline_of(processor, interaction=False), word_id)
    explanation = classify.explain(recording | {"words": words})
    probability = explanation["probabilities"][classify.model.config.id2label[3]]
    assert explanation["emotion"] == classify.model.config.id2label[3] and probability > 0.4
    effects = [word["effect"] for word in explanation["words"]]
    assert np.argmax(effects) == place and effects[place] == pytest.approx(probability - 0.25, abs=1e-6)
    assert [word["audio_effect"] for word in explanation["words"]] == pytest.approx([0] * 5, abs=1e-6)
    assert np.argmax([word["text_effect"] for word in explanation["words"]]) == place
    assert values(explanation["modalities"]["audio"]) == pytest.approx([0.25] * 4)
    text = values(explanation["modalities"]["text"])
    assert text == pytest.approx(in_order(classify, explanation["probabilities"]), abs=1e-6)


def test_an_encoder_reads_the_recording_once_and_words_are_cut_out_of_its_frames(
    spoken_corpus, encoder_folders, tmp_path, recording, monkeypatch
):
    classify = load_pipeline(train(spoken_corpus, encoder_folders / "whisper", tmp_path, "speaker").folder)
    inputs = classify.preprocess(recording)
    calls, encode = [], FrameEncoder.forward
    monkeypatch.setattr(FrameEncoder, "forward", lambda *given: calls.append(1) or encode(*given))
    explanation = classify.explain(recording)
    assert len(calls) == 1 and "encoder" in explanation["note"]
    inputs.pop("utterance")
    frames = inputs["phoneme_lengths"][0].split(inputs["word_lengths"][0].tolist())
    of_word = torch.arange(len(frames)).repeat_interleave(torch.stack([its.sum() for its in frames]))
    of_phoneme = torch.arange(len(frames)).repeat_interleave(inputs["word_lengths"][0])
    keys = {"frame_index": of_word, "phoneme_lengths": of_phoneme}
    keys |= dict.fromkeys(("word_lengths", "input_ids", "attention_mask"), torch.arange(len(frames)))
    for index, word in enumerate(explanation["words"]):
        without = inputs | {name: inputs[name][:, of != index] for name, of in keys.items()}
        with torch.no_grad():
            expected = classify.model(**without).logits[0].softmax(-1)
        np.testing.assert_allclose(values(word["without"]), expected, atol=1e-6)


def test_vectors_of_a_text_encoder_are_left_out_one_by_one(processor, recording, tmp_path):
    encoder, tokenizer = read_word_encoder(str(tiny_bert(tmp_path)), (1, 2))
    both = WISEProcessor(processor.feature_extractor, tokenizer)
    model = make_model(vocab_size=0, word_embedding_size=encoder.config.encoder.hidden_size, feature_size=39)
    model.wise.add_word_encoder(encoder.double())
    classify = WISEAudioClassificationPipeline(model=model, processor=both)
    explanation, inputs = classify.explain(recording), classify.preprocess(recording)
    with torch.no_grad():
        vectors = model.wise.word_encoder(inputs["piece_ids"], inputs["piece_words"], 5)
        given = {name: inputs[name] for name in ("input_features", "phoneme_lengths", "word_lengths")}
        text_of_third = vectors.clone().index_fill(1, torch.tensor([2]), 0)
        expected = model(**given, attention_mask=inputs["attention_mask"], word_vectors=text_of_third).logits[0]
    decided = model.config.label2id[explanation["emotion"]]
    effect = explanation["probabilities"][explanation["emotion"]] - expected.softmax(-1)[decided]
    assert explanation["words"][2]["text_effect"] == pytest.approx(float(effect), abs=1e-6)
    assert "encoder" in explanation["note"]


def test_a_speaker_who_speaks_too_little_is_told_as_the_pipeline_does(saved_model, recording):
    explanation = load_pipeline(saved_model).explain(recording | {"speaker": "Ann"})
    assert explanation["speaker"] == "Ann" and explanation["speaker_unused"]


def test_one_recording_is_explained_at_a_time(processor, recording):
    with pytest.raises(ValueError, match="One recording is explained at a time"):
        pipeline_of(processor).explain([recording, recording])


def test_what_cannot_be_used_is_raised_also_by_a_pipeline_that_reports(processor):
    classify = pipeline_of(processor)
    classify._preprocess_params["on_error"] = "report"
    with pytest.raises(ValueError, match=r"nowhere\.wav"):
        classify.explain("nowhere.wav")
