"""The emotion of recordings: wise-hf predict AUDIO... [--model DIR] [--text T] [--speaker WHO] [--output_dir DIR].

Without --output_dir a recording lasts at most 120 s, and its emotion and words are printed. With it a recording lasts
as long as it likes, and the course of its emotion is written: rows of segments and words, subtitles, a picture.
Very many files: wise-hf predict --input FOLDER_OR_LIST --output DIR writes one table, in parts.
"""

import argparse
import json
import logging
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tqdm.auto import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from wise_hf.commands.hearing import add_hearing_options, known_words, load_hearing
from wise_hf.commands.predict_many import add_many_options, check_many_options, predict_many
from wise_hf.commands.recordings import recordings_in
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.model.speakers_wise import check_speaker
from wise_hf.model.visualization import plot_prediction, save_figure
from wise_hf.timeline.channels import CHANNELS
from wise_hf.timeline.folders import predict_files
from wise_hf.timeline.outputs import FORMATS


LONG_OPTIONS = ("formats", "channels", "overwrite_output_dir")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the emotion of recordings, and draw it where that is asked for; or write its course.

    Args:
        arguments: as one types them; `None` = those that the process was started with.

    Raises:
        ValueError: for recordings that cannot be used, after the results of all others.
    """
    args = _parse(arguments)
    if args.input is not None:
        predict_many(args)
        return
    classify = load_hearing(args)
    if args.output_dir is None:
        results = heard(classify, _recordings(args))
        with logging_redirect_tqdm():
            shown = print_json(results) if args.json else print_text(results)
        errors = [result["error"] for result in shown if "error" in result]
    else:
        given = [{"path": each.pop("audio"), "channels": args.channels} | each for each in _recordings(args)]
        with logging_redirect_tqdm():
            errors = predict_files(classify, given, args.output_dir, args.formats, args.overwrite_output_dir)
    if errors:
        counted = f"{len(errors)} of {len(args.audio)} recordings could not be used."
        raise ValueError(errors[0] if len(args.audio) == 1 else counted)
    if args.plot is not None:
        rate = classify.processor.feature_extractor.sampling_rate
        samples, (result,) = read_audio(args.audio[0], rate, channel=args.channel), shown
        figure = plot_prediction(samples, rate, result["words"], result["scores"], Path(args.audio[0]).name)
        logging.info("Written: %s", save_figure(figure, args.plot))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("audio", nargs="*", help="audio files, and folders of them")
    add_hearing_options(parser)
    speakers = parser.add_mutually_exclusive_group()
    speakers.add_argument(
        "--speaker",
        help="who speaks in all of them; they are then normalised together (with --output_dir each recording is "
        "normalised by its own speech)",
    )
    speakers.add_argument("--speaker_folders", action="store_true", help="the same, with a speaker for each folder")
    parser.add_argument("--json", action="store_true", help="print a JSON list, with words, times and attention")
    parser.add_argument("--plot", type=Path, help="write a picture (PNG), for one recording")
    _add_long_options(parser)
    add_many_options(parser)
    args = parser.parse_args(arguments)
    check_many_options(parser, args)
    _check_long_options(parser, args)
    check_speaker(args.speaker)
    args.audio = [path for given in args.audio for path in recordings_in(given)]
    of_one = [name for name in ("text", "words", "plot") if getattr(args, name) is not None]
    if len(args.audio) > 1 and of_one:
        parser.error(f"--{of_one[0]} is for one recording; give one audio file")
    return args


def _add_long_options(parser: argparse.ArgumentParser) -> None:
    options = parser.add_argument_group("recordings of any length")
    options.add_argument("--output_dir", type=Path, help="write a folder for each recording there")
    options.add_argument(
        "--formats", type=_formats, metavar="F,F", help=f"beside JSON lines: {','.join(FORMATS)} (default: all)"
    )
    options.add_argument(
        "--channels",
        choices=CHANNELS,
        help="whether each channel has a speaker, or all are heard as one (default: as they sound)",
    )
    options.add_argument("--overwrite_output_dir", action="store_true", help="throw earlier results away")


def _formats(given: str) -> list[str]:
    names = {name.lower(): name for name in FORMATS}
    asked = [each.strip().lower() for each in given.split(",")]
    if unknown := [each for each in asked if each not in names and each != "jsonl"]:
        raise argparse.ArgumentTypeError(f"there is no format {', '.join(unknown)}; give some of {', '.join(FORMATS)}")
    return [names[each] for each in asked if each in names]


def _check_long_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if args.output_dir is None:
        if given := [name for name in LONG_OPTIONS if getattr(args, name)]:
            parser.error(f"--{given[0]} needs --output_dir")
        return
    if args.json or args.plot is not None:
        parser.error("--json and --plot are for recordings without --output_dir, which writes both")
    of_one = ("channel", "speaker", "speaker_folders", "text", "words")
    given = [name for name in of_one if getattr(args, name) is not parser.get_default(name)]
    if args.channels == "speakers" and given:
        parser.error(f"--channels speakers does not go with --{given[0]}, which is of one speaker")
    args.formats = list(FORMATS) if args.formats is None else args.formats


def _recordings(args: argparse.Namespace) -> list[dict]:
    """The recordings, as the pipeline takes them."""
    known = {"channel": args.channel} | known_words(args, args.audio[0], args.speaker)
    speakers = [str(Path(path).parent) if args.speaker_folders else args.speaker for path in args.audio]
    return [{"audio": path, "speaker": who} | known for path, who in zip(args.audio, speakers, strict=True)]


def heard(classify: WISEAudioClassificationPipeline, recordings: list[dict]) -> Iterator[dict]:
    """Each recording's result as soon as it is there; one that cannot be used is named at once, and has an `error`."""
    several = len(recordings) > 1
    results = classify(classify.hear_speakers(recordings, "report"), return_words=True, on_error="report")
    with tqdm(results, unit="recording", total=len(recordings), disable=not several) as shown:
        for recording, result in zip(recordings, shown, strict=True):
            if several and "error" in result:
                logging.error("%s", result["error"])
            yield {"audio": recording["audio"]} | result


