"""A real Redis of the tests' own, on a free port of loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.harness.ports import free_tcp_port

REDIS = shutil.which("redis-server")


class RedisServer:
    """Running from the start; keeps nothing. `folder` is where it lives."""

    def __init__(self, folder: Path) -> None:
        self.port = free_tcp_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        words = [
            str(REDIS),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self._folder),
        ]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        for _ in range(500):
            with socket.socket() as probe:
                probe.settimeout(0.01)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None
            time.sleep(0.02)
        self.stop()
        raise AssertionError("redis-server did not start")

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
