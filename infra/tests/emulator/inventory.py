"""What the account holds beyond a new one, read from moto's stores and the services' own."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.core.base_backend import BackendDict

from .layer import ACCOUNT, Service


def inventory(services: Iterable[Service]) -> dict[str, list[str]]:
    """Names of everything, by service, region and kind.

    A new account has a VPC and more already, under ids of chance. A kind is told only if it has
    more entries than in a new account; where ids are of chance, those that came with it are told
    too.
    """
    kinds = {**dict(_of_moto()), **dict(_of_services(services))}
    return {kind: sorted(names) for kind, names in sorted(kinds.items()) if names}


def _of_moto() -> Iterator[tuple[str, list[str]]]:
    for service in _in_use():
        for account, region, backend in list(service.iter_backends()):
            if account != ACCOUNT:
                continue
            new = vars(type(backend)(region, account))
            for attribute, value in list(vars(backend).items()):
                names, given = list(_names(value)), set(_names(new.get(attribute)))
                if len(names) > len(given):
                    yield (
                        f"{service.service_name} {region} {attribute}",
                        [name for name in names if name not in given],
                    )


def _in_use() -> list[BackendDict[Any]]:
    return list(BackendDict._instances)  # type: ignore[misc]  # moto's only list of it


def _of_services(services: Iterable[Service]) -> Iterator[tuple[str, list[str]]]:
    for service in services:
        for kind, names in service.held().items():
            yield f"{service.signed_as} layer {kind}", list(names)


def _names(value: Any) -> Iterator[str]:
    """Names in a store: keys, what lies under them in a map of maps, members of lists."""
    if isinstance(value, Mapping):
        for key, below in list(value.items()):
            if isinstance(below, Mapping | list | set):
                yield from (f"{key}/{name}" for name in _names(below))
            else:
                yield str(key)
    elif isinstance(value, list | set | tuple):
        yield from (_name(each) for each in value)


def _name(entry: Any) -> str:
    for attribute in ("arn", "id", "name"):
        if isinstance(named := getattr(entry, attribute, None), str):
            return named
    return entry if isinstance(entry, str) else type(entry).__name__
