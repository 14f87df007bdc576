"""A PostgreSQL of the tests' own: in a temporary directory, on a free port of loopback, one database for each who asks."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.ports import free_tcp_port

PASSWORD = "p@ss:/字-words"
"""With characters that a URL must escape."""
SETTINGS = {
    "fsync": "off",  # the tests kill processes, never the machine
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "deadlock_timeout": "100ms",
    "timezone": "Asia/Shanghai",
    "logging_collector": "off",
}
_PR_SET_PDEATHSIG = 1


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, newest first: Debian keeps them out of PATH. None: not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    found = shutil.which("initdb")
    candidates = [*debian, *([Path(found).resolve().parent] if found else [])]
    return next((p for p in candidates if (p / "initdb").exists() and (p / "postgres").exists()), None)


def _owner() -> dict[str, Any]:
    """Who the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise AssertionError("no unprivileged user here")


def _die_with_us() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


class Postgres:
    """A running server. `close` ends it and removes what it wrote."""

    def __init__(self, programs: Path, **settings: str) -> None:
        self._programs = programs
        self._settings = SETTINGS | settings
        self._owner = _owner()
        self._folder = Path(tempfile.mkdtemp(prefix="shuangshi-postgres-"))
        self._log = self._folder / "log"
        self._numbers = itertools.count(1)
        self.port = free_tcp_port()
        try:
            self._make()
            self.start()
        except BaseException:
            shutil.rmtree(self._folder)
            raise

    def _make(self) -> None:
        words = self._folder / "password"
        words.write_text(PASSWORD, encoding="utf-8")
        if self._owner:
            for path in (self._folder, words):
                os.chown(path, self._owner["user"], self._owner["group"])
        self._run(
            "initdb", "-D", str(self._folder / "data"), "-U", "school", "-A", "scram-sha-256", "--pwfile", str(words), "-E", "UTF8", "-N"
        )

    def _run(self, program: str, *words: str) -> str:
        done = subprocess.run(
            [self._programs / program, *words], env=self._environment, cwd=self._folder, capture_output=True, text=True, **self._owner
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @property
    def _environment(self) -> dict[str, str]:
        asked = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "school", "PGPASSWORD": PASSWORD, "PGDATABASE": "postgres"}
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self._folder), **asked}

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        settings = [f"--{name}={value}" for name, value in {**self._settings, "port": self.port}.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", *settings],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                env=self._environment,
                preexec_fn=_die_with_us,
                **self._owner,
            )
        for _ in range(1000):
            assert self._process.poll() is None, self._log.read_text()
            if subprocess.run([self._programs / "pg_isready", "-q"], env=self._environment).returncode == 0:
                return
            time.sleep(0.02)
        self.stop()
        raise AssertionError(self._log.read_text())

    def stop(self) -> None:
        """Cut everybody off and stop, as `pg_ctl stop -m fast`."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Stop and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._folder)

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """While inside, the server is stopped."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def sql(self, database: str, text: str) -> str:
        """What `psql` prints for some SQL, unaligned and without headings."""
        return self._run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text)

    def url(self, database: str) -> str:
        """A database's address as a school writes it into SHUANGSHI_DATABASE_URL."""
        return f"postgresql://school:p%40ss%3A%2F%E5%AD%97-words@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self, options: str = "") -> Iterator[str]:
        """The name of a new, empty database."""
        name = f"school_{next(self._numbers)}"
        self.sql("postgres", f"CREATE DATABASE {name} {options}")
        try:
            yield name
        finally:
            self.sql("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server of this test run, started when a test first asks for it."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL here: run make system")
    server = Postgres(found)
    yield server
    server.close()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address, as settings hand it to the store, of an empty database of the test's own: SQLite unless `both_databases` says more."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'school.db'}"
        return
    server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield asyncpg_url(server.url(name))


def asyncpg_url(url: str) -> str:
    """As `server.reading.database` turns it."""
    return url.replace("postgresql:", "postgresql+asyncpg:", 1)


both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
"""Marks a module or a test that must hold on both."""
