"""Processes of the tests that end with the test, however that ends: nothing is left behind by one that is killed.

Linux does it (PR_SET_PDEATHSIG, prctl(2)); elsewhere they are ended by the test alone. They end with the *thread* that
began them, so that is to be the main one. Not here: PostgreSQL and its like, which have children (``postgresql``).
"""

import ctypes
import os
import shutil
import signal
import sys
from typing import Final

TIED: Final = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
"""Before a command; the process is the command's own (util-linux 2.33 or newer)."""
TIED_IN_ORDER: Final = tuple("TERM" if word == "KILL" else word for word in TIED)
"""The same for one that has to end a process of its own first."""
_PR_SET_PDEATHSIG: Final = 1


def end_with_parent(by: signal.Signals, parent: int) -> None:
    """Have this process, which ``parent`` forked, signalled when that one ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(by))
        if os.getppid() != parent:
            os.kill(os.getpid(), by)
