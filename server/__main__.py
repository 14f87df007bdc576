"""`shuangshi` and `python -m server`."""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
from collections.abc import Callable, Sequence

from server import logs
from server.errors import AppError
from server.settings import BadSettings, Settings, describe, read
from server.weak import problems

CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: starting again would change nothing."""
REFUSED = 1


def main(argv: Sequence[str] | None = None) -> None:
    """Entry of the command `shuangshi`."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese must not end the school
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser(next(iter(words), "")).parse_args(words)
    if arguments.run is _settings:
        _settings()
        return
    try:
        settings = read()
    except BadSettings as error:
        sys.stderr.write("".join(f"shuangshi: {problem}\n" for problem in error.problems))
        sys.exit(CONFIGURATION)
    if arguments.run in (_web, _serve, _run) and (weak := problems(settings)):
        sys.stderr.write("".join(f"shuangshi: {problem}\n" for problem in weak))
        sys.exit(CONFIGURATION)
    logs.configure(settings.log_level, as_json=settings.log_json)
    try:
        arguments.run(settings, arguments)
    except (AppError, OSError) as error:
        detail = f"{error.code}: {error.detail}" if isinstance(error, AppError) else str(error)
        sys.stderr.write(f"shuangshi: {detail}\n")
        sys.exit(REFUSED)


def _settings() -> None:
    sys.stdout.write(describe() + "\n")
    try:
        read()
    except BadSettings as error:
        sys.stderr.write("".join(f"shuangshi: {problem}\n" for problem in error.problems))
        sys.exit(CONFIGURATION)


def _web(settings: Settings, _: argparse.Namespace) -> None:
    from server.app import serve

    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    asyncio.run(serve(settings))


def _serve(settings: Settings, _: argparse.Namespace) -> None:
    from server.cli.run import serve

    asyncio.run(serve(settings))


def _run(settings: Settings, _: argparse.Namespace) -> None:
    from server.cli.run import serve

    asyncio.run(serve(settings, with_demo=settings.demo))


def _demo(settings: Settings, _: argparse.Namespace) -> None:
    from server.cli.demo import run

    run(settings)


def _command(name: str) -> Callable[[Settings, argparse.Namespace], None]:
    def run(settings: Settings, arguments: argparse.Namespace) -> None:
        from server.cli import commands

        asyncio.run(getattr(commands, name)(settings, arguments))

    return run


def _parser(wanted: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shuangshi", description="Dual-teacher classrooms. Settings are environment variables.")
    words = parser.add_subparsers(required=True, metavar="COMMAND")
    simple = (
        ("run", _run, "run everything, with the demo lesson, and print the links"),
        ("serve", _serve, "run everything in the foreground, without a demo"),
        ("web", _web, "run only the web process (the media worker alone: python -m media)"),
        ("demo", _demo, "run the demo lesson beside a running `serve`"),
        ("settings", _settings, "list every setting with its value and meaning"),
    )
    for name, run, text in simple:
        words.add_parser(name, help=text).set_defaults(run=run)
    _lesson_words(words.add_parser("lesson", help="make and list lessons").add_subparsers(required=True, metavar="COMMAND"))
    _link_words(words)
    _kiosk_words(words.add_parser("kiosk", help="write launcher and browser policy for classroom PCs"))
    admin = words.add_parser("admin", help="admins' acts: audit, keys, permissions and more")
    if wanted == "admin":  # its words need half the product
        from server.cli.admin import add_words

        add_words(admin)
    recording = words.add_parser("recording", help="list, show, export and remove recordings, also of lessons made by hand")
    if wanted == "recording":
        from server.cli.recordings import add_words as add_recordings

        add_recordings(recording)
    return parser


def _kiosk_words(kiosk: argparse.ArgumentParser) -> None:
    kiosk.add_argument("--out", default="kiosk", metavar="FOLDER", help="where to write (a folder for each system)")
    kiosk.add_argument("--url", help="address of the installation (SHUANGSHI_PUBLIC_URL, else as HOST and HTTP_PORT say)")
    kiosk.add_argument("--system", choices=("windows", "linux", "both"), default="both")
    kiosk.set_defaults(run=_kiosk)


def _kiosk(settings: Settings, arguments: argparse.Namespace) -> None:
    from server.cli.kiosk import kiosk

    kiosk(settings, arguments)


def _lesson_words(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    create = words.add_parser("create", help="make a lesson")
    create.add_argument("name", metavar="NAME")
    listing = words.add_parser("list", help="list all lessons")
    for parser, name in ((create, "lesson_create"), (listing, "lesson_list")):
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.set_defaults(run=_command(name))


def _link_words(words: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    link = words.add_parser("link", help="make a link: LESSON --role ROLE; or revoke one: link revoke ID")
    link.add_argument("lesson", metavar="LESSON", help="id or name of a lesson, or the word `revoke`")
    link.add_argument("id", metavar="ID", nargs="?", help="with `revoke`: the link's id")
    link.add_argument("--role", choices=("master", "classroom", "assistant", "viewer", "wall"))
    link.add_argument("--name", help="name of the classroom, or of the person")
    link.add_argument("--hours", type=float, help="how long the link can be entered (SHUANGSHI_LINK_HOURS)")
    link.add_argument("--json", action="store_true", help="print JSON")
    link.set_defaults(run=_link)


def _link(settings: Settings, arguments: argparse.Namespace) -> None:
    if arguments.lesson == "revoke" and arguments.id:
        _command("link_revoke")(settings, arguments)
    elif arguments.id or not arguments.role:
        sys.exit("shuangshi: link LESSON --role ROLE, or: link revoke ID")
    elif arguments.hours is not None and not 0 < arguments.hours <= 8784:
        sys.exit("shuangshi: --hours must be above 0 and at most 8784")
    else:
        _command("link")(settings, arguments)


if __name__ == "__main__":
    main()
