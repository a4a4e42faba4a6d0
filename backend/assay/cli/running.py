"""Runs a command: settings, a console, errors as sentences, exit codes."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from pydantic import ValidationError

if TYPE_CHECKING:
    from assay.cli.client import Client
    from assay.cli.console import Console
    from assay.settings import Settings

# What does the work is imported by the command that needs it, so that `--help` answers at once.
# ruff: noqa: PLC0415


def text(value: str | None) -> str | None:
    """Refuse what is no text: Python hands such bytes on as lone surrogates."""
    try:
        (value or "").encode()
    except UnicodeEncodeError as error:
        raise typer.BadParameter("This is not valid UTF-8.") from error
    return value


def texts(values: list[str] | None) -> list[str] | None:
    """Refuse what is no text, of an option that may be given several times."""
    for value in values or ():
        text(value)
    return values


def load_settings(update: dict[str, Any] | None = None) -> "Settings":
    """Return the settings; what is wrong with them ends the command.

    :raises typer.Exit: with the code for wrong usage.
    """
    from assay.settings import Settings

    try:
        return Settings().model_copy(update=update or {})
    except ValidationError as error:
        for fault in error.errors():
            where = ".".join(map(str, fault["loc"]))
            message = fault["msg"].removeprefix("Value error, ")
            typer.echo(f"assay: {f'{where}: ' if where else ''}{message}", err=True)
        raise typer.Exit(2) from error


def run(command: "Callable[[Console], Awaitable[int]]", *, quiet: bool = False) -> None:
    """Run a command and exit with its code; errors become one sentence."""
    import uvloop

    from assay.cli.console import Console
    from assay.cli.failures import CommandFailed
    from assay.embedded.folder import DataFolderError, DataFolderInUse
    from assay.embedded.process import StartFailed
    from assay.errors import CannotStart, Unavailable

    console = Console(quiet=quiet)

    async def whole() -> int:
        return await command(console)

    try:
        code = uvloop.run(whole())
        sys.stdout.flush()
    except CommandFailed as error:
        console.fail(str(error))
        code = error.code
    except DataFolderInUse as error:
        console.fail(str(error))
        code = 5
    except (DataFolderError, StartFailed, CannotStart, Unavailable) as error:
        console.fail(str(error))
        code = 1
    except BrokenPipeError:  # nobody reads on, as under `| head`
        _let_go_of_output()
        code = 1
    except OSError as error:
        console.fail(f"The system refuses: {error}.")
        _let_go_of_output()
        code = 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = 130
    sys.exit(code)


def _let_go_of_output() -> None:
    """Drop what cannot be written: the interpreter would try again at its exit, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run_client(
    command: "Callable[[Client, Console, list[Path]], Awaitable[int]]",
    target: tuple[str | None, str | None],
    files: Iterable[Path] = (),
    *,
    quiet: bool,
    as_operator: bool = False,
) -> None:
    """Run a command that calls the API.

    :param target: address and key of an Assay elsewhere, as the options say.
    """
    from assay.cli.client import Target, connected
    from assay.cli.files import chosen

    settings, where = load_settings(), Target(*target, as_operator=as_operator)

    async def connected_command(console: "Console") -> int:
        paths = chosen(files)  # before a server is started for nothing
        async with connected(settings, where, console) as client:
            return await command(client, console, paths)

    run(connected_command, quiet=quiet)
