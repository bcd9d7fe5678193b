"""Streams of audio and of words: equal to the whole model on what was said so far, and never the end of the stream."""

from functools import partial

import numpy as np
import pytest
from speech import clips

from wise_hf.model import streaming_wise
from wise_hf.model.decoder_wise import SAMPLING_RATE
from wise_hf.model.loading import load_pipeline
from wise_hf.model.streaming_wise import WISEStreamer
from wise_hf.model.utterances_wise import UtteranceCutter


pytest.importorskip("pocketsphinx")
pytest.importorskip("silero_vad")
RNG = np.random.default_rng(0)
approx = partial(pytest.approx, abs=1e-5)


def seconds(duration_s: float) -> np.ndarray:
    return (1e-3 * RNG.standard_normal(int(duration_s * SAMPLING_RATE))).astype(np.float32)


@pytest.fixture(scope="module")
def classify(saved_model):
    return load_pipeline(saved_model)


@pytest.fixture(scope="module")
def stream(ravdess_root) -> np.ndarray:
    """Two sentences with pauses around them."""
    found = clips(ravdess_root, {"neutral", "angry"}, "Actor_09")
    first, second = (samples[int(0.9 * SAMPLING_RATE) : int(2.9 * SAMPLING_RATE)] for samples, _ in found)
    return np.concatenate([seconds(1), first, seconds(1.5), second, seconds(1.5)]).astype(np.float32)


def heard(samples: np.ndarray, sampling_rate: int) -> str:
    """A recogniser that hears what is said in both sentences."""
    return "by the door"


@pytest.fixture(scope="module")
def streaming(classify):
    """Makes streamers with that recogniser."""
    return partial(WISEStreamer, classify, recogniser=heard)


def updates_of(streamer: WISEStreamer, samples: np.ndarray, part: int = 1600) -> list[dict]:
    fed = [samples[start : start + part] for start in range(0, len(samples), part)]
    return [update for each in fed for update in streamer.feed(each)] + streamer.finish()


def final(updates: list[dict], utterance: int | None = None) -> list[dict]:
    return [each for each in updates if each["is_final"] and utterance in (None, each["utterance"])]


@pytest.fixture(scope="module")
def updates(streaming, stream) -> list[dict]:
    return updates_of(streaming(), stream)


def test_after_every_word_it_is_the_pipeline_on_the_words_so_far(classify, stream, updates):
    cutter = UtteranceCutter()
    utterances = [*cutter.feed(stream), *cutter.finish()]
    assert len(utterances) == 2 and {each["utterance"] for each in updates} == {0, 1}
    for number, utterance in enumerate(utterances):
        told = final(updates, number)
        recording = {"array": utterance.samples, "sampling_rate": SAMPLING_RATE}
        whole = classify(recording, return_words=True, recogniser=heard)
        assert [each["word"] for each in told] == [word["word"] for word in whole["words"]]
        for count, (each, word) in enumerate(zip(told, whole["words"], strict=True), 1):
            assert each["number"] == count - 1
            assert each["start_s"] == approx(utterance.start_s + word["start_s"])
            assert each["end_s"] == approx(utterance.start_s + word["end_s"])
            assert each["probabilities"] == approx(word["probabilities"])
            so_far = classify(recording | {"words": whole["words"][:count]}, return_words=True)
            assert each["probabilities"] == approx({its["label"]: its["score"] for its in so_far["scores"]})
            assert each["attention"] == approx([its["attention"] for its in so_far["words"]])


def test_final_updates_do_not_depend_on_the_parts_that_the_stream_comes_in(streaming, stream, updates):
    for update, same in zip(final(updates_of(streaming(), stream, 50_000)), final(updates), strict=True):
        assert update["probabilities"] == approx(same["probabilities"]) and update["word"] == same["word"]


def test_provisional_updates_come_while_somebody_speaks(streaming, stream, updates):
    assert [each["is_final"] for each in updates].index(True) > 0
    provisional = [each for each in updates if not each["is_final"]]
    assert min(each["late_s"] for each in provisional) < 0.5
    assert all(each.keys() == updates[-1].keys() for each in provisional)
    assert not [each for each in updates_of(streaming(provisional_s=None), stream) if not each["is_final"]]


def test_provisional_updates_wait_where_they_take_too_long(streaming, stream, monkeypatch):
    monkeypatch.setattr(streaming_wise, "PROVISIONAL_SHARE", 0.0)
    told = updates_of(streaming(provisional_s=0.2), stream)
    assert len({each["late_s"] + each["end_s"] for each in told if not each["is_final"]}) == 2, "one an utterance"


def test_lateness_is_the_audio_that_was_fed_since_the_word(updates):
    for number in (0, 1):
        told = final(updates, number)
        assert 0.4 < told[-1]["late_s"] < 1.5
        assert all(each["late_s"] == approx(told[-1]["late_s"] + told[-1]["end_s"] - each["end_s"]) for each in told)


def test_what_is_no_speech_is_left_out_with_the_reason_and_the_stream_goes_on(streaming, stream, monkeypatch):
    streamer = streaming()
    hear = streamer._cutter._listener.hear
    monkeypatch.setattr(streamer._cutter._listener, "hear", lambda samples: np.maximum(hear(samples), 0.9))
    (left_out,) = [each for each in streamer.feed(0.1 * RNG.standard_normal(16 * SAMPLING_RATE)) if each["is_final"]]
    assert "noise or music" in left_out["left_out"] and left_out["utterance"] == 0
    assert 0 <= left_out["start_s"] < left_out["end_s"] <= 15.1 and left_out["late_s"] > 0
    monkeypatch.setattr(streamer._cutter._listener, "hear", hear)
    told = [each for each in final(updates_of(streamer, stream)) if "word" in each]
    assert told and all(each["start_s"] > 16 for each in told)


