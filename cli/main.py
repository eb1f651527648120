"""The command `rnn-lab`: one line per subcommand, loaded when it is called.

Nothing heavy is imported for `--help`: neither NumPy nor Numba, and no drawing.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import NoReturn

import click

from cli.commands.groups import Group

# name → module under cli.commands, and the line that `rnn-lab --help` shows.
COMMANDS = {
    "lesson": "Read a lesson and run it, page by page.",
    "verify": "Check every equation against independent witnesses.",
    "check": "Hand in a derivation of your own, and learn which term is wrong.",
    "train": "Train a character model on a text.",
    "sample": "Let a trained model continue a prompt.",
    "runs": "List the runs, or lay their curves over each other.",
    "compare": "Put networks and counting models side by side.",
    "bench": "Time training steps beside torch and JAX.",
    "data": "List the texts, or look at one.",
    "warm": "Compile all kernels ahead.",
    "doctor": "Say what this machine offers and what is used of it.",
}

COMPILING = "compiling kernels; this happens once and takes some seconds"


class LazyGroup(Group):
    """Subcommands that are imported when called, and listed without being imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the subcommand's module; its `command` is the subcommand."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table itself."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Start with: rnn-lab lesson bptt",
)
@click.version_option(message="rnn-lab %(version)s", version=None, package_name="rnn-lab")
@click.pass_context
def group(context: click.Context) -> None:
    """Recurrent networks, every formula checked on your own machine."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> NoReturn:
    """Run the command; whatever goes wrong is one line on stderr, never a traceback."""
    warnings.simplefilter("ignore", RuntimeWarning)  # numbers that overflow are said in the command's own words
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run with these arguments and return the exit status: 0 done, 1 a check failed, 2 bad usage or input."""
    try:
        with _notes():
            return int(group.main(arguments, prog_name="rnn-lab", standalone_mode=False) or 0)
    except click.UsageError as error:
        return _fail(_usage(error))
    except click.Abort:
        print(file=sys.stderr)
        return _fail("interrupted; by the keyboard; what was saved before is whole", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from cli.lab.errors import one_line

        line = one_line(error)
        if line is None and "RNN_LAB_DEBUG" in os.environ:
            raise
        return _fail(
            line or f"{type(error).__name__}: {error}; a fault of ours; set RNN_LAB_DEBUG=1, run again and report it"
        )


@contextmanager
def _notes() -> Iterator[None]:
    """Let stderr show what kernels have to say."""
    log, handler = logging.getLogger("minigrad.kernels"), _Notes()
    before = log.level
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


class _Notes(logging.Handler):
    """A line on stderr for each record. What is being redrawn there or on stdout goes on below it."""

    def emit(self, record: logging.LogRecord) -> None:
        """In our own words where kernels are compiled; other records speak for themselves."""
        with suppress(OSError):  # a closed stderr must not stop the kernel
            print(COMPILING if record.levelno == logging.INFO else record.getMessage(), file=sys.stderr, flush=True)


def _fail(line: str, status: int = 2) -> int:
    print(f"rnn-lab: {line}", file=sys.stderr)
    return status


def _usage(error: click.UsageError) -> str:
    """Click's message as what; where; remedy."""
    path = error.ctx.command_path if error.ctx else "rnn-lab"
    message = " ".join(error.format_message().split()).rstrip(".")
    message = message[0].lower() + message[1:]
    if message.count("; ") >= 2:
        return message
    if "; " in message:
        what, remedy = message.split("; ", 1)
        return f"{what}; {path}; {remedy}"
    return f"{message}; {path}; see {path} --help"


__all__ = ["COMMANDS", "main", "run"]
