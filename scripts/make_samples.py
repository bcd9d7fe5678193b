"""Make the sample recordings of a published model: python scripts/make_samples.py. Synthetic speech (espeak-ng)."""

import argparse
from pathlib import Path

import soundfile

from wise_hf.commands import run as command_line
from wise_hf.data.files import write_json
from wise_hf.synthetic.demo_corpus import PROSODIES, VOICES
from wise_hf.synthetic.espeak import SAMPLING_RATE, speak


SAMPLES_DIR = Path(__file__).resolve().parents[1] / "hub_card" / "samples"
# Meant emotion, voice, and what is said.
SAMPLES = (
    ("angry", 0, "Get out and leave that picture alone!"),
    ("happy", 1, "What a wonderful surprise, thank you so much!"),
    ("neutral", 2, "The meeting is on Monday at the office."),
    ("sad", 3, "I miss my sister and the garden so much."),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--output_dir", type=Path, default=SAMPLES_DIR, help="default: hub_card/samples")
    args = parser.parse_args()
    args.output_dir.mkdir(parents=True, exist_ok=True)
    for emotion, voice, text in SAMPLES:
        speech = speak(text, VOICES[voice], PROSODIES[emotion])
        soundfile.write(args.output_dir / f"{emotion}.wav", speech.samples, SAMPLING_RATE, subtype="PCM_16")
    listed = [{"file": f"{emotion}.wav", "meant": emotion, "text": text} for emotion, _, text in SAMPLES]
    write_json(args.output_dir / "samples.json", listed)


if __name__ == "__main__":
    command_line.run(main)