def test_a_recogniser_that_fails_does_not_end_the_stream(classify, stream):
    def fail(samples: np.ndarray, sampling_rate: int) -> str:
        raise RuntimeError("out of memory")

    told = updates_of(WISEStreamer(classify, recogniser=fail), stream)
    assert len(told) == 2
    assert all(each["left_out"].startswith("The recogniser failed (RuntimeError); give") for each in told)


def test_a_recogniser_that_is_none_is_refused_at_once(classify):
    with pytest.raises(ValueError, match="recogniser is 7"):
        WISEStreamer(classify, recogniser=7)


def test_words_beyond_the_model_s_limit_are_told_as_left_out(classify, streaming, stream, monkeypatch):
    monkeypatch.setattr(classify.processor.feature_extractor, "max_words", 2)
    told = final(updates_of(streaming(provisional_s=None), stream), 0)
    assert ["word" in each for each in told] == [True, True, False]
    assert told[1]["end_s"] <= told[2]["start_s"] < told[2]["end_s"] and "2 words" in told[2]["left_out"]


def test_another_rate_is_the_same_stream(streaming, stream, updates):
    soxr = pytest.importorskip("soxr")
    streamer = streaming(provisional_s=None, sampling_rate=48_000)
    told = updates_of(streamer, soxr.resample(stream, SAMPLING_RATE, 48_000), 4800)
    assert len(told) == len(final(updates))
    assert told[-1]["end_s"] == pytest.approx(final(updates)[-1]["end_s"], abs=0.05)


def test_audio_that_is_none_is_refused_and_the_stream_goes_on(streaming, stream, updates):
    streamer = streaming(provisional_s=None)
    with pytest.raises(ValueError, match="NaN"):
        streamer.feed(np.full(100, np.nan))
    assert streamer.feed(np.zeros(0)) == []
    assert len(updates_of(streamer, stream)) == len(final(updates))


# --- words that are fed ---


@pytest.fixture(scope="module")
def utterance(classify, stream) -> dict:
    """A recording with its words, as the pipeline finds them."""
    samples = stream[: int(3.5 * SAMPLING_RATE)]
    found = classify({"array": samples, "sampling_rate": SAMPLING_RATE, "text": "by the door"}, return_words=True)
    return {"samples": samples, **found}


def frames_of(classify, utterance: dict) -> list[list[np.ndarray]]:
    """For each word its phonemes' frames."""
    extractor = classify.processor.feature_extractor
    frames, selected = extractor.select_features(utterance["samples"], utterance["words"], SAMPLING_RATE)
    phonemes = iter(np.split(frames, np.cumsum(selected.phoneme_lengths)[:-1]))
    return [[next(phonemes) for _ in range(count)] for count in selected.word_lengths]


def test_words_with_their_frames_are_the_whole_model_on_the_words_so_far(classify, streaming, utterance):
    streamer = streaming()
    for _ in range(2):  # a second utterance begins anew
        for word, frames in zip(utterance["words"], frames_of(classify, utterance), strict=True):
            (update,) = streamer.feed_word(word, frames=frames)
            assert update["probabilities"] == approx(word["probabilities"])
            assert update["late_s"] is None and update["is_final"]
        assert update["attention"] == approx([its["attention"] for its in utterance["words"]])
        assert update["number"] == len(utterance["words"]) - 1
        assert streamer.finish() == []
    assert update["utterance"] == 1


def test_a_word_with_its_own_audio_is_the_pipeline_on_that_audio(classify, streaming, utterance):
    word = utterance["words"][0]
    first, last = (round(word[name] * SAMPLING_RATE) for name in ("start_s", "end_s"))
    own = utterance["samples"][first:last]
    (update,) = streaming().feed_word(word, own)
    alone = {"word": word["word"], "start_s": 0.0, "end_s": len(own) / SAMPLING_RATE}
    alone["phonemes"] = [
        its | {name: its[name] - word["start_s"] for name in ("start_s", "end_s")} for its in word["phonemes"]
    ]
    inputs = classify.processor(own, words=[alone], sampling_rate=SAMPLING_RATE, return_tensors="pt")
    expected = classify.model(**inputs).logits[0].softmax(-1).tolist()
    assert list(update["probabilities"].values()) == approx(expected)
    assert update["start_s"] == approx(word["start_s"])


def test_a_word_that_is_spoken_as_several_gives_as_many_updates(streaming, utterance):
    streamer = streaming()
    told = streamer.feed_word({"word": "21", "start_s": 1.0, "end_s": 2.0}, utterance["samples"][16000:32000])
    assert [each["word"] for each in told] == ["twenty", "one"] and [each["number"] for each in told] == [0, 1]
    assert told[0]["start_s"] == approx(1.0) and told[1]["end_s"] == approx(2.0)


def test_a_word_without_audio_is_refused_by_a_model_that_hears(streaming):
    with pytest.raises(ValueError, match="needs input_features"):
        streaming().feed_word({"word": "kids"})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sampling_rate": "x"}, "The sampling rate is 'x'; give a whole number"),
        ({"provisional_s": -1}, "provisional_s is -1; give seconds above 0"),
    ],
)
def test_options_of_no_sense_are_refused(classify, options, told):
    with pytest.raises(ValueError, match=told):
        classify.stream(**options)


def test_what_has_no_samples_is_refused(classify):
    with pytest.raises(ValueError, match="The audio that was fed is None; feed samples"):
        classify.stream().feed(None)
