"""The command line: a table of commands. Each is a function elsewhere, imported only when it is called."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import Any, NamedTuple

from toll.problems import Problems
from toll.project import Project

Argument = tuple[tuple[str, ...], dict[str, Any]]


def argument(*flags: str, **settings: Any) -> Argument:
    return flags, settings


EDITIONS = argument("editions", nargs="*", metavar="EDITION", help="default: the edition that the notebooks start from")
ALL = argument("--all", dest="every", action="store_true", help="every edition in editions/")
JSON = argument("--json", action="store_true", help="for programs")
DEBUG = argument("--debug", action="store_true", help="show the traceback of an error")


class Command(NamedTuple):
    """`function` is MODULE:FUNCTION. It takes the project, then the arguments by name, and returns the exit code.

    A command `with_hooks` also takes `hooks`, by which a run asks the rest of the package; see `toll.wiring`.
    """

    help: str
    function: str
    arguments: tuple[Argument, ...] = ()
    with_hooks: bool = False


COMMANDS = {
    "run": Command(
        "bring editions up to date: run what is stale, publish all of it or nothing",
        "toll.run.commands:run",
        (
            EDITIONS,
            ALL,
            argument(
                "-p",
                dest="parameters",
                action="append",
                default=[],
                metavar="NAME=VALUE",
                help="set a parameter for this run; needs --as",
            ),
            argument("--as", dest="name", metavar="NAME", help="publish the variation under this name"),
            argument(
                "--sweep",
                action="append",
                default=[],
                metavar="NAME=VALUES",
                help="one run for each of A,B,C or A..B; needs --as with {NAME} in it",
            ),
            argument("--force", action="store_true", help="also run what is up to date"),
            argument("--engine", choices=("fork", "kernel"), help="both give the same bytes"),
            argument("--jobs", type=int, metavar="N", help="notebooks at a time (default: one per core or worker)"),
            argument("--cluster", metavar="ADDRESS", help="run on the workers of this Dask scheduler"),
            argument(
                "--store",
                metavar="URL",
                help="where workers find inputs and leave outputs: a folder that all of "
                "them can see (default: .toll/cluster here), or s3://bucket/prefix",
            ),
        ),
        with_hooks=True,
    ),
    "watch": Command(
        "run again whatever you save, and show it in the browser as soon as it is drawn; Ctrl-C ends",
        "toll.run.commands:watch",
        (EDITIONS, ALL),
        with_hooks=True,
    ),
    "status": Command(
        "what is stale and why; exit 3 if anything is",
        "toll.run.commands:status",
        (EDITIONS, ALL, JSON),
        with_hooks=True,
    ),
    "check": Command(
        "check data/raw/ and list every problem; exit 1 if there is one",
        "toll.source.check:check",
        (
            JSON,
            argument("--article", metavar="FILE", help="also compare with the text of the article"),
            argument("--anchor", action="store_true", help="record where the figures stand in it"),
            argument(
                "--published",
                action="store_true",
                help="record new figures as published: from then on a change needs a correction",
            ),
        ),
    ),
    "trace": Command(
        "one number, back to its paragraph and forward to all that prints it; without ID, a list of all",
        "toll.review.trace:trace",
        (argument("id", nargs="?", metavar="ID", help="of the ledger, such as a figure's id"), JSON),
    ),
    "verify": Command(
        "rebuild everything elsewhere and compare every byte with what is published; exit 1 on a difference",
        "toll.review.verify:verify",
    ),
    "sign": Command(
        "put Content Credentials on copies of an edition's pictures, or check such copies; exit 1 if one fails",
        "toll.review.sign:sign",
        (
            argument("edition", nargs="?", metavar="EDITION", help="default: the one that the notebooks start from"),
            argument("--out", metavar="FOLDER", help="where to write the signed copies; new or empty"),
            argument("--certificate", metavar="CHAIN.pem", help="the newsroom's certificate and those above it"),
            argument("--key", metavar="KEY.pem", help="its private key"),
            argument("--timestamps", metavar="ADDRESS", help="a time-stamp authority to ask (default: none)"),
            argument("--check", metavar="FOLDER", help="check the files there instead"),
            argument("--trust", metavar="ROOT.pem", help="root certificates that must vouch for the signer"),
        ),
    ),
    "diff": Command(
        "what changed in what is published since a git revision; .toll/diff/index.html",
        "toll.review.diff:diff",
        (argument("rev", nargs="?", default="HEAD", metavar="REV", help="default: HEAD"),),
        with_hooks=True,
    ),
    "lab": Command("open JupyterLab on the notebooks", "toll.run.commands:lab"),
}


class Formatter(argparse.HelpFormatter):
    """Of a fixed width: asking the terminal costs an import whenever an argument is declared."""

    def __init__(self, prog: str):
        super().__init__(prog, width=100)


def parser(words: list[str]) -> argparse.ArgumentParser:
    """The parser of a command line; it declares the arguments of the commands that are among its words."""
    top = argparse.ArgumentParser(
        prog="toll", description="From an article's figures to published charts.", formatter_class=Formatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", prog="toll")
    for name, command in COMMANDS.items():
        own = commands.add_parser(name, help=command.help, description=command.help, formatter_class=Formatter)
        for flags, settings in (*command.arguments, DEBUG) if name in words else ():
            own.add_argument(*flags, **settings)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Exit codes: 0 done, 1 a problem (named on stderr), 2 wrong usage, 3 stale, 130 interrupted."""
    words = sys.argv[1:] if arguments is None else arguments
    given = vars(parser(words).parse_args(words))
    command, debug = COMMANDS[given.pop("command")], given.pop("debug")
    module, _, function = command.function.partition(":")
    try:
        if command.with_hooks:
            given["hooks"] = importlib.import_module("toll.wiring").HOOKS
        return getattr(importlib.import_module(module), function)(Project.find(), **given)
    except BrokenPipeError:  # the reader has seen enough, as with `toll trace | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        if debug:
            raise
        unknown = f"{type(error).__name__}: {error} (--debug shows the traceback)"
        message = {Problems: str(error), KeyboardInterrupt: "Interrupted."}.get(type(error), unknown)
        print(message, file=sys.stderr)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
