"""What the account holds beyond a new one, read from moto's stores and the services' own."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.core.base_backend import BackendDict

from .layer import ACCOUNT, Service

_GONE = {"deleted", "inactive", "pendingdeletion", "terminated"}


def inventory(services: Iterable[Service]) -> dict[str, list[str]]:
    """Names of everything, by service, region and kind.

    A new account has a VPC and more already, under ids of chance. A kind is told only if it has
    more entries than in a new account; where ids are of chance, those that came with it are told
    too. What AWS would no longer show for long, and moto keeps for ever, is left out.
    """
    kinds = {**dict(_of_moto()), **dict(_of_services(services))}
    return {kind: sorted(names) for kind, names in sorted(kinds.items()) if names}


def _of_moto() -> Iterator[tuple[str, list[str]]]:
    for service in _in_use():
        for account, region, backend in list(service.iter_backends()):
            if account != ACCOUNT:
                continue
            new = _new(service.service_name, region)
            for attribute, value in list(vars(backend).items()):
                names = [name for name, entry in _entries(value) if not _is_gone(entry, backend)]
                given = new.get(attribute, set())
                if len(names) > len(given):
                    yield (
                        f"{service.service_name} {region} {attribute}",
                        [name for name in names if name not in given],
                    )


@functools.cache
def _new(service: str, region: str) -> dict[str, set[str]]:
    """What a new account's store of a service holds, by its attributes."""
    kind = next(each.backend for each in _in_use() if each.service_name == service)
    new = vars(kind(region, ACCOUNT))
    return {attribute: {name for name, _ in _entries(value)} for attribute, value in new.items()}


def _in_use() -> list[BackendDict[Any]]:
    return list(BackendDict._instances)  # type: ignore[misc]  # moto's only list of it


def _of_services(services: Iterable[Service]) -> Iterator[tuple[str, list[str]]]:
    for service in services:
        for kind, names in service.held().items():
            yield f"{service.signed_as} layer {kind}", list(names)


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Names in a store and what they name: a map's, also below another map's, and a list's."""
    if isinstance(value, Mapping):
        for key, below in list(value.items()):
            if isinstance(below, Mapping | list | set):
                yield from ((f"{key}/{name}", entry) for name, entry in _entries(below))
            else:
                yield str(key), below
    elif isinstance(value, list | set | tuple):
        yield from ((_name(entry), entry) for entry in value)


def _name(entry: Any) -> str:
    for attribute in ("arn", "id", "name"):
        if isinstance(named := getattr(entry, attribute, None), str):
            return named
    return entry if isinstance(entry, str) else type(entry).__name__


def _is_gone(entry: Any, backend: Any) -> bool:
    if instances := getattr(entry, "instances", None):  # a reservation is what it reserved
        return all(_is_gone(each, backend) for each in instances)
    states = (getattr(entry, each, None) for each in ("state", "status", "key_state"))
    if any(isinstance(state, str) and state.lower() in _GONE for state in states):
        return True
    return getattr(entry, "deletion_date", None) is not None or _is_of_no_vpc(entry, backend)


def _is_of_no_vpc(entry: Any, backend: Any) -> bool:
    """Whether the VPC is gone in which alone it can be: moto leaves interfaces and lists behind."""
    vpc = getattr(entry, "vpc_id", None) or getattr(getattr(entry, "subnet", None), "vpc_id", None)
    return vpc is not None and vpc not in getattr(backend, "vpcs", {vpc})
