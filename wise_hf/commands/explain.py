"""Why a recording's emotion is what it is: wise-hf explain AUDIO [--model DIR] [--text T] [--output J] [--plot P]."""

import argparse
import json
import logging
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from wise_hf.commands.hearing import add_hearing_options, known_words, load_hearing
from wise_hf.data.files import written_whole
from wise_hf.model.explanation_picture import EFFECTS, plot_explanation
from wise_hf.model.visualization import save_figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Print which words, and which modality, moved the decision; write it as JSON and as a picture where asked for.

    Args:
        arguments: as one types them; `None` = those that the process was started with.

    Raises:
        ValueError: for a recording that cannot be used, or a file that cannot be written.
    """
    args = _parse(arguments)
    recording = {"audio": args.audio, "channel": args.channel} | known_words(args, args.audio)
    explanation = {"audio": args.audio} | load_hearing(args).explain(recording)
    sys.stdout.write(table_of(explanation) + "\n")
    if args.output is not None:
        with written_whole(args.output, "give another file") as unfinished:
            unfinished.write_text(json.dumps(explanation, indent=2) + "\n", encoding="utf-8")
        logging.info("Written: %s", args.output)
    if args.plot is not None:
        figure = plot_explanation(explanation, f"{Path(args.audio).name}: {explanation['emotion']}")
        logging.info("Written: %s", save_figure(figure, args.plot))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("audio", help="an audio file")
    add_hearing_options(parser)
    parser.add_argument("--output", type=Path, help="write all of it to this file (JSON)")
    parser.add_argument("--plot", type=Path, help="write a picture (PNG)")
    return parser.parse_args(arguments)


def table_of(explanation: dict) -> str:
    """An explanation as a person reads it: a line for each word, effects in percentage points."""
    columns = ["attention", *EFFECTS]
    shown = [name for name in columns if any(word[name] is not None for word in explanation["words"])]
    heads = {"attention": "attention"} | {name: its.replace("\n", " ") for name, its in EFFECTS.items()}
    lines = [f"{explanation['audio']}: {_probabilities(explanation['probabilities'])}"]
    for modality, its in explanation["modalities"].items():
        lines += [f"  {modality} alone: {_probabilities(its)}"] if its else []
    lines += ["", f"  Points of {explanation['emotion']} that are lost (+) or gained (-):"]
    lines += [f"  {'':<19}{'':<16}" + "".join(f"  {heads[name]:>{len(heads[name])}}" for name in shown)]
    for word in explanation["words"]:
        cells = "".join(f"  {_cell(name, word[name]):>{len(heads[name])}}" for name in shown)
        lines.append(f"  {word['start_s']:6.2f}-{word['end_s']:6.2f} s   {word['word']:<16}{cells}")
    return "\n".join([*lines, "", textwrap.indent(textwrap.fill(explanation["note"], 100), "  ")])


def _probabilities(probabilities: dict[str, float]) -> str:
    return "  ".join(f"{label} {p:.2f}" for label, p in probabilities.items())


def _cell(name: str, value: float | None) -> str:
    """The attention as a share, effects in percentage points of what the word adds."""
    if value is None:
        return ""
    return f"{value:.2f}" if name == "attention" else f"{100 * value:+.1f}"
