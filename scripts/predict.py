"""The emotion of recordings: python scripts/predict.py AUDIO... --model DIR [--text T] [--json] [--plot PNG]."""

import argparse
import json
import logging
import sys
from pathlib import Path

from wise_hf import command_line
from wise_hf.audio_wise import read_audio
from wise_hf.loading import load_pipeline
from wise_hf.visualization import plot_prediction, save_figure


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("audio", nargs="+", help="audio files")
    parser.add_argument("--model", required=True, help="folder of a saved model, or its name on the Hub")
    parser.add_argument("--text", help="what is said, for one recording; without it the recording is transcribed")
    parser.add_argument("--json", action="store_true", help="print a JSON list, with words, times and attention")
    parser.add_argument("--plot", type=Path, help="write a picture (PNG), for one recording")
    args = parser.parse_args()
    if len(args.audio) > 1 and (args.text is not None or args.plot is not None):
        parser.error("--text and --plot are for one recording; give one audio file")
    return args


def main() -> None:
    args = parse_arguments()
    classify = load_pipeline(args.model)
    recordings = [{"audio": path, "text": args.text} for path in args.audio]
    results = [{"audio": each["audio"]} | classify(each, return_words=True) for each in recordings]
    sys.stdout.write(json.dumps(results, indent=2) + "\n" if args.json else "\n\n".join(map(to_text, results)) + "\n")
    if args.plot is not None:
        rate = classify.processor.feature_extractor.sampling_rate
        result = results[0]
        figure = plot_prediction(
            read_audio(args.audio[0], rate), rate, result["words"], result["scores"], Path(args.audio[0]).name
        )
        logging.info("Written: %s", save_figure(figure, args.plot))


def to_text(result: dict) -> str:
    """A recording's result as a person reads it."""
    scores = "  ".join(f"{entry['label']} {entry['score']:.2f}" for entry in result["scores"])
    lines = [f"{result['audio']}: {scores}", f"  {result['alignment']}: {result['text']}"]
    for word in result["words"]:
        attention = (
            "" if word["attention"] is None else f"  {word['attention']:.2f} {'#' * round(40 * word['attention'])}"
        )
        lines.append(f"  {word['start_s']:6.2f}-{word['end_s']:6.2f} s  {word['word']:<14}{attention}")
    return "\n".join(lines)


if __name__ == "__main__":
    command_line.run(main)
