"""Scores over time: cases worked out by hand, what must hold for any labels, and a count of small steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wise_hf.timeline.spans import Span
from wise_hf.timeline.time_scores import Labels, count_seconds, diarization_errors, recalls_by_second, time_scores


EMOTIONS = ("angry", "happy", "neutral")
STEP_S = 0.25  # exact in binary
BACKGROUNDS = st.sampled_from([None, "neutral", "silence"])


def errors_of(spans, predicted, duration_s, background=None, emotions=EMOTIONS):
    labels = Labels(emotions, background)
    return diarization_errors(count_seconds(spans, predicted, duration_s, labels), labels)


@st.composite
def tracks(draw) -> list[tuple[float, float, str]]:
    """Stretches of emotions one after the other, with and without pauses, in steps of STEP_S."""
    found, at = [], 0
    for pause, length, emotion in draw(
        st.lists(st.tuples(st.integers(0, 8), st.integers(1, 12), st.sampled_from(EMOTIONS)), min_size=1, max_size=8)
    ):
        found.append(((at + pause) * STEP_S, (at + pause + length) * STEP_S, emotion))
        at += pause + length
    return found


def as_spans(track):
    return [Span(*each) for each in track]


def end_of(*all_tracks):
    return max(end for track in all_tracks for _, end, _ in track) + STEP_S


# --- worked out by hand ---


def test_each_kind_of_error_is_counted_where_it_is():
    spans = [Span(1, 3, "angry"), Span(4, 6, "happy"), Span(6, 8, "angry")]
    predicted = [
        (0.0, 1.5, "angry"),  # 1 s false alarm, 0.5 s right
        (2.0, 3.0, "neutral"),  # 0.5 s before it are without a prediction, this is called neutral: both missed
        (4.0, 5.0, "happy"),
        (5.0, 6.0, "angry"),  # confusion
        (6.0, 7.0, "angry"),
        (6.5, 7.5, "happy"),  # 0.5 s beside the right one, 0.5 s alone
    ]
    found = errors_of(spans, predicted, 10.0, "neutral")
    assert found["false_alarm_s"] == 1.0
    assert found["missed_s"] == 0.5 + 1.0 + 0.5
    assert found["confusion_s"] == 1.0 + 0.5
    assert found["overlap_s"] == 0.5
    assert found["scored_s"] == 10.0 and found["eder"] == pytest.approx(0.5)


def test_an_utterance_of_the_papers_kind_is_scored_as_speechbrain_does():
    # The example in its code: frames n n n a a a of 0.2 s, in 1.22 s with one angry event.
    spans = [Span(0.39, 1.10, "angry")]
    found = errors_of(spans, [(0.0, 0.6, "neutral"), (0.6, 1.2, "angry")], 1.22, "neutral")
    # SpeechBrain leaves the last 0.02 s, which no frame covers, unpredicted and so wrong; here nothing is neutral.
    assert found["eder"] == pytest.approx(0.2704918032786885 - 0.02 / 1.22)
    assert found["missed_s"] == pytest.approx(0.21) and found["false_alarm_s"] == pytest.approx(0.1)


def test_without_a_background_time_without_a_label_is_not_scored():
    seconds = count_seconds([Span(2, 4, "angry")], [(0.0, 3.0, "angry")], 10.0, Labels(EMOTIONS))
    found = diarization_errors(seconds, Labels(EMOTIONS))
    assert (found["eder"], found["missed_s"], found["false_alarm_s"], found["scored_s"]) == (0.5, 1.0, 0.0, 2.0)
    assert seconds.unscored_s == 8.0


def test_a_neutral_label_is_an_emotion_unless_it_is_the_background():
    spans, predicted = [Span(0, 2, "neutral")], [(0.0, 1.0, "neutral"), (1.0, 2.0, "angry")]
    assert errors_of(spans, predicted, 2.0, "silence")["confusion_s"] == 1.0
    assert errors_of(spans, predicted, 2.0, "neutral")["false_alarm_s"] == 1.0


def test_ua_is_the_mean_recall_of_the_emotions_that_have_seconds():
    labels = Labels(EMOTIONS)
    spans = [Span(0, 9, "angry"), Span(10, 11, "happy")]
    seconds = count_seconds(spans, [(0.0, 9.0, "angry"), (10.0, 11.0, "angry")], 11.0, labels)
    np.testing.assert_array_equal(recalls_by_second(seconds.confusion, labels), [1.0, 0.0, np.nan])
    scores = time_scores({"a.wav": seconds}, labels)
    assert scores["ua"] == 0.5 and scores["recall"] == {"angry": 1.0, "happy": 0.0}
    assert scores["confusion"]["happy"]["angry"] == 1.0 and "neutral" not in scores["confusion"]


def test_ua_counts_a_background_that_is_an_emotion_and_no_other():
    spans, predicted = [Span(0, 1, "angry")], [(0.0, 1.0, "angry"), (1.0, 2.0, "happy")]
    for background, ua in (("neutral", (1.0 + 0.5) / 2), ("silence", 1.0)):
        labels = Labels(EMOTIONS, background)
        assert time_scores({"a.wav": count_seconds(spans, predicted, 3.0, labels)}, labels)["ua"] == ua


# --- what holds for all ---


@given(tracks(), BACKGROUNDS)
def test_the_truth_itself_has_no_error(track, background):
    found = errors_of(as_spans(track), track, end_of(track), background)
    assert found["eder"] == 0.0


@given(tracks(), tracks(), tracks(), BACKGROUNDS)
def test_the_errors_are_parts_of_the_scored_time(true, first, second, background):
    predicted, duration_s = [*first, *second], end_of(true, first, second)  # two at once, as of two channels
    labels = Labels(EMOTIONS, background)
    seconds = count_seconds(as_spans(true), predicted, duration_s, labels)
    found = diarization_errors(seconds, labels)
    parts = [found[name] for name in ("false_alarm_s", "missed_s", "confusion_s", "overlap_s")]
    assert min(parts) >= 0 and 0 <= found["eder"] <= 1
    assert sum(parts) == pytest.approx(found["eder"] * found["scored_s"])
    assert found["scored_s"] + seconds.unscored_s == duration_s


@given(tracks(), tracks(), BACKGROUNDS)
def test_splitting_spans_changes_nothing(true, predicted, background):
    def halves(track):
        return [part for start, end, emotion in track for part in _split(start, end, emotion)]

    def _split(start, end, emotion):
        middle = (start + end) / 2
        return [(start, middle, emotion), (middle, end, emotion)]

    whole = errors_of(as_spans(true), predicted, end_of(true, predicted), background)
    split = errors_of(as_spans(halves(true)), halves(predicted), end_of(true, predicted), background)
    assert split == pytest.approx(whole)


@given(tracks(), tracks(), tracks(), BACKGROUNDS)
def test_the_errors_are_those_of_a_count_of_small_steps(true, first, second, background):
    predicted, duration_s = [*first, *second], end_of(true, first, second)
    found = errors_of(as_spans(true), predicted, duration_s, background)
    assert found == pytest.approx(_stepwise(true, predicted, duration_s, background))


def _stepwise(true, predicted, duration_s, background):
    """The definition itself, as float64 sums over the middles of steps."""
    sums = dict.fromkeys(("false_alarm_s", "missed_s", "confusion_s", "overlap_s", "scored_s"), 0.0)
    for middle in np.arange(0, duration_s, STEP_S) + STEP_S / 2:
        real = {emotion for start, end, emotion in true if start < middle < end}
        said = {emotion for start, end, emotion in predicted if start < middle < end} - {background}
        if not real and background is None:
            continue
        real -= {background}
        kind = None
        if not real and said:
            kind = "false_alarm_s"
        elif real and not said:
            kind = "missed_s"
        elif real and not real & said:
            kind = "confusion_s"
        elif real and said - real:
            kind = "overlap_s"
        sums["scored_s"] += STEP_S
        if kind:
            sums[kind] += STEP_S
    errors_s = sum(value for name, value in sums.items() if name != "scored_s")
    return sums | {"eder": errors_s / sums["scored_s"]}


def test_intervals_draw_recordings_and_hold_the_score():
    labels, rng = Labels(EMOTIONS, "silence"), np.random.default_rng(0)
    recordings = {}
    for number in range(30):
        right_s = rng.uniform(0, 10)
        predicted = [(0.0, right_s, "angry"), (right_s, 10.0, "happy")]
        recordings[f"{number}.wav"] = count_seconds([Span(0, 10, "angry")], predicted, 10.0, labels)
    scores = time_scores(recordings, labels)
    low, high = scores["eder_interval"]
    assert low < scores["eder"] < high and high - low == pytest.approx(2 * 1.96 * 10 / 12**0.5 / 30**0.5 / 10, rel=0.3)
    assert scores["mean_eder"] == pytest.approx(scores["eder"])  # all are equally long
    assert scores == time_scores(recordings, labels)


def test_a_single_recording_has_no_interval():
    seconds = count_seconds([Span(0, 1, "angry")], [], 1.0, Labels(EMOTIONS))
    scores = time_scores({"a.wav": seconds}, Labels(EMOTIONS))
    assert scores["eder_interval"] is None and scores["ua_interval"] is None
