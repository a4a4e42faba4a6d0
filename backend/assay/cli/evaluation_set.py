"""A labelled set: one JSON object a line, which says what to try and what is right."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from assay.cli.failures import CommandFailed

MAX_LINES = 100_000
_SHOWN = 20
"""Faulty lines that are told at once."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldLine(_Line):
    """A field, as `POST /v1/analyses` takes it."""

    name: str = Field(min_length=1)
    type: Literal["text", "number", "date", "money", "boolean", "choice", "list"] = "text"
    description: str = ""
    options: list[str] = []


class ExtractionLine(_Line):
    """What stands in a document; null where it says nothing."""

    kind: Literal["extraction"]
    document: str = Field(min_length=1)
    fields: Annotated[list[FieldLine], Field(min_length=1)]
    expected: dict[str, Any]

    @model_validator(mode="after")
    def _fits(self) -> "ExtractionLine":
        names = [field.name for field in self.fields]
        if unknown := sorted(set(self.expected) - set(names)):
            msg = f"expected names {', '.join(unknown)}, which fields does not"
            raise ValueError(msg)
        if missing := [name for name in names if name not in self.expected]:
            msg = f"expected lacks {', '.join(missing)} (null: the document does not say)"
            raise ValueError(msg)
        return self


class Relevant(_Line):
    """A passage's place that is right, and how right: any page where none is named."""

    document: str = Field(min_length=1)
    page: int | None = Field(None, ge=1)
    grade: int = Field(1, ge=1, le=10)


class RetrievalLine(_Line):
    """What a search should find."""

    kind: Literal["retrieval"]
    query: str = Field(min_length=1)
    relevant: Annotated[list[Relevant], Field(min_length=1)]


class AnswerLine(_Line):
    """What an answer should hold; an empty list where the documents do not say."""

    kind: Literal["answer"]
    question: str = Field(min_length=1)
    expected: list[str]
    documents: Annotated[list[str] | None, Field(min_length=1)] = None


Line = Annotated[ExtractionLine | RetrievalLine | AnswerLine, Field(discriminator="kind")]
_LINE: TypeAdapter[ExtractionLine | RetrievalLine | AnswerLine] = TypeAdapter(Line)


def read_set(path: Path) -> Sequence[ExtractionLine | RetrievalLine | AnswerLine]:
    """Read a labelled set; blank lines are left out.

    :raises CommandFailed: with every faulty line by its number.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.", 2) from error
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{path} is not valid UTF-8.", 2) from error
    found, faults = [], []
    for number, line in enumerate(lines[: MAX_LINES + 1], 1):
        if not line.strip():
            continue
        try:
            found.append(_LINE.validate_json(line))
        except ValidationError as error:
            faults.append(f"{path}:{number}: {_told(error)}")
    if len(lines) > MAX_LINES:
        raise CommandFailed(f"{path} has more than {MAX_LINES} lines. Split it.", 2)
    if faults:
        more = [f"... and {len(faults) - _SHOWN} more lines."] if len(faults) > _SHOWN else []
        raise CommandFailed("\n".join([*faults[:_SHOWN], *more]), 2)
    if not found:
        raise CommandFailed(f"{path} holds no lines. docs/evaluation.md describes them.", 2)
    return found


def _told(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{f'{where}: ' if where else ''}{first['msg'].removeprefix('Value error, ')}"
