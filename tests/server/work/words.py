"""A process that does what its word says (`test_process.py`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path


def main(word: str) -> int:
    """The exit status."""
    if word == "echo":
        shutil.copyfileobj(sys.stdin, sys.stdout)
    elif word == "environment":
        _say(json.dumps({"environment": dict(os.environ), "folder": str(Path.cwd()), "nice": os.nice(0)}))
    elif word == "long":
        _say("x" * 200_000)
    elif word == "complain":
        sys.stderr.write("noise\n" * 100_000 + "the last word\n")
        return 3
    elif word == "parent":
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        _say(f"{os.getpid()} {other.pid}")
        time.sleep(600)
    else:
        _say("begun")
        time.sleep(600)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
