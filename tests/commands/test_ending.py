"""How a command ends that is told to end."""

import subprocess
import sys

import pytest


PROGRAM = """
import os, signal, sys, time
from wise_hf.commands import run as command

def told_to_end(last):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    finally:
        last()

def fail():
    raise TimeoutError("of a library")

command.PATIENCE_S = 0.2
for last in (lambda: None, fail, lambda: time.sleep(600)):
    child = os.fork()
    if not child:
        command.run(lambda: told_to_end(last))
    sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\\n")
    sys.stdout.flush()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_command_that_is_told_to_end_does_whatever_libraries_make_of_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["143", "143", "143"], done.stderr
    assert "Traceback" not in done.stderr
