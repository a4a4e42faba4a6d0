"""Runs a command and ends it, with all that it started, when whoever asked for it is gone.

Terraform's providers are processes of their own; a killed run would leave them behind, and the
emulator.
"""

import os
import signal
import subprocess
import sys
import threading


def _end_with_asker() -> None:
    # The other end of standard input is held by the asker alone: it closes however the asker ends.
    os.read(sys.stdin.fileno(), 1)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run the command that the arguments name, and end with its code."""
    if os.getpgid(0) != os.getpid():
        os.setsid()
    threading.Thread(target=_end_with_asker, daemon=True).start()
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # our own arguments
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: command.send_signal(received))
    sys.exit(command.wait())


if __name__ == "__main__":
    main()
