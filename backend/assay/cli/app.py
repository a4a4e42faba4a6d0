"""The commands and their options."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from assay import __version__

if TYPE_CHECKING:
    from assay.cli.client import Client
    from assay.cli.console import Console
    from assay.settings import Settings

# The modules that do the work are imported by the command that needs them, so that `--help`
# and completion answer at once.
# ruff: noqa: PLC0415

EXIT_CODES = """Exit codes: 0 done or answered; 1 error; 2 wrong usage; 3 the documents do not say;
4 some files could not be read; 5 the data folder is held by a process that does not answer."""

app = typer.Typer(
    name="assay",
    help="Documents in, answers that can be checked out.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _text(value: str | None) -> str | None:
    """Refuse what is no text: Python hands such bytes on as lone surrogates."""
    try:
        (value or "").encode()
    except UnicodeEncodeError as error:
        raise typer.BadParameter("This is not valid UTF-8.") from error
    return value


Url = Annotated[
    str | None, typer.Option("--url", envvar="ASSAY_URL", help="Address of an Assay elsewhere.")
]
ApiKey = Annotated[
    str | None, typer.Option("--api-key", envvar="ASSAY_API_KEY", help="API key for --url.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Files = Annotated[
    list[Path] | None, typer.Argument(help="Files, or folders whose files are taken.")
]
Collection = Annotated[
    str | None, typer.Option(callback=_text, help="Name of a collection; made if it is new.")
]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = None,
) -> None:
    """Serve the API, and on a laptop everything it needs."""
    from assay.cli import commands

    given = {"host": host, "port": port}
    settings = _settings({name: value for name, value in given.items() if value is not None})
    _run(lambda console: commands.serve(settings, console))


@app.command()
def worker() -> None:
    """Work on the jobs of an installation whose parts run elsewhere."""
    from assay.cli import commands

    settings = _settings()
    _run(lambda _: commands.work(settings))


@app.command()
def migrate() -> None:
    """Bring the database of `services` mode to this version's schema."""
    from assay.cli import commands

    settings = _settings()
    _run(lambda console: commands.migrate_schema(settings, console))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(callback=_text, help="What you want to know.")],
    files: Files = None,
    conversation: Annotated[
        str | None, typer.Option(help="Conversation to go on with: its id, or last.")
    ] = None,
    collection: Collection = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: Json = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Ask, and get an answer with citations.

    Files that are new are read first, and the question goes to them alone; without files it goes
    to everything there is.
    """
    from assay.cli import commands

    question_options = commands.Question(question, conversation, collection, as_json)
    _run_client(
        lambda client, console, paths: commands.ask(client, console, question_options, paths),
        (url, api_key),
        files or (),
        quiet=quiet or as_json,
    )


@app.command()
def ingest(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders whose files are taken.")],
    collection: Collection = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: Json = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Read files, so that they can be searched and asked about."""
    from assay.cli import commands

    _run_client(
        lambda client, console, paths: commands.ingest(
            client, console, paths, collection, as_json=as_json
        ),
        (url, api_key),
        files,
        quiet=quiet or as_json,
    )


@app.command()
def search(
    query: Annotated[str, typer.Argument(callback=_text, help="Words or a question.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="Passages at the most.")] = 5,
    mode: Annotated[str, typer.Option(help="hybrid, dense or lexical.")] = "hybrid",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: Json = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Find passages."""
    from assay.cli import commands

    body: dict[str, Any] = {"query": query, "limit": limit, "mode": mode}
    _run_client(
        lambda client, console, _: commands.search(client, console, body, as_json=as_json),
        (url, api_key),
        quiet=quiet or as_json,
    )


@app.command()
def documents(
    url: Url = None,
    api_key: ApiKey = None,
    as_json: Json = False,  # noqa: FBT002
) -> None:
    """List the documents."""
    from assay.cli import commands

    _run_client(
        lambda client, console, _: commands.documents(client, console, as_json=as_json),
        (url, api_key),
        quiet=as_json,
    )


@app.command()
def doctor(as_json: Json = False) -> None:  # noqa: FBT002
    """Tell what runs where, and what is wrong; nothing is started."""
    from assay.cli import commands

    settings = _settings()
    _run(lambda console: commands.doctor(settings, console, as_json=as_json))


@app.command()
def openapi() -> None:
    """Print the description of the API."""
    from assay.cli import commands

    commands.openapi(_settings())


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line."""
    # Read when onnxruntime is loaded, here or in a child; its own switch comes too late: by then it
    # has written an identifier of the machine and a queue of reports to its maker.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a poor terminal shows "?" rather than nothing
    app()


def _settings(update: dict[str, Any] | None = None) -> "Settings":
    from assay.settings import Settings

    try:
        return Settings().model_copy(update=update or {})
    except ValidationError as error:
        for fault in error.errors():
            where = ".".join(map(str, fault["loc"]))
            message = fault["msg"].removeprefix("Value error, ")
            typer.echo(f"assay: {f'{where}: ' if where else ''}{message}", err=True)
        raise typer.Exit(2) from error


def _run(command: "Callable[[Console], Awaitable[int]]", *, quiet: bool = False) -> None:
    """Run a command and exit with its code; errors become one sentence."""
    import uvloop

    from assay.cli.console import Console
    from assay.cli.failures import CommandFailed
    from assay.embedded.folder import DataFolderError, DataFolderInUse
    from assay.embedded.process import StartFailed
    from assay.errors import CannotStart, Unavailable

    console = Console(quiet=quiet)

    async def run() -> int:
        return await command(console)

    try:
        code = uvloop.run(run())
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


def _run_client(
    command: "Callable[[Client, Console, list[Path]], Awaitable[int]]",
    target: tuple[str | None, str | None],
    files: Iterable[Path] = (),
    *,
    quiet: bool,
) -> None:
    from assay.cli.client import Target, connected
    from assay.cli.files import chosen

    settings, where = _settings(), Target(*target)

    async def run(console: "Console") -> int:
        paths = chosen(files)  # before a server is started for nothing
        async with connected(settings, where, console) as client:
            return await command(client, console, paths)

    _run(run, quiet=quiet)
