"""Text of pictures, by the Tesseract program. Runs in the limited process only."""

import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from assay.documents.failures import Failure
from assay.documents.limits import die_with_parent
from assay.documents.readers import clean

DPI = 200
_MAX_PIXELS = 60_000_000


def program() -> str | None:
    """Return where Tesseract is installed, if it is."""
    return shutil.which("tesseract")


def recognise(picture: bytes, program: str) -> str:
    """Return the text of a picture in a format that Leptonica reads."""
    done = subprocess.run(  # noqa: S603  a program found on PATH, fixed arguments
        [program, "stdin", "stdout", "--dpi", str(DPI)],
        input=picture,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
        check=False,
    )
    return clean(done.stdout.decode("utf-8", "replace")).strip() if done.returncode == 0 else ""


def frames(path: Path) -> Iterator[bytes]:
    """Yield the pictures of an image file in grey as PGM; a TIFF may hold several.

    :raises Failure: `broken` or `too_complex`.
    """
    from PIL import Image, ImageSequence, UnidentifiedImageError  # noqa: PLC0415  images only

    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
    try:
        with Image.open(path) as image:
            for frame in ImageSequence.Iterator(image):
                if frame.width * frame.height > _MAX_PIXELS:
                    raise Failure("too_complex")
                out = io.BytesIO()
                frame.convert("L").save(out, "PPM")
                yield out.getvalue()
    except Image.DecompressionBombError:
        raise Failure("too_complex") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise Failure("broken") from None
