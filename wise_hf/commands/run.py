"""How a command ends: with one sentence and a status, never with a traceback for what a person got wrong."""

import io
import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from wise_hf.model.threads_wise import use_one_thread
from wise_hf.training.processes import quieten_libraries


PATIENCE_S = 10.0  # for the end of a process that was told to end


def run(main: Callable[[], object]) -> None:
    """Run a command, which messages call what `sys.argv` starts with: `train.py`, or `wise-hf train`.

    Errors that a person can mend (`ValueError`, `OSError`, `ImportError` of an optional package) become one sentence
    on standard error and status 1; anything else is a fault of ours and keeps its traceback. A character that the
    terminal cannot show is written as its escape, so that no result is lost. The process computes in one thread, see
    `use_one_thread`.

    Args:
        main: the command.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    is_first_process = os.environ.get("LOCAL_RANK", "0") == "0"  # the others have nothing to say that it does not
    logging.basicConfig(
        level=logging.INFO if is_first_process else logging.ERROR, format="%(message)s", stream=sys.stderr
    )
    quieten_libraries()
    use_one_thread()
    try:
        with _ends_in_order():
            main()
    except BrokenPipeError:  # whoever reads the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ValueError, OSError, ImportError) as error:
        if is_first_process:
            sentence = " ".join(str(error).split())
            sys.stderr.write(f"{Path(sys.argv[0]).name}: {sentence}\n")
        sys.exit(1)
    except KeyboardInterrupt as error:
        if is_first_process and str(error):  # how to go on
            sys.stderr.write(f"\n{error}\n  {_same_command(getattr(error, 'added', ()))}\n")
        sys.exit(130)


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """A process that is told to end (SIGTERM) leaves no temporary files; one that it forked ends at once.

    Libraries may raise an error of their own on the way (a map of `datasets` its time-out), or hang where a pool's
    process is ended with the pool's lock in its hand; the process ends all the same.
    """
    if threading.current_thread() is not threading.main_thread():  # only there can signals be handled
        yield
        return
    own, told = os.getpid(), []

    def end(number: int, frame: object) -> None:
        if os.getpid() != own:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        told.append(128 + number)
        last = threading.Timer(PATIENCE_S, os._exit, told[:1])
        last.daemon = True
        last.start()
        sys.exit(told[0])

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except Exception:
        if told:
            sys.exit(told[0])
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _same_command(added: Sequence[str]) -> str:
    """This process's command as one types it, with some words added."""
    name, *words = sys.argv
    started = f"python {shlex.quote(name)}" if name.endswith(".py") else Path(name).name
    return f"{started} {shlex.join([*words, *added])}"
