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
