"""What `assay analyze` asks, read from its options before anything is started."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from assay.analyses.models import FieldType, Kind
from assay.analyses.schemas import AnalysisSpec
from assay.cli.failures import CommandFailed

_TYPES = ", ".join(kind for kind in FieldType if kind is not FieldType.CHOICE)
_CHOICE = re.compile(r"choice\((.+)\)")
_SHOWN = 5
"""Faults that are told at once."""


def field(given: str) -> dict[str, Any]:
    """Return a field given as `Name:type:description`, of which the name is enough.

    :raises CommandFailed: it has no name, or its type is none.
    """
    name, kind, description = (*(part.strip() for part in given.split(":", 2)), "", "")[:3]
    if not name:
        raise CommandFailed(f"The field “{given}” has no name: give Name:type:description.", 2)
    body = {"name": name, "description": description}
    if chosen := _CHOICE.fullmatch(kind):
        options = [each.strip() for each in chosen[1].split("|")]
        return body | {"type": FieldType.CHOICE, "options": options}
    if kind and (kind not in list(FieldType) or kind == FieldType.CHOICE):
        raise CommandFailed(
            f"“{kind}” of the field “{name}” is no type. There are {_TYPES} and, with what may be"
            " chosen, choice(A|B).",
            2,
        )
    return body | {"type": kind or FieldType.TEXT}


def label(given: str) -> dict[str, str]:
    """Return a label given as `Name:description`."""
    name, _, description = given.partition(":")
    if not name.strip():
        raise CommandFailed(f"The label “{given}” has no name: give Name:description.", 2)
    return {"name": name.strip(), "description": description.strip()}


def fields_of(path: Path) -> list[Any]:
    """Return the fields of a JSON file: a list of them, or an object that has one.

    :raises CommandFailed: it cannot be read, or holds none.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.", 2) from error
    except orjson.JSONDecodeError as error:
        raise CommandFailed(f"{path} is not JSON: {error}.", 2) from error
    fields = content.get("fields") if isinstance(content, dict) else content
    if not isinstance(fields, list) or not fields:
        raise CommandFailed(
            f'{path} holds no fields. Write a list of {{"name", "type", "description"}}.', 2
        )
    return fields


def parts_of(
    field_options: Sequence[str], fields_file: Path | None, labels: Sequence[str], **others: Any
) -> dict[str, Any]:
    """Return the parts of a question that the options give; those that are empty are left out.

    :raises CommandFailed: one of them cannot be understood.
    """
    more = fields_of(fields_file) if fields_file else []
    parts = {
        "fields": [*map(field, field_options), *more],
        "labels": list(map(label, labels)),
        **others,
    }
    return {name: value for name, value in parts.items() if value}


def question(
    kind: str | None, parts: Mapping[str, Any], template: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what is asked, as the API takes it.

    :param kind: as given; else what the template or the parts say.
    :param template: gives what the parts leave out.
    :raises CommandFailed: with why it cannot be asked.
    """
    saved = template or {}
    kind = kind or saved.get("kind") or _kind_of(parts)
    if template and saved["kind"] != kind:
        told = f"The template “{saved['name']}” is of the kind {saved['kind']}, not {kind}."
        raise CommandFailed(told, 2)
    asked = {name: saved[name] for name in AnalysisSpec.model_fields if name in saved}
    try:
        spec = AnalysisSpec.model_validate({**asked, **parts, "kind": kind})
    except ValidationError as error:
        raise CommandFailed("\n".join(_told(error)), 2) from error
    if spec.kind is Kind.EXTRACT and not spec.fields:
        raise CommandFailed("Say which fields to fill: --field, --fields or --template.", 2)
    if lacking := spec.lacks():
        raise CommandFailed(lacking, 2)
    return spec.model_dump(mode="json", exclude_unset=True)


def _kind_of(parts: Mapping[str, Any]) -> str:
    kinds = {"fields": Kind.EXTRACT, "labels": Kind.CLASSIFY, "topics": Kind.COMPARE}
    for part, kind in kinds.items():
        if part in parts:
            return kind
    raise CommandFailed(
        "Say what to find: --field, --fields, --label or --template, or --kind summary or compare.",
        2,
    )


def _told(error: ValidationError) -> Sequence[str]:
    faults = error.errors()
    lines = []
    for fault in faults[:_SHOWN]:
        where = ".".join(str(part + 1 if isinstance(part, int) else part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{f'{where}: ' if where else ''}{message}.")
    more = len(faults) - _SHOWN
    return [*lines, f"... and {more} more."] if more > 0 else lines
