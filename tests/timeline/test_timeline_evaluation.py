"""A corpus of labelled recordings to scores, cut at pauses and as labelled, and from rows that were written before."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from timeline_input import left_out_row, segment_row

from wise_hf.commands import evaluate
from wise_hf.model.audio_wise import audio_duration_s
from wise_hf.timeline import evaluation
from wise_hf.timeline.evaluation import score_rows
from wise_hf.timeline.joined_recordings import SAMPLING_RATE, Joining, clip_samples, write_joined
from wise_hf.timeline.rows import write_rows
from wise_hf.timeline.spans import Span, read_spans, write_spans


LOUD, QUIET = 0.3, 0.01
PROBABILITIES = {"angry": 0.5, "neutral": 0.3, "sad": 0.2}


class ByLoudness:
    """A pipeline that hears anger where it is loud, and no word where somebody says less than half a second."""

    processor = SimpleNamespace(feature_extractor=SimpleNamespace(normalization="training"))

    def __call__(self, pieces, return_words, on_error):
        for piece in pieces:
            samples = piece["array"]
            if len(samples) < SAMPLING_RATE / 2:
                yield {"error": "No word was heard."}
                continue
            angry = float(np.abs(samples).max() > LOUD / 2)
            scores = [{"label": "angry", "score": angry}, {"label": "sad", "score": 1 - angry}]
            ordered = sorted(scores, key=lambda each: -each["score"])
            yield {"scores": ordered, "text": "", "alignment": "aligner", "fit": None, "words": []}


@pytest.fixture(scope="module")
def clips(spoken_corpus, tmp_path_factory):
    """Synthetic speech whose emotion is how loud it is."""
    folder, found = tmp_path_factory.mktemp("clips"), []
    for number, path in enumerate(sorted(spoken_corpus.rglob("*.wav"))[:8]):
        whole = {"audio": str(path), "start_s": 0.0, "end_s": audio_duration_s(path)}
        samples = clip_samples(whole)
        emotion, peak = (("angry", LOUD), ("sad", QUIET))[number % 2]
        name = folder / path.name
        soundfile.write(name, samples * (peak / np.abs(samples).max()), SAMPLING_RATE, subtype="FLOAT")
        duration_s = len(samples) / SAMPLING_RATE
        speaker = ("Anna", "Ben")[number // 2 % 2]
        found.append({"audio": str(name), "start_s": 0.0, "end_s": duration_s, "emotion": emotion, "speaker": speaker})
    return found


def scores_of(capsys, tmp_path, *arguments):
    output = tmp_path / "scores.json"
    evaluate.main(["--timeline", *map(str, arguments), "--output", str(output)])
    return json.loads(output.read_text()), capsys.readouterr().out


@pytest.fixture
def by_loudness(monkeypatch):
    monkeypatch.setattr(evaluation, "load_pipeline", lambda *_: ByLoudness())


@pytest.mark.parametrize("split_channels", [False, True])
def test_the_command_scores_what_it_finds_and_what_is_labelled(clips, tmp_path, capsys, by_loudness, split_channels):
    folder = tmp_path / "joined"
    folder.mkdir()
    pause_s = (1.2, 2.0)
    write_joined(clips, folder, 3, Joining(15.0, pause_s, num_speakers=2, split_channels=split_channels), seed=0)
    given = ("--data_dir", folder, "--model", "any", "--background", "silence")
    oracle, told = scores_of(capsys, tmp_path, *given, "--cut_at", "spans")
    assert oracle["eder"] == pytest.approx(0, abs=1e-9) and oracle["ua"] == pytest.approx(1)
    labelled_s = sum(span.end_s - span.start_s for its in read_spans(folder).values() for span in its)
    durations_s = sum(audio_duration_s(path) for path in folder.glob("*.wav")) * (1 + split_channels)
    assert oracle["scored_s"] == pytest.approx(durations_s) and oracle["num_recordings"] == 3
    assert sum(oracle["confusion"][name][name] for name in ("angry", "sad")) == pytest.approx(labelled_s)
    assert told.startswith("EDER 0.000 [0.000, 0.000]  UA by second 1.000 [1.000, 1.000]\n3 recordings; ")

    found, told = scores_of(capsys, tmp_path, *given)
    assert 0 < found["eder"] < 0.3 and found["ua"] > 0.9
    assert found["false_alarm_s"] > 0 and "| silence |" in told
    assert found["confusion_s"] < 0.05 * labelled_s


def rows_of(name, *segments, duration_s, channel=None):
    rows, at_s, place = [], 0.0, {"file": name, "channel": channel}
    for number, (start_s, end_s, emotion) in enumerate(segments):
        rows += [left_out_row(at_s, start_s) | place] if at_s < start_s else []
        rows.append(segment_row(number, start_s, end_s, **place, emotion=emotion, probabilities=PROBABILITIES))
        at_s = end_s
    return [*rows, left_out_row(at_s, duration_s) | place] if at_s < duration_s else rows


@pytest.fixture
def written(tmp_path):
    """Labels of two recordings with the same name in two folders, and rows of them from elsewhere."""
    data, rows = tmp_path / "data", tmp_path / "rows"
    for folder in (data, rows):
        folder.mkdir()
    write_spans(data, {"a.wav": [Span(0, 4, "angry")], "b/a.wav": [Span(2, 4, "calm")]})
    write_rows(rows / "1.jsonl", rows_of("/else/where/a.wav", (0, 3, "angry"), (3, 4, "sad"), duration_s=5.0))
    write_rows(rows / "2.jsonl", rows_of("/else/where/b/a.wav", (1, 4, "neutral"), duration_s=5.0))
    write_rows(rows / "3.jsonl", rows_of("/else/where/not_labelled.wav", (1, 4, "sad"), duration_s=5.0))
    return data, rows


def test_rows_are_found_by_the_name_of_their_recording(written, tmp_path, capsys):
    data, rows = written
    given = ("--data_dir", data, "--rows", rows, "--label_map", "calm=neutral")
    scores, told = scores_of(capsys, tmp_path, *given)
    assert scores["files"]["a.wav"]["confusion_s"] == 1.0 and scores["files"]["b/a.wav"]["eder"] == 0.0
    assert (scores["scored_s"], scores["unscored_s"], scores["confusion_s"]) == (6.0, 4.0, 1.0)
    assert "6.0 s are scored; 4.0 s without a label are not." in told
    assert "| angry | 3.0 | 0.0 | 1.0 | 0.0 |" in told and "several" not in told
    scores, told = scores_of(capsys, tmp_path, *given, "--background", "neutral")
    assert (scores["scored_s"], scores["false_alarm_s"], scores["confusion_s"]) == (10.0, 0.0, 1.0)
    assert "10.0 s are scored, time without a label as neutral." in told


@pytest.mark.parametrize(
    "arguments, told",
    [
        ((), "knows angry, neutral, sad, but the spans have calm; map them with --label_map"),
        (("--label_map", "calm=neutral", "--data_dir", "{data}/b"), "spans.csv is not there"),
    ],
)
def test_labels_that_cannot_be_scored_are_told(written, arguments, told):
    data, rows = written
    given = [str(each).format(data=data) for each in ("--data_dir", data, "--rows", rows, *arguments)]
    with pytest.raises(ValueError, match=told):
        evaluate.main(["--timeline", *given])


def test_a_recording_without_rows_is_told(written):
    data, rows = written
    (rows / "2.jsonl").unlink()
    with pytest.raises(ValueError, match=r"no rows \(\*.jsonl\) of b/a.wav"):
        evaluate.main(["--timeline", "--data_dir", str(data), "--rows", str(rows), "--label_map", "calm=neutral"])


def test_labels_of_the_whole_recording_are_held_against_all_channels():
    spans = {"a.wav": [Span(0, 4, "angry")]}
    left = rows_of("a.wav", (0, 3, "angry"), duration_s=4.0, channel=0)
    right = rows_of("a.wav", (2, 4, "sad"), duration_s=4.0, channel=1)
    scores = score_rows(spans, {"a.wav": [*left, *right]}, "silence")
    assert (scores["overlap_s"], scores["confusion_s"], scores["eder"]) == (1.0, 1.0, 0.5)
    spans = {"a.wav": [Span(0, 4, "angry", channel=0), Span(2, 4, "sad", channel=1)]}
    assert score_rows(spans, {"a.wav": [*left, *right]}, "silence")["missed_s"] == 1.0
    with pytest.raises(ValueError, match="labels of channel 1, but no rows of it"):
        score_rows(spans, {"a.wav": left}, "silence")


def test_recordings_in_which_nothing_was_heard_are_all_missed():
    scores = score_rows({"a.wav": [Span(0, 3, "angry")]}, {"a.wav": rows_of("a.wav", duration_s=4.0)}, "silence")
    assert (scores["missed_s"], scores["eder"], scores["ua"]) == (3.0, 0.75, 0.0)


@pytest.mark.parametrize("given", [[], ["--model", "m", "--rows", "r"]])
def test_a_model_or_rows_are_scored_and_not_both(given, tmp_path, capsys):
    with pytest.raises(SystemExit):
        evaluate.main(["--timeline", "--data_dir", str(tmp_path), *given])
    assert "either --model or --rows" in capsys.readouterr().err


def test_labels_beyond_the_end_are_told(clips, tmp_path, by_loudness):
    write_joined(clips, tmp_path, 1, Joining(5.0), seed=0)
    write_spans(tmp_path, {"joined_001.wav": [Span(100, 101, "angry")]})
    with pytest.raises(ValueError, match="ends before its span at 100.0 s"):
        evaluate.main(["--timeline", "--data_dir", str(tmp_path), "--model", "any", "--cut_at", "spans"])
