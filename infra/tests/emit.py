"""Lets the application write its metrics once, each with a value: `emit.py api`, `emit.py worker`.

Runs in the application's environment, with the variables that a task is given.
"""

import sys

from assay.adapters import telemetry_metrics as metrics
from assay.adapters.telemetry_emf import EmfWriter
from assay.settings import Settings


def main(service: str) -> None:
    """Write a line to standard output."""
    writer = EmfWriter(Settings(_env_file=None), service)
    for sample in vars(metrics).values():
        if isinstance(sample, metrics.Sample):
            sample.add(0.1)
    metrics._SESSION_SECONDS.observe(60)  # a session would have to end
    writer.write()


if __name__ == "__main__":
    main(sys.argv[1])
