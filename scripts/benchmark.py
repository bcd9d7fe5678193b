"""Measure wise_hf against what else one could run: a table of ratios, and the same as JSON."""

import argparse
import importlib.util
import logging
import os
import platform
import sys
from pathlib import Path

import numpy as np
import torch
import transformers

from wise_hf.commands import run as command_line
from wise_hf.data.files import check_writable, write_json
from wise_hf.data.options import positive
from wise_hf.model.audio_wise import read_audio
from wise_hf.synthetic.benchmarking import Measurement, compare_epoch, compare_mfcc, compare_model, table
from wise_hf.synthetic.recording_benchmark import STATUS, compare_memory, compare_scores, our_systems


TEXT = "The children have been talking by the door and nobody told them to come inside."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--output", type=Path, help="write the numbers to this JSON file as well")
    parser.add_argument("--repeats", type=positive, default=5, help="runs of each that the medians are taken over")
    parser.add_argument("--threads", type=positive, default=os.cpu_count(), help="threads of PyTorch")
    parser.add_argument("--audio", type=Path, help="a recording, instead of synthetic speech; with --text")
    parser.add_argument("--text", help="what is said in the recording")
    arguments = parser.parse_args()
    if (arguments.audio is None) != (arguments.text is None):
        parser.error("--audio and --text go together: a recording and what is said in it")
    if arguments.output is not None:
        check_writable(arguments.output.absolute().parent)
    torch.set_num_threads(arguments.threads)
    samples, text, source = recording(arguments.audio, arguments.text)
    comparisons = run(arguments.repeats, samples, text)
    sys.stdout.write(f"{table(comparisons)}\nPyTorch ran on {torch.get_num_threads()} thread(s).\n")
    if arguments.output is not None:
        write_json(arguments.output, report(comparisons, arguments.repeats, source))


def recording(audio: Path | None, text: str | None) -> tuple[np.ndarray, str, str]:
    """The samples at 16 kHz, what is said in them, and where they come from."""
    if audio is not None:
        return read_audio(audio), text, audio.name
    if importlib.util.find_spec("espeakng_loader") is None:
        raise ImportError("espeakng-loader is not installed: pip install espeakng-loader, or give --audio and --text.")
    from wise_hf.synthetic.demo_corpus import VOICES
    from wise_hf.synthetic.espeak import speak

    return speak(TEXT, VOICES[0]).samples, TEXT, "espeak-ng"


def run(repeats: int, samples: np.ndarray, text: str) -> list[Measurement]:
    """All comparisons; the one that can fail on a person's recording comes first."""
    ours = our_systems(text)
    scores = compare_scores(samples, ours, repeats=repeats)
    comparisons = [*compare_model(repeats=repeats), compare_epoch(repeats=repeats)]
    if importlib.util.find_spec("opensmile") is None:
        logging.info("The MFCC are not compared: openSMILE is not installed (pip install opensmile).")
    else:
        comparisons.append(compare_mfcc(repeats=repeats))
    if STATUS.exists():
        scores += compare_memory(samples, ours)
    else:
        logging.info("The memory is not compared: only Linux tells it of a process.")
    return [*comparisons, *scores]


def report(comparisons: list[Measurement], repeats: int, source: str) -> dict:
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
    command_line.run(main)
