"""The options of commands that hear recordings: which model, what recognises words, what is known of the recording."""

import argparse
from pathlib import Path

from wise_hf.data.word_files import READERS, read_word_file
from wise_hf.hub.starter_model import model_or_starter
from wise_hf.model.loading import load_pipeline
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline


def add_hearing_options(parser: argparse.ArgumentParser) -> None:
    """--model, --recogniser, --language, --text, --words and --channel."""
    parser.add_argument(
        "--model", help="folder of a saved model, or its name on the Hub (default: the starter model, see README)"
    )
    parser.add_argument(
        "--recogniser",
        help="recogniser for recordings without text: pocketsphinx (default; English), the folder or name of a "
        "Whisper or CTC model of transformers such as openai/whisper-base, or faster-whisper:small",
    )
    parser.add_argument("--language", help="what is spoken, such as de: told to the recogniser, or that of --words")
    known = parser.add_mutually_exclusive_group()
    known.add_argument("--text", help="what is said, for one recording")
    known.add_argument(
        "--words", type=Path, help=f"the words with their times, for one recording: a file {', '.join(READERS)}"
    )
    parser.add_argument("--channel", type=int, help="read this channel, from 0, instead of the mean of all")


def load_hearing(args: argparse.Namespace) -> WISEAudioClassificationPipeline:
    """The pipeline that the options name; see `load_pipeline`."""
    told = args.language if args.words is None else None
    return load_pipeline(model_or_starter(args.model), args.recogniser, told)


def known_words(args: argparse.Namespace, recording: str, speaker: str | None = None) -> dict:
    """What --text, --words and --language tell of a recording, as the pipeline takes it; see `read_word_file`."""
    if args.words is None:
        return {"text": args.text}
    words = read_word_file(args.words, Path(recording).stem, args.channel, speaker)
    return {"words": words} | ({} if args.language is None else {"language": args.language})
