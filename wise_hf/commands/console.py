"""The console command: `wise-hf train`, `wise-hf predict` and so on."""

import sys
from collections.abc import Sequence
from importlib import import_module

from wise_hf import __version__


COMMANDS = {
    "train": "train WISE on a corpus, with cross-validation where that is asked for",
    "prepare": "align a corpus and extract its features, once",
    "evaluate": "score a saved model on a corpus",
    "predict": "tell the emotion of recordings",
    "explain": "tell which words and which modality moved a decision",
    "asr-study": "study what recognition errors do to a trained model",
    "tables": "train and compare the systems of the paper's tables",
    "push": "publish a saved model on the Hugging Face Hub",
    "serve": "run a saved model as Inference Endpoints do",
    "space": "try a saved model in the browser",
}
HELP = """usage: wise-hf COMMAND [OPTIONS]

Word-level speech emotion recognition.

{commands}

wise-hf COMMAND --help lists a command's options; wise-hf --version prints the version.
With several processes or GPUs: accelerate launch -m wise_hf COMMAND [OPTIONS]
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command.

    Args:
        arguments: the command's name and its options; `None` = those that the process was started with.
    """
    name, *options = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in ("-h", "--help"):
        sys.stdout.write(HELP.format(commands="\n".join(f"  {each:<10}{does}" for each, does in COMMANDS.items())))
    elif name == "--version":
        sys.stdout.write(f"wise-hf {__version__}\n")
    elif name in COMMANDS:
        _run_command(name, options)
    else:
        sys.stderr.write(f"wise-hf: there is no command '{name}'; give one of {', '.join(COMMANDS)}.\n")
        sys.exit(2)


def _run_command(name: str, options: Sequence[str]) -> None:
    from wise_hf.commands.run import run

    sys.argv = [f"wise-hf {name}", *options]  # by which usage and errors call it
    run(lambda: import_module(f"wise_hf.commands.{name.replace('-', '_')}").main())
