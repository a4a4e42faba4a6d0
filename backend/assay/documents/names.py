"""File names as people sent them, made safe to store, show and send back."""

import unicodedata
from email.message import Message
from typing import Any
from urllib.parse import quote

MAX_CHARACTERS = 255
UNNAMED = "unnamed"

_MAX_EXTENSION = 20
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
"""Among them the marks that turn the writing direction, so that "gpj.exe" reads "exe.jpg"."""
_JOINERS = "\u200c\u200d"
"""Invisible too, but Persian, Indic scripts and emoji are written with them."""


def clean(raw: str) -> str:
    """Return the last part of a path in NFC, printable, of 1 to 255 code points.

    The extension survives the shortening, because it helps to tell the format.
    """
    name = unicodedata.normalize("NFC", "".join(filter(_visible, raw)))
    name = name.replace("\\", "/").rpartition("/")[2]
    name = _shorten(" ".join(name.split()))
    return UNNAMED if name.strip(_JOINERS) in {"", ".", ".."} else name


def disposition_parameters(value: bytes) -> dict[str, str]:
    """Return the parameters of a part's `Content-Disposition`.

    Raw UTF-8 (RFC 7578 section 5.1.3) and `filename*` (RFC 2231, RFC 5987) are both read;
    `python_multipart` leaves the second out.

    :raises ValueError: a parameter is encoded in a way that cannot be undone.
    """
    message = Message()
    message["Content-Disposition"] = _decoded(value).replace("\r", " ").replace("\n", " ")
    found: dict[str, str] = {}
    parameters: list[tuple[str, Any]] = message.get_params([], header="Content-Disposition")
    for name, content in parameters:
        if isinstance(content, tuple):
            found[name] = _percent_decoded(content)
        else:
            found.setdefault(name, content)
    return found


def attachment(name: str) -> str:
    """Return the `Content-Disposition` that saves a file under its name (RFC 6266 appendix D)."""
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%' else "_"
        for char in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _visible(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) not in _INVISIBLE


def _shorten(name: str) -> str:
    if len(name) <= MAX_CHARACTERS:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _MAX_EXTENSION:
        return name[:MAX_CHARACTERS].rstrip()
    return stem[: MAX_CHARACTERS - len(extension) - 1].rstrip() + dot + extension


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _percent_decoded(content: tuple[str | None, str | None, str]) -> str:
    """Undo RFC 2231's encoding, in the character sets that RFC 5987 names."""
    charset = (content[0] or "utf-8").lower()
    if charset not in {"utf-8", "iso-8859-1", "us-ascii"}:
        raise ValueError("unknown character set")
    return content[2].encode("latin-1").decode(charset)
