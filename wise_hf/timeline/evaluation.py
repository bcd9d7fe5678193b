"""Scores over time of a saved model, or of rows that were written before, on recordings with labelled spans."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tqdm.auto import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from wise_hf.data.files import check_no_folder, check_writable, write_json
from wise_hf.data.options import Options, as_label_map, as_path, option
from wise_hf.data.unusable import listed
from wise_hf.model.loading import load_pipeline
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.timeline.labelled_segments import predict_spans
from wise_hf.timeline.rows import Row, read_rows
from wise_hf.timeline.run import predict_file
from wise_hf.timeline.spans import Span, read_spans, spans_by_channel
from wise_hf.timeline.time_scores import SEVERAL, Labels, Seconds, count_seconds, time_scores


CUT_AT = ("pauses", "spans")
ERRORS = (
    ("false_alarm_s", "false alarm"),
    ("missed_s", "missed emotion"),
    ("confusion_s", "confusion"),
    ("overlap_s", "overlap"),
)


@dataclass(frozen=True, kw_only=True)
class TimelineOptions(Options):
    """Everything that `wise-hf evaluate --timeline` can be told."""

    _argument_group_name = "timeline"

    data_dir: Annotated[Path, as_path] = option(
        help="folder of recordings with a spans.csv: file_name, start_s, end_s, emotion and, where known, channel "
        "and speaker"
    )
    model: str | None = option(None, help="folder of a saved model, or its name on the Hub")
    recogniser: str | None = option(None, help="pocketsphinx (default; English), or a Whisper's name or folder")
    language: str | None = option(None, help="what the recogniser is told is spoken (default: it finds out)")
    rows: Annotated[Path | None, as_path] = option(
        None, help="score what wise-hf predict --output_dir wrote into this folder, instead of a model"
    )
    cut_at: str = option("pauses", choices=CUT_AT, help="where the model's recordings are cut: spans = as labelled")
    background: str | None = option(
        None,
        help="what time without a label is: neutral, as in the Zaion dataset, or a name of its own such as silence "
        "where all speech is labelled (default: not known, and not scored)",
    )
    label_map: Annotated[dict[str, str] | str | None, as_label_map] = option(
        None, help="read emotions as others: calm=neutral,..."
    )
    output: Annotated[Path | None, as_path] = option(None, help="also write the scores as JSON")

    def __post_init__(self):
        super().__post_init__()
        if (self.model is None) == (self.rows is None):
            raise ValueError("Give either --model or --rows.")


def evaluate_timeline(options: TimelineOptions) -> str:
    """Score emotions over time.

    Returns:
        The scores as a person reads them.

    Raises:
        ValueError: for a model, recordings, rows or spans that cannot be used.
    """
    if options.output is not None:
        check_no_folder(options.output)
        check_writable(options.output.parent)
    spans = read_spans(options.data_dir, options.label_map)
    rows = _predict(options, spans) if options.rows is None else read_rows_of(options.rows, list(spans))
    scores = score_rows(spans, rows, options.background)
    if options.output is not None:
        write_json(options.output, scores)
    return describe_time_scores(scores)


def score_rows(
    spans: Mapping[str, Sequence[Span]], rows: Mapping[str, Sequence[Row]], background: str | None = None
) -> dict:
    """Scores of the rows of recordings; see `time_scores`.

    Args:
        spans: the labels of each recording by its name. A channel that has none is not looked at; labels of the
            recording as a whole are held against the segments of all its channels.
        rows: those of a timeline, of each of these recordings.
        background: what time without a label is, see `Labels`.

    Raises:
        ValueError: for labels that the model does not know, or of channels without rows.
    """
    known = {label for its in rows.values() for row in its for label in row.get("probabilities", ())}
    labelled = {span.emotion for its in spans.values() for span in its}
    unknown = labelled - known - {background}
    if known and unknown:
        raise ValueError(
            f"The model knows {', '.join(sorted(known))}, but the spans have {', '.join(sorted(unknown))}; map them "
            "with --label_map."
        )
    labels = Labels(tuple(sorted(known or labelled)), background)
    seconds = {name: _seconds_of(name, its, rows[name], labels) for name, its in spans.items()}
    return time_scores(seconds, labels)


def _seconds_of(name: str, spans: Sequence[Span], rows: Sequence[Row], labels: Labels) -> Seconds:
    """The seconds of all labelled channels of a recording."""
    counted = []
    for channel, its in spans_by_channel(spans).items():
        held = [row for row in rows if channel is None or row["channel"] == channel]
        if not held:
            raise ValueError(
                f"{name} has labels of channel {channel}, but no rows of it; predict its channels apart, or name none."
            )
        segments = [(row["start_s"], row["end_s"], row["emotion"]) for row in held if row["row"] == "segment"]
        counted.append(count_seconds(its, segments, max(row["end_s"] for row in held), labels))
    return sum(counted[1:], start=counted[0])


def describe_time_scores(scores: Mapping) -> str:
    """The scores as a person reads them, with tables in Markdown."""
    eder, ua = (f"{scores[name]:.3f}{_interval_told(scores[f'{name}_interval'])}" for name in ("eder", "ua"))
    background = scores["background"]
    unlabelled = f"; {scores['unscored_s']:.1f} s without a label are not" if background is None else ""
    as_what = "" if background is None else f", time without a label as {background}"
    lines = [
        f"EDER {eder}  UA by second {ua}",
        f"{scores['num_recordings']} recordings; {scores['scored_s']:.1f} s are scored{as_what}{unlabelled}.",
        f"Mean EDER of the recordings: {scores['mean_eder']:.3f}",
        "",
        "| error | seconds | share |\n|---|---|---|",
        *(f"| {told} | {scores[name]:.1f} | {scores[name] / scores['scored_s']:.3f} |" for name, told in ERRORS),
        "",
        _confusion_told(scores["confusion"]),
    ]
    return "\n".join(lines) + "\n"


def _interval_told(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f" [{interval[0]:.3f}, {interval[1]:.3f}]"


def _confusion_told(confusion: Mapping[str, Mapping[str, float]]) -> str:
    rows = list(confusion.items())
    names = [name for name in rows[0][1] if name != SEVERAL or any(row[SEVERAL] for _, row in rows)]
    head = [f"| seconds of \\ taken for | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    return "\n".join(
        [*head, *(f"| {true} | {' | '.join(f'{row[name]:.1f}' for name in names)} |" for true, row in rows)]
    )


def read_rows_of(folder: Path, names: Sequence[str]) -> dict[str, list[Row]]:
    """The rows in a folder, by the names that the recordings have in `spans.csv`.

    Args:
        folder: with JSON lines of `write_rows`, also in its folders.
        names: of the recordings.

    Returns:
        The rows of each recording by its name, without those of words.

    Raises:
        ValueError: where a recording has none.
    """
    found: dict[str, list[Row]] = {name: [] for name in names}
    for path in sorted(folder.rglob("*.jsonl")):
        for row in read_rows(path):
            file = Path(row["file"]).as_posix()
            fitting = [name for name in names if f"/{file}".endswith(f"/{name}")]
            if fitting and row["row"] != "word":
                found[max(fitting, key=len)].append(row)
    without = [name for name, rows in found.items() if not rows]
    if without:
        raise ValueError(f"{folder} has no rows (*.jsonl) of {listed(without)}; predict these recordings first.")
    return found


def _predict(options: TimelineOptions, spans: Mapping[str, Sequence[Span]]) -> dict[str, list[Row]]:
    classify, rows = load_pipeline(options.model, options.recogniser, options.language), {}
    cut = predict_spans if options.cut_at == "spans" else _predict_cut_at_pauses
    with logging_redirect_tqdm():
        for name, its in tqdm(spans.items(), unit="recording", disable=len(spans) == 1):
            predicted = cut(classify, options.data_dir / name, its)
            rows[name] = [row for row in predicted if row["row"] != "word"]
    return rows


def _predict_cut_at_pauses(
    classify: WISEAudioClassificationPipeline, path: Path, spans: Sequence[Span]
) -> Iterator[Row]:
    """By channels where these are labelled, else as the recording sounds."""
    return predict_file(classify, path, channels=None if spans[0].channel is None else "speakers")