def print_text(results: Iterable[dict]) -> list[dict]:
    """Print results as they come, a blank line between them, and return them."""
    shown = []
    for result in results:
        if "error" not in result:
            write("\n" * bool(shown) + to_text(result) + "\n")
        shown.append(result)
    return shown


def print_json(results: Iterable[dict]) -> list[dict]:
    """Print results as they come, all together a JSON list also where the work is interrupted, and return them."""
    shown = []
    try:
        for result in results:
            write((",\n" if shown else "[\n") + textwrap.indent(json.dumps(result, indent=2), "  ") + "\n")
            shown.append(result)
    finally:
        write("]\n" if shown else "[]\n")
    return shown


def write(text: str) -> None:
    """Text on standard output, now, above the progress bar."""
    tqdm.write(text, end="")
    sys.stdout.flush()


def to_text(result: dict) -> str:
    """A recording's result as a person reads it."""
    scores = "  ".join(f"{entry['label']} {entry['score']:.2f}" for entry in result["scores"])
    fit = "" if result.get("fit") is None else f" (fit {result['fit']:.2f})"
    language = f", {result['language']}" if result.get("language") else ""
    lines = [f"{result['audio']}: {scores}", f"  {result['alignment']}{language}{fit}: {result['text']}"]
    if result["speaker"] is not None:
        lines.append(f"  {result['speaker_unused'] or 'Normalised by all recordings of ' + result['speaker'] + '.'}")
    if result["truncated"]:
        lines.append(f"  Only the words up to {result['until_s']:.2f} s counted.")
    lines += [f"  {warning}" for warning in result.get("warnings", [])]
    for word in result["words"]:
        attention = (
            "" if word["attention"] is None else f"  {word['attention']:.2f} {'#' * round(40 * word['attention'])}"
        )
        lines.append(f"  {word['start_s']:6.2f}-{word['end_s']:6.2f} s  {word['word']:<14}{attention}")
    return "\n".join(lines)
