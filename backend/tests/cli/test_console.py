"""What reaches a terminal."""

from assay.cli.console import Console


def test_words_cannot_command_the_terminal(capsys):
    console = Console()
    title = "\x1b]0;renamed\x07"
    console.stream(f"{title}a\tb\n")
    console.print(f"[bold]{title}")
    console.note(title)
    console.fail(title)
    written = capsys.readouterr()
    assert written.out == "]0;renameda\tb\n[bold]]0;renamed\n"
    assert written.err == "]0;renamed\nassay: ]0;renamed\n"


def test_a_document_is_told_once_with_its_pages(capsys):
    with Console().progress() as bars:
        for pages in (1, 28):
            ready = {"id": str(pages), "name": f"{pages}.pdf", "status": "ready", "pages": pages}
            bars.show(ready | {"status": "processing"})
            bars.show(ready)
            bars.show(ready)
    assert capsys.readouterr().err == "1.pdf: ready, 1 page\n28.pdf: ready, 28 pages\n"
