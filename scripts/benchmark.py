"""Measure wise_hf against what else one could run: a table of ratios, and the same as JSON."""

import argparse
import importlib.util
import json
import os
import platform
from pathlib import Path

import numpy as np
import torch
import transformers

from wise_hf.audio_wise import read_audio
from wise_hf.benchmarking import Comparison, compare_mfcc, compare_model, compare_recording, table


TEXT = "The children have been talking by the door and nobody told them to come inside."


def main() -> None:
    parser = make_parser()
    arguments = parser.parse_args()
    try:
        check(arguments)
        torch.set_num_threads(arguments.threads)
        samples, text, source = recording(arguments.audio, arguments.text)
        comparisons = run(arguments.repeats, samples, text)
    except (ValueError, ImportError) as error:
        parser.exit(2, f"benchmark.py: {error}\n")
    print(table(comparisons))
    if arguments.output:
        arguments.output.write_text(json.dumps(report(comparisons, arguments.repeats, source), indent=2) + "\n")


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="write the numbers to this JSON file as well")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each that the medians are taken over")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of PyTorch")
    parser.add_argument("--audio", type=Path, help="a recording, instead of synthetic speech; with --text")
    parser.add_argument("--text", help="what is said in the recording")
    return parser


def check(arguments: argparse.Namespace) -> None:
    """Everything that can be known to be wrong before minutes are spent."""
    for name in ("repeats", "threads"):
        if getattr(arguments, name) < 1:
            raise ValueError(f"--{name} is {getattr(arguments, name)}; give 1 or more.")
    if (arguments.audio is None) != (arguments.text is None):
        raise ValueError("--audio and --text go together: a recording and what is said in it.")
    if arguments.output and (arguments.output.is_dir() or not os.access(arguments.output.absolute().parent, os.W_OK)):
        raise ValueError(f"--output {arguments.output} cannot be written; give a file in a folder that can.")


def recording(audio: Path | None, text: str | None) -> tuple[np.ndarray, str, str]:
    """The samples at 16 kHz, what is said in them, and where they come from."""
    if audio is not None:
        return read_audio(audio), text, audio.name
    if importlib.util.find_spec("espeakng_loader") is None:
        raise ImportError("espeakng-loader is not installed: pip install espeakng-loader, or give --audio and --text.")
    from wise_hf.data.espeak import speak
    from wise_hf.data.synthetic import VOICES

    return speak(TEXT, VOICES[0]).samples, TEXT, "espeak-ng"


def run(repeats: int, samples: np.ndarray, text: str) -> list[Comparison]:
    """All comparisons; the one that can fail on a person's recording comes first."""
    scores = compare_recording(samples, text, repeats=repeats)
    return [*compare_model(repeats=repeats), compare_mfcc(repeats=repeats), scores]


def report(comparisons: list[Comparison], repeats: int, source: str) -> dict:
    """The numbers and what they were measured on."""
    return {
        "comparisons": [each.to_dict() for each in comparisons],
        "repeats": repeats,
        "threads": torch.get_num_threads(),
        "speech": source,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "machine": platform.machine(),
    }


if __name__ == "__main__":
    main()
