"""The command line: a table of commands, each a function elsewhere that is imported when it is called."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from dataclasses import dataclass

from toll.problems import Problems
from toll.project import Project

EDITIONS = (("editions",), {"nargs": "*", "metavar": "EDITION", "help": "default: article"})
ALL = (("--all",), {"action": "store_true", "help": "every edition in editions/"})
JSON = (("--json",), {"action": "store_true", "help": "for programs"})
DEBUG = (("--debug",), {"action": "store_true", "help": "show where in the code an error arose"})


@dataclass(frozen=True)
class Command:
    """`does` is MODULE:FUNCTION; the function takes the project and the arguments and returns the exit code."""

    help: str
    does: str
    arguments: tuple[tuple[tuple[str, ...], dict[str, object]], ...] = ()
    keywords: bool = False  # until every command takes its arguments by name


COMMANDS = {
    "run": Command(
        "bring editions up to date: run what is stale, publish all of it or nothing",
        "toll.run.commands:run",
        (
            EDITIONS,
            ALL,
            (
                ("-p",),
                {
                    "action": "append",
                    "default": [],
                    "metavar": "NAME=VALUE",
                    "dest": "parameters",
                    "help": "a parameter for this run; needs --as",
                },
            ),
            (("--as",), {"dest": "name", "metavar": "NAME", "help": "publish the variation under this name"}),
            (
                ("--sweep",),
                {
                    "action": "append",
                    "default": [],
                    "metavar": "NAME=VALUES",
                    "help": "a run for each of A,B,C or A..B; needs --as with {NAME} in it",
                },
            ),
            (("--force",), {"action": "store_true", "help": "run what is up to date too"}),
            (("--engine",), {"choices": ("fork", "kernel"), "help": "both give the same bytes"}),
            (
                ("--jobs",),
                {
                    "type": int,
                    "metavar": "N",
                    "help": "notebooks at a time (default: one a core; of a cluster, one a worker)",
                },
            ),
            (("--cluster",), {"metavar": "ADDRESS", "help": "run on the workers of this dask scheduler"}),
            (
                ("--store",),
                {
                    "metavar": "URL",
                    "help": "where they find inputs and leave outputs: a folder that all see "
                    "(default: .toll/cluster here), or s3://bucket/prefix",
                },
            ),
            (("--profile",), {"action": "store_true", "help": "show what ran where and when; .toll/profile.svg"}),
        ),
    ),
    "watch": Command(
        "run again whatever a saved file changes; Ctrl-C ends", "toll.run.commands:watch", (EDITIONS, ALL)
    ),
    "status": Command(
        "what is stale and why; exit 3 if anything is", "toll.run.commands:status", (EDITIONS, ALL, JSON)
    ),
    "check": Command(
        "check data/raw/ and list every problem; exit 1 if there is one",
        "toll.source.check:check",
        (
            JSON,
            (("--article",), {"metavar": "FILE", "help": "compare with your copy of the full text too"}),
            (("--anchor",), {"action": "store_true", "help": "record where the figures stand in it"}),
            (
                ("--published",),
                {"action": "store_true", "help": "record new figures as published: a change now needs a correction"},
            ),
        ),
        keywords=True,
    ),
    "trace": Command(
        "one number, back to its paragraph and forward to all that prints it; without ID, a list of all",
        "toll.review.trace:trace",
        ((("id",), {"nargs": "?", "metavar": "ID", "help": "of the ledger, such as a figure's id"}), JSON),
    ),
    "verify": Command(
        "rebuild everything elsewhere and compare every byte with what is published; exit 1 on a difference",
        "toll.review.verify:verify",
    ),
    "sign": Command(
        "put Content Credentials on copies of an edition's pictures, or check such copies; exit 1 if one is not fine",
        "toll.review.sign:sign",
        (
            (("edition",), {"nargs": "?", "metavar": "EDITION", "help": "default: the default edition"}),
            (("--out",), {"metavar": "FOLDER", "help": "where to write the signed copies; new or empty"}),
            (("--certificate",), {"metavar": "CHAIN.pem", "help": "the newsroom's certificate and those above it"}),
            (("--key",), {"metavar": "KEY.pem", "help": "its private key"}),
            (("--timestamps",), {"metavar": "ADDRESS", "help": "a time-stamp authority to ask (default: none)"}),
            (("--check",), {"metavar": "FOLDER", "help": "check the files there instead"}),
            (("--trust",), {"metavar": "ROOT.pem", "help": "root certificates that must vouch for the signer"}),
        ),
    ),
    "diff": Command(
        "what changed in what is published since a git revision; .toll/diff/index.html",
        "toll.review.diff:diff",
        ((("rev",), {"nargs": "?", "default": "HEAD", "metavar": "REV", "help": "default: HEAD"}),),
    ),
    "lab": Command("open JupyterLab on the notebooks", "toll.run.commands:lab"),
}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="toll", description="From an article's figures to published charts.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=command.help)
        for flags, options in (*command.arguments, DEBUG):
            sub.add_argument(*flags, **options)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. Exit codes: 0 done, 1 a problem (named on stderr), 2 wrong usage, 3 stale, 130
    interrupted."""
    args = parser().parse_args(arguments)
    command = COMMANDS[args.command]
    module, _, function = command.does.partition(":")
    named = {name: value for name, value in vars(args).items() if name not in ("command", "debug")}
    try:
        call = getattr(importlib.import_module(module), function)
        return (
            call(Project.find(), **named)
            if command.keywords or module.startswith("toll.review.")
            else call(Project.find(), args)
        )
    except Problems as problems:
        if args.debug:
            raise
        print(problems, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if args.debug:
            raise
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever reads has seen enough, as with `toll trace | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if args.debug:
            raise
        print(f"{type(error).__name__}: {error} (--debug shows where it arose)", file=sys.stderr)
        return 1
