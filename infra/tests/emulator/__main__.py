"""`python -m emulator`."""

from .server import main

main()
