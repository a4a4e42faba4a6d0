"""What ends a command with a sentence and an exit code."""


class CommandFailed(Exception):
    """What the person is told, and the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class PortTaken(CommandFailed):
    """Somebody listens there already; the message says what to do."""
