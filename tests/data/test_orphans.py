"""Forked processes end with the one that started them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wise_hf.data import orphans


FORK = """
import os, runpy, sys, time
with runpy.run_path(sys.argv[1])["none_left_behind"]():
    child = os.fork()
    if child:
        print(child, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux's /proc to see processes")
def test_a_forked_process_ends_with_a_parent_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", FORK, orphans.__file__], stdout=subprocess.PIPE)
    child = Path("/proc") / parent.stdout.readline().decode().strip()
    time.sleep(0.1)
    assert child.exists(), "it lives as long as its parent"
    parent.kill()
    parent.wait()
    end = time.monotonic() + 60
    while child.exists() and (child / "stat").read_text().split()[2] != "Z":
        assert time.monotonic() < end, "it is left behind"
        time.sleep(0.05)


WAIT = """
import os, runpy, signal, sys, threading
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(9))
lock = threading.Lock()
lock.acquire()
with runpy.run_path(sys.argv[1])["none_left_behind"]():
    for _ in range(300):
        child = os.fork()
        if not child:
            lock.acquire()
        os.kill(child, signal.SIGTERM)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGTERM:
            sys.exit("it ends by itself")
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs a system that forks")
def test_a_forked_process_that_waits_for_a_lock_ends_however_early_it_is_told_to():
    subprocess.run([sys.executable, "-c", WAIT, orphans.__file__], check=True, timeout=60)
