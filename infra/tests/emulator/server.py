"""Serves the account on a loopback port until it is told to stop."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from .inventory import inventory
from .layer import Layer
from .services import SERVICES

INVENTORY = "/_emulator/inventory"
"""Path where the account's whole content is told as JSON."""


def application() -> WSGIApplication:
    """The account, empty at first: one a process, as moto keeps its stores in the process."""
    layer = Layer(DomainDispatcherApplication(create_backend_app), [each() for each in SERVICES])

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != INVENTORY:
            return layer(environ, start)
        body = json.dumps(inventory(layer.services.values())).encode()
        start("200 OK", [("Content-Type", "application/json")])
        return [body]

    return answer


def main() -> None:
    """Serve, and print the address as the first line of standard output."""
    options = argparse.ArgumentParser(prog="emulator", description=__doc__)
    options.add_argument("--port", type=int, default=0, help="0 takes any that is free")
    chosen = options.parse_args()
    # Policies of AWS are attached by name; moto makes them only when told to.
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    try:
        server = make_server(
            "127.0.0.1",
            chosen.port,
            application(),
            threaded=True,
            request_handler=MotoRequestHandler,
        )
    except (OSError, SystemExit) as refused:
        sys.exit(f"The emulator cannot listen on port {chosen.port}: {refused}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
