"""`assay`: serve, ask and look after an installation from a terminal.

Every command other than `serve`, `worker`, `migrate` and `doctor` is a client of the public
API: of `--url`, of the `assay serve` that holds the data folder, or of one that it starts for
itself and stops again.
"""

from assay.cli.app import main

__all__ = ["main"]
