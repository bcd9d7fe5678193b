"""A spoken corpus by espeak-ng, or one sentence: python scripts/make_synthetic_corpus.py --output_dir DIR."""

import argparse
import logging
from pathlib import Path

import soundfile

from wise_hf.commands import run as command_line
from wise_hf.data.files import check_writable
from wise_hf.data.options import positive
from wise_hf.synthetic.demo_corpus import EMOTIONS, PROSODIES, VOICES, write_corpus
from wise_hf.synthetic.espeak import SAMPLING_RATE, speak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--output_dir", type=Path, required=True)
    parser.add_argument("--num_speakers", type=positive, default=8)
    parser.add_argument("--utterances_per_speaker", type=positive, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--say", help="write this one sentence as sentence.wav instead of a corpus")
    parser.add_argument("--emotion", choices=list(EMOTIONS), default="neutral", help="how the sentence is said")
    args = parser.parse_args()
    if args.say is None:
        folder = write_corpus(args.output_dir, args.num_speakers, args.utterances_per_speaker, args.seed)
        logging.info("Written: %s, %d voices.", folder, args.num_speakers)
        return
    check_writable(args.output_dir)
    speech = speak(args.say, VOICES[0], PROSODIES[args.emotion])
    soundfile.write(args.output_dir / "sentence.wav", speech.samples, SAMPLING_RATE)
    logging.info("Written: %s", args.output_dir / "sentence.wav")


if __name__ == "__main__":
    command_line.run(main)
