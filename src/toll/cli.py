"""The command line: a table of commands. Each is a function elsewhere, imported only when it is called."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import io
import os
import sys
from typing import Any, NamedTuple

from toll.problems import Problem, Problems, Where
from toll.project import Project


def argument(*flags: str, **settings: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    return flags, settings


SWITCH: dict[str, Any] = {"action": "store_true"}
REPEATED: dict[str, Any] = {"action": "append", "default": []}
EDITIONS = argument("editions", nargs="*", metavar="EDITION", help="default: the edition that the notebooks start from")
ALL = argument("--all", dest="every", **SWITCH, help="every edition in editions/")
JSON = argument("--json", **SWITCH, help="for programs")
DEBUG = argument("--debug", **SWITCH, help="show the traceback of an error")


class Command(NamedTuple):
    """`function` is MODULE:FUNCTION. It takes the project, then the arguments by name, and returns the exit code.

    One that names `hooks` gets those of `toll.wiring`, by which a run asks the rest of the package.
    """

    help: str
    function: str
    arguments: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = ()


RUN = (
    EDITIONS,
    ALL,
    argument("-p", dest="parameters", **REPEATED, metavar="NAME=VALUE", help="set a parameter; needs --as"),
    argument("--as", dest="name", metavar="NAME", help="publish the variation under this name"),
    argument("--sweep", **REPEATED, metavar="NAME=VALUES", help="one run for each of A,B,C or A..B; --as needs {NAME}"),
    argument("--force", **SWITCH, help="also run what is up to date"),
    argument("--engine", choices=("fork", "kernel"), help="both give the same bytes"),
    argument("--jobs", type=int, metavar="N", help="notebooks at a time (default: one per core or worker)"),
    argument("--cluster", metavar="ADDRESS", help="run on the workers of this Dask scheduler"),
    argument("--store", metavar="URL", help="a folder that all workers see (default: .toll/cluster), or s3://bucket/x"),
)
APPROVE = (
    argument("graphic", metavar="GRAPHIC", help="its name, that of its file in words/"),
    argument("--by", required=True, metavar="NAME", help="who approves it"),
    argument("--date", metavar="DATE", help="when, such as 2014-08-12 (default: left out)"),
    argument("--edition", metavar="EDITION", help="default: the one that the notebooks start from"),
)
CHECK = (
    JSON,
    argument("--article", metavar="FILE", help="also compare with the text of the article"),
    argument("--anchor", **SWITCH, help="record where the figures stand in it"),
    argument("--published", **SWITCH, help="record new figures as published: from then on a change needs a correction"),
)
READ = (
    argument(
        "article", metavar="ARTICLE", help="plain text in UTF-8 with blank lines between paragraphs, HTML or DOCX"
    ),
    JSON,
    argument("--draft", **SWITCH, help="print a row of figures.csv for each open quantity, to be completed"),
)
SIGN = (
    argument("edition", nargs="?", metavar="EDITION", help="default: the one that the notebooks start from"),
    argument("--out", metavar="FOLDER", help="where to write the signed copies; new or empty"),
    argument("--certificate", metavar="CHAIN.pem", help="the newsroom's certificate and those above it"),
    argument("--key", metavar="KEY.pem", help="its private key"),
    argument("--timestamps", metavar="ADDRESS", help="a time-stamp authority to ask (default: none)"),
    argument("--check", metavar="FOLDER", help="check the files there instead"),
    argument("--trust", metavar="ROOT.pem", help="root certificates that must vouch for the signer"),
)
EXPORT = (
    argument("graphic", metavar="GRAPHIC", help="its name, that of its file in words/"),
    argument("--width", type=int, required=True, metavar="PX", help="in CSS px; a PNG has at least twice as many"),
    argument("--theme", choices=("light", "dark"), default="light", help="default: light"),
    argument("--words", choices=("full", "brief", "none"), default="full", help="brief: no note; none: the plot alone"),
    argument("--transparent", **SWITCH, help="without a ground"),
    argument("--format", choices=("png", "svg", "pdf"), default="png", help="default: png"),
    argument("--edition", metavar="EDITION", help="default: the one that the notebooks start from"),
    argument("--out", metavar="FILE", help="default: GRAPHIC-WIDTHpx.png in this folder"),
)
ID = argument("id", nargs="?", metavar="ID", help="of the ledger, such as a figure's id")
DIFF = (
    argument("rev", nargs="?", default="HEAD", metavar="REV", help="default: HEAD"),
    argument("--markdown", **SWITCH, help="for a pull request or the summary of a job"),
)
COMMANDS = {
    "run": Command(
        "bring editions up to date: run what is stale, publish all of it or nothing", "toll.run.commands:run", RUN
    ),
    "watch": Command(
        "run again what you save, and show it in the browser as it is drawn", "toll.run.commands:watch", (EDITIONS, ALL)
    ),
    "status": Command(
        "what is stale and why, and what is not approved; exit 3 if anything is stale",
        "toll.run.commands:status",
        (EDITIONS, ALL, JSON),
    ),
    "check": Command(
        "check data/raw/ and list every problem; exit 1 if there is one", "toll.source.check:check", CHECK
    ),
    "export": Command(
        "one graphic at any width, with fewer words or without a ground, checked like the published sizes",
        "toll.pages.export:export",
        EXPORT,
    ),
    "read": Command(
        "find every quantity of a text and what is not in data/raw/ yet; exit 3 if anything is open",
        "toll.source.read:read",
        READ,
    ),
    "trace": Command(
        "one number, back to its paragraph and forward to all that prints it; without ID, a list of all",
        "toll.review.trace:trace",
        (ID, JSON),
    ),
    "verify": Command(
        "rebuild everything elsewhere and compare every byte with what is published; exit 1 on a difference",
        "toll.review.verify:verify",
    ),
    "sign": Command(
        "put Content Credentials on copies of an edition's pictures, or check such copies; exit 1 if one fails",
        "toll.review.sign:sign",
        SIGN,
    ),
    "diff": Command(
        "what changed for readers since a git revision, and why; .toll/diff/index.html", "toll.review.diff:diff", DIFF
    ),
    "approve": Command(
        "keep who approved a graphic as it is published now; the approval lapses when one of its files changes",
        "toll.pages.approvals:approve",
        APPROVE,
    ),
    "lab": Command("open JupyterLab on the notebooks", "toll.run.commands:lab"),
}


class Formatter(argparse.HelpFormatter):
    """Of a fixed width: asking the terminal costs an import whenever an argument is declared."""

    def __init__(self, prog: str):
        super().__init__(prog, width=100)


def parser(words: list[str]) -> argparse.ArgumentParser:
    """The parser of a command line; it declares the arguments of the commands that are among its words."""
    about = "From an article's figures to published charts."
    top = argparse.ArgumentParser(prog="toll", description=about, formatter_class=Formatter)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", prog="toll")
    for name, command in COMMANDS.items():
        own = commands.add_parser(name, help=command.help, description=command.help, formatter_class=Formatter)
        for flags, settings in (*command.arguments, DEBUG) if name in words else ():
            own.add_argument(*flags, **settings)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit codes: 0 done, 1 a problem (named on stderr), 2 wrong usage, 3 stale, 130 interrupted."""
    _open_streams()
    words = sys.argv[1:] if arguments is None else arguments
    given = vars(parser(words).parse_args(words))
    command, debug = COMMANDS[given.pop("command")], given.pop("debug")
    module, _, function = command.function.partition(":")
    try:
        call = getattr(importlib.import_module(module), function)
        if "hooks" in call.__code__.co_varnames:
            given["hooks"] = importlib.import_module("toll.wiring").HOOKS
        code = call(Project.find(), **given)
        sys.stdout.flush()
        return code
    except (Exception, KeyboardInterrupt) as error:
        if debug:
            raise
        print(_message(error), file=sys.stderr)
        if isinstance(error, OSError) and error.filename is None:  # nothing more can be written there
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 130 if isinstance(error, KeyboardInterrupt) else 1


def _message(error: BaseException) -> str:
    match error:
        case Problems():
            return str(error)
        case KeyboardInterrupt():
            return "Interrupted."
        case OSError(errno=errno.EACCES | errno.EPERM | errno.EROFS, filename=str() | os.PathLike()):
            hint = "Correct the permissions, or work in a copy of the project."
            return str(Problem(Where(str(error.filename)), f"{error.strerror}.", hint))
    return f"{type(error).__name__}: {error} (--debug shows the traceback)"


class _Output(io.FileIO):
    """Standard output or error. A command goes on when its reader has seen enough, as with `toll run | head`."""

    def write(self, data: Any) -> int:
        with contextlib.suppress(BrokenPipeError):
            return super().write(data)
        return len(data)


def _open_streams() -> None:
    """Give this process the three standard streams, whichever of them its caller has closed."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it gets this number, the lowest that is free
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        if (now := getattr(sys, name)) is getattr(sys, f"__{name}__"):  # else a caller has put its own there
            out = io.BufferedWriter(_Output(descriptor, "wb", closefd=False))
            at_once = descriptor == 2 or os.isatty(descriptor)
            stream = io.TextIOWrapper(out, now and now.encoding, "backslashreplace", line_buffering=at_once)
            setattr(sys, name, stream)
