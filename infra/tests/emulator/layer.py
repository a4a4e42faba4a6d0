"""What stands between whoever calls and moto: services that fill gaps, each for one of AWS's."""

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.backends import get_backend
from werkzeug.exceptions import NotFound

from .wire import Answer, Call, Fault, Values, ask, read

ACCOUNT = "123456789012"
"""The account that moto gives to every key."""

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


class Service:
    """The gaps of one AWS service; subclasses say what moto lacks and what is not proven."""

    signed_as: ClassVar[str]
    """The service's name in signatures."""
    botocore_name: ClassVar[str]
    """Its name in botocore, by which its shapes are found."""
    moto_name: ClassVar[str | None] = None
    """Its name in moto, where moto has anything of it."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Call], Mapping[str, Any]]] = {}
        """Operations that moto lacks."""
        self.befores: dict[str, Callable[[Call], object]] = {}
        """What has to happen before moto answers; a `Fault` is the answer in its stead."""
        self.mends: dict[str, Callable[[Call, Values], Values]] = {}
        """What is added to moto's result when the operation succeeded."""

    def concerns(self, environ: WSGIEnvironment) -> bool:
        """Whether a request to the service is read at all."""
        del environ
        return True

    def held(self) -> dict[str, Iterable[str]]:
        """Names of what is kept here beside moto, by kind."""
        return {}

    def backend(self, region: str) -> Any:
        """Moto's own store of this service."""
        return get_backend(self.moto_name)[ACCOUNT][region]  # type: ignore[call-overload]


class Layer:
    """A WSGI application that lets the services answer or complete, and moto do the rest."""

    def __init__(self, moto: WSGIApplication, services: Iterable[Service]) -> None:
        self.services = {service.signed_as: service for service in services}
        self._moto = moto
        self._lock = threading.RLock()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = self.services.get(scope["service"]) if scope else None
        if scope is None or service is None or not service.concerns(environ):
            return self._moto(environ, start)
        try:
            call = read(environ, service.botocore_name, scope["region"])
        except NotFound:
            return self._moto(environ, start)
        answer = self._answer(service, call, environ)
        headers = [*answer.headers.items(), ("Content-Length", str(len(answer.body)))]
        start(f"{answer.status} -", headers)
        return [answer.body]

    def _answer(self, service: Service, call: Call, environ: WSGIEnvironment) -> Answer:
        if call.name in service.answers:
            return self._own(service.answers[call.name], call)
        if call.name in service.befores:
            try:
                with self._lock:
                    service.befores[call.name](call)
            except Fault as fault:
                return call.answer(fault)
        answer = ask(self._moto, environ)
        if call.name not in service.mends or not answer.succeeded:
            return answer
        with self._lock:
            return call.answer(service.mends[call.name](call, call.result(answer)))

    def _own(self, answer: Callable[[Call], Mapping[str, Any]], call: Call) -> Answer:
        try:
            with self._lock:
                return call.answer(answer(call))
        except Fault as fault:
            return call.answer(fault)
