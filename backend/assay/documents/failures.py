"""Why a file could not be read: codes that are stable, sentences for the person who sent it."""

from collections.abc import Mapping
from types import MappingProxyType

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "encrypted": "The file is protected with a password. Remove the protection and upload it "
        "again.",
        "broken": "The file is damaged or is not what its name says. Open it in its program, save "
        "it again and upload that copy.",
        "no_text": "There is no text in this file. If it is a scan, it is empty or cannot be "
        "recognised.",
        "no_text_without_ocr": "There is no text in this file, only pictures. Reading scans needs "
        "the program Tesseract, which is not installed here.",
        "no_words_in_drawing": "There are no words in this drawing, only shapes. If you see words "
        "in it, save it with text as text, not as outlines, and uncompressed.",
        "timeout": "Reading the file took too long and was stopped. Split it into smaller files.",
        "too_complex": "The file needs more memory than one file may use, or has too many pages. "
        "Split it into smaller files.",
        "unsupported": "Files of this kind cannot be read. Save it as PDF or text and upload that.",
        "crashed": "The file made its reader fail. It is probably damaged; save it again in its "
        "program and upload that copy.",
        "no_image": "There is no picture of this page: only the pages of a PDF have one.",
    }
)

_WITHOUT_TEXT = frozenset({"no_text_without_ocr", "no_words_in_drawing"})


class Failure(Exception):
    """A file cannot be read; `reason` is a key of `MESSAGES`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def code_of(reason: str) -> str:
    """Return the public code of a reason."""
    return "no_text" if reason in _WITHOUT_TEXT else reason
