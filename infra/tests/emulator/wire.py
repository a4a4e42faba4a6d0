"""Requests and answers of AWS as plain dictionaries, by the shapes that botocore publishes."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

Values = dict[str, Any]
"""Parameters or a result, named as botocore names them."""


class Fault(ServiceException):
    """A refusal by AWS's code; `ServiceException` itself has a shape in no service."""


@dataclass(frozen=True)
class Answer:
    """What goes back over the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether what was asked has been done."""
        return 200 <= self.status < 300  # HTTP's range of success


@dataclass(frozen=True)
class Call:
    """One operation that is asked for."""

    region: str
    operation: OperationModel
    parameters: Values
    protocol: str

    @property
    def name(self) -> str:
        """The operation's name, such as `CreateService`."""
        return str(self.operation.name)

    def answer(self, result: Mapping[str, Any] | Fault) -> Answer:
        """The result or fault as the operation's protocol writes it."""
        writer = get_serializer_class(self.operation.service_model.service_name, self.protocol)
        written = writer(self.operation).serialize(result)
        body = written["body"]
        raw = body.encode() if isinstance(body, str) else bytes(body)
        headers = {name: str(value) for name, value in written["headers"].items()}
        return Answer(written["status_code"], raw, headers)

    def result(self, answer: Answer) -> Values:
        """What an answer says, by the operation's shape."""
        reader = create_parser(self.protocol)
        raw = {
            "status_code": answer.status,
            "headers": HeadersDict(answer.headers),
            "body": answer.body,
        }
        result = dict(reader.parse(raw, self.operation.output_shape))
        result.pop("ResponseMetadata", None)
        return result


def read(environ: WSGIEnvironment, service: str, region: str) -> Call:
    """Read a request to a service of botocore's, and leave it readable for who comes next.

    Raises `werkzeug.exceptions.NotFound` for what is none of the service's operations.
    """
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    request = Request(dict(environ, **{"wsgi.input": io.BytesIO(body)}))
    # As moto does: a form has to be parsed with its bytes kept.
    request.get_data(parse_form_data=True)
    model = get_service_model(service)
    protocol = determine_request_protocol(model, request.content_type)
    operation, path = _match(model, protocol, request)
    parameters = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": path,
        }
    )
    return Call(region, operation, dict(parameters), protocol)


def _match(model: ServiceModel, protocol: str, request: Request) -> tuple[OperationModel, Values]:
    if protocol != "json":
        return get_service_router(str(model.service_name)).match(request)
    # Services are renamed and clients are not: what stands before the operation does not count.
    name = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if name not in model.operation_names:
        raise NotFound
    return model.operation_model(name), {}


def ask(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """The whole answer of a WSGI application."""
    status = 0
    headers: dict[str, str] = {}

    def start(
        line: str, given: list[tuple[str, str]], _: object = None, /
    ) -> Callable[[bytes], object]:
        nonlocal status
        status = int(line.split(" ", 1)[0])
        headers.update({name.lower(): value for name, value in given})
        return lambda _: None

    body = b"".join(application(environ, start))
    headers.pop("content-length", None)
    return Answer(status, body, headers)
