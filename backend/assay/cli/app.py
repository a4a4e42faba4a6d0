"""The commands and their options."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from assay import __version__
from assay.cli.operators_app import operators, tenants
from assay.cli.running import load_settings, run, run_client, text, texts

# The modules that do the work are imported by the command that needs them, so that `--help`
# and completion answer at once.
# ruff: noqa: PLC0415

EXIT_CODES = """Exit codes: 0 done or answered; 1 error; 2 wrong usage; 3 the documents do not say;
4 some files could not be read; 5 the data folder is held by a process that does not answer;
6 an evaluation's figure is below what was asked for."""

app = typer.Typer(
    name="assay",
    help="Documents in, answers that can be checked out.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(operators)
app.add_typer(tenants)


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
    str | None, typer.Option(callback=text, help="Name of a collection; made if it is new.")
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
    settings = load_settings({name: value for name, value in given.items() if value is not None})
    run(lambda console: commands.serve(settings, console))


@app.command()
def worker() -> None:
    """Work on the jobs of an installation whose parts run elsewhere."""
    from assay.cli import commands

    settings = load_settings()
    run(lambda _: commands.work(settings))


@app.command()
def migrate() -> None:
    """Bring the database of `services` mode to this version's schema."""
    from assay.cli import commands

    settings = load_settings()
    run(lambda console: commands.migrate_schema(settings, console))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(callback=text, help="What you want to know.")],
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
    run_client(
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

    run_client(
        lambda client, console, paths: commands.ingest(
            client, console, paths, collection, as_json=as_json
        ),
        (url, api_key),
        files,
        quiet=quiet or as_json,
    )


@app.command()
def search(
    query: Annotated[str, typer.Argument(callback=text, help="Words or a question.")],
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
    run_client(
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

    run_client(
        lambda client, console, _: commands.documents(client, console, as_json=as_json),
        (url, api_key),
        quiet=as_json,
    )


@app.command()
def analyze(
    files: Files = None,
    field: Annotated[
        list[str] | None,
        typer.Option(callback=texts, help="Name:type:description; again for the next column."),
    ] = None,
    fields: Annotated[Path | None, typer.Option(help="Fields from a JSON file.")] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(callback=texts, help="Name:description of a class; two or more."),
    ] = None,
    topic: Annotated[
        list[str] | None, typer.Option(callback=texts, help="What to compare by.")
    ] = None,
    focus: Annotated[
        str | None, typer.Option(callback=text, help="What a summary is about.")
    ] = None,
    length: Annotated[str | None, typer.Option(help="Of a summary: short, medium or long.")] = None,
    rows: Annotated[
        str | None, typer.Option(help="One row for each document, or for each item in it.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="extract, classify, compare or summary, if not clear.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(callback=text, help="Name or id of a saved question.")
    ] = None,
    name: Annotated[str | None, typer.Option(callback=text, help="Name of the analysis.")] = None,
    collection: Collection = None,
    everything: Annotated[  # noqa: FBT002
        bool, typer.Option("--all", help="Every document there is.")
    ] = False,
    resume: Annotated[
        str | None, typer.Option(help="Go on with an analysis: its id, or last.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the table: FILE.csv, FILE.xlsx or FILE.json.")
    ] = None,
    yes: Annotated[  # noqa: FBT002
        bool, typer.Option("--yes", "-y", help="Do not ask before a model costs money.")
    ] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: Json = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Ask many documents one question, and get a table whose every cell can be checked.

    Types are text, number, date, money, boolean, list and choice(A|B); a name alone is enough.
    Files that are new are read first. Ctrl-C pauses the analysis; --resume goes on with it.
    """
    from assay.cli import commands
    from assay.cli.analysis_question import parts_of
    from assay.cli.analyzing import Analysis, check
    from assay.cli.failures import CommandFailed

    others = {"topics": topic, "focus": focus, "length": length, "rows": rows}
    try:
        parts = parts_of(field or (), fields, label or (), **others)
        asked = Analysis(
            kind, parts, template, name, collection, everything, resume, out, yes, as_json
        )
        check(asked, files=bool(files))
    except CommandFailed as error:
        typer.echo(f"assay: {error}", err=True)
        raise typer.Exit(error.code) from error
    run_client(
        lambda client, console, paths: commands.analyze(client, console, asked, paths),
        (url, api_key),
        files or (),
        quiet=quiet or as_json,
    )


@app.command("eval")
def evaluate(
    labelled: Annotated[
        Path, typer.Argument(help="Labelled set: JSON lines, as docs/evaluation.md describes.")
    ],
    files: Files = None,
    out: Annotated[Path | None, typer.Option(help="Write the report as JSON here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write it as Markdown here.")] = None,
    least: Annotated[
        list[str] | None,
        typer.Option("--min", help="End with 6 unless met, such as extraction.f1=0.9."),
    ] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: Json = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Judge extraction, search and answers by your own documents.

    Files that are new are read first; the set names documents by their files' names.
    """
    from assay.cli import commands
    from assay.cli.evaluation_set import read_set
    from assay.cli.failures import CommandFailed

    try:
        lines = read_set(labelled)  # before a server is started for nothing
    except CommandFailed as error:
        typer.echo(f"assay: {error}", err=True)
        raise typer.Exit(error.code) from error
    asked = commands.Evaluation(labelled.name, lines, out, markdown, least or (), as_json)
    run_client(
        lambda client, console, paths: commands.evaluate(client, console, asked, paths),
        (url, api_key),
        files or (),
        quiet=quiet or as_json,
    )


@app.command()
def doctor(as_json: Json = False) -> None:  # noqa: FBT002
    """Tell what runs where, and what is wrong; nothing is started."""
    from assay.cli import commands

    settings = load_settings()
    run(lambda console: commands.doctor(settings, console, as_json=as_json))


@app.command()
def openapi() -> None:
    """Print the description of the API."""
    from assay.cli import commands

    commands.openapi(load_settings())


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
