"""What a person sees: colours and bars on a terminal, plain lines elsewhere."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

import rich.console
from rich import box
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

TOLD_SECONDS = 5.0
"""Between two lines about how far something is, where they stay to be read."""

_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
"""What could command the terminal; the words of a document or of a model must not."""


class Console:
    """Results go to standard output, everything else to standard error."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self.out = rich.console.Console(highlight=False, soft_wrap=True)
        self.errors = rich.console.Console(stderr=True, highlight=False, soft_wrap=True)

    def note(self, message: str) -> None:
        """Tell what goes on, unless quiet."""
        if not self._quiet:
            self.errors.print(_plain(message), style="dim")

    def fail(self, message: str) -> None:
        """Tell what went wrong."""
        self.errors.print(f"[bold red]assay:[/] {_plain(message)}")

    def print(self, text: str, style: str | None = None) -> None:
        """Print a line of the result."""
        self.out.print(_plain(text), style=style)

    def stream(self, text: str) -> None:
        """Print a piece of the result as it comes."""
        sys.stdout.write(text.translate(_CONTROLS))
        sys.stdout.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table on a terminal; elsewhere lines with tabs, which programs can cut."""
        if not self.out.is_terminal:
            for line in (columns, *rows):
                self.stream("\t".join(" ".join(each.split()) for each in line) + "\n")
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(_plain(column), overflow="fold")
        for row in rows:
            table.add_row(*map(_plain, row))
        self.out.print(table, soft_wrap=False)

    async def confirmed(self, question: str) -> bool | None:
        """Ask who sits at the terminal; None where nobody does."""
        if not (sys.stdin.isatty() and self.errors.is_terminal):
            return None
        self.errors.print(f"{_plain(question)} \\[y/N] ", end="")
        # The loop goes on meanwhile: it may serve, and must hear Ctrl-C.
        loop, typed = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(sys.stdin, typed.set)
        try:
            await typed.wait()
        finally:
            loop.remove_reader(sys.stdin)
        return sys.stdin.readline().strip().casefold() in {"y", "yes"}

    @contextmanager
    def counting(self, what: str) -> Iterator[Callable[[int, int, str], None]]:
        """Show how many of how many are done, and the state of it all."""
        if not self._quiet and self.errors.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[state]}"),
            )
            with Progress(*columns, console=self.errors) as progress:
                task = progress.add_task(what, total=None, state="")

                def draw(done: int, total: int, state: str) -> None:
                    shown = f"{done} of {total}, {_plain(state)}"
                    progress.update(task, completed=done, total=total or None, state=shown)

                yield draw
            return
        last, due = "", 0.0

        def tell(done: int, total: int, state: str) -> None:
            nonlocal last, due
            line = f"{done} of {total} {what}, {state}"
            if line != last and (monotonic() >= due or done == total):
                self.note(line)
                last, due = line, monotonic() + TOLD_SECONDS

        yield tell

    @contextmanager
    def progress(self) -> Iterator["Bars"]:
        """Show a bar a file."""
        if self._quiet or not self.errors.is_terminal:
            yield Bars(self, None)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[state]}"),
        )
        with Progress(*columns, console=self.errors) as progress:
            yield Bars(self, progress)


class Bars:
    """One bar a document on a terminal; one line a finished document elsewhere."""

    def __init__(self, console: Console, progress: Progress | None) -> None:
        self._console, self._progress = console, progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, document: dict[str, Any]) -> None:
        """Show how far a document is."""
        identifier, finished = document["id"], document["status"] in ("ready", "failed")
        state = _state(document)
        if self._progress is None:
            if finished and identifier not in self._tasks:
                self._tasks[identifier] = TaskID(0)
                self._console.note(f"{document['name']}: {state}")
            return
        if identifier not in self._tasks:
            self._tasks[identifier] = self._progress.add_task(
                _plain(document["name"]), total=1, state=""
            )
        done = 1 if finished else document.get("progress") or 0
        self._progress.update(self._tasks[identifier], completed=done, state=_plain(state))


def _plain(text: str) -> str:
    return escape(text.translate(_CONTROLS))


def page_count(pages: int) -> str:
    """Return a number of pages in words."""
    return f"{pages} page" if pages == 1 else f"{pages} pages"


def _state(document: dict[str, Any]) -> str:
    if document["status"] == "failed":
        return "failed"  # why is told once all are read; a bar's line has no room for it
    if document["status"] == "ready":
        return f"ready, {page_count(document['pages'])}"
    return str(document.get("stage") or document["status"])
