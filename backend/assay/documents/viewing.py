"""Pictures of pages, and where they show a piece of text."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from assay.adapters.metering import in_thread
from assay.adapters.postgres import Database
from assay.adapters.storage import Storage
from assay.documents import formats, repository
from assay.documents.parsing import ParseFailed, Parser
from assay.documents.schemas import PageBoxes
from assay.documents.scratch import scratch_copy
from assay.errors import Invalid, NotFound, not_found
from assay.identity.models import Caller
from assay.scope import TenantScope

CONCURRENT_READERS = 2
"""Parser processes of one API process at once; others wait."""


@dataclass(frozen=True, slots=True)
class PageView:
    """A page that can be shown."""

    document_id: UUID
    number: int
    sha256: str
    storage_key: str

    def tag(self, kind: str) -> str:
        """What changes exactly when the picture does (an entity tag, RFC 9110 section 8.8.3)."""
        return f'"{self.sha256[:32]}-{self.number}-{kind.partition("/")[2]}"'


class PageViews:
    """Renders pages of PDFs, each once, and finds text on them."""

    def __init__(self, database: Database, storage: Storage, parser: Parser, scratch: Path) -> None:
        """Keep the parts.

        :param scratch: folder for copies of documents while they are read.
        """
        self._database, self._storage, self._parser = database, storage, parser
        self._scratch = scratch
        self._readers = asyncio.Semaphore(CONCURRENT_READERS)

    async def view(self, caller: Caller, document_id: UUID, number: int) -> PageView:
        """Find a page that has a picture.

        :raises NotFound: the document or page is unknown here, or has none (`no_image`).
        """
        async with self._database.transaction(caller.scope) as tx:
            row = await repository.stored_file(tx, document_id)
            text = await repository.page_text(tx, document_id, number)
        if row is None:
            raise not_found("document")
        if text is None:
            raise not_found("page")
        if row["mime_type"] != formats.PDF:
            raise _no_image()
        return PageView(document_id, number, row["sha256"], row["storage_key"])

    async def image(self, caller: Caller, view: PageView, kind: str = formats.WEBP) -> bytes:
        """Return a page as WebP, rendered at the first call and kept, or as PNG made of that.

        :raises NotFound: the page cannot be rendered (`no_image`).
        """
        key = self._storage.key(caller.scope, view.document_id, "pages", f"{view.number}.webp")
        image = await self._storage.get(caller.scope, key)
        if image is None:
            async with self._reading(caller.scope, view) as path:
                image = await self._parser.render(path, view.number)
            await self._storage.put(caller.scope, key, image)
        if kind == formats.WEBP:
            return image
        return await asyncio.get_running_loop().run_in_executor(None, in_thread(_as_png), image)

    async def boxes(self, caller: Caller, view: PageView, start: int, end: int) -> PageBoxes:
        """Return where a page shows the code points `start` to `end` of its text.

        :raises Invalid: the range is empty or reaches beyond the text.
        :raises NotFound: the page cannot be shown (`no_image`).
        """
        async with self._database.transaction(caller.scope) as tx:
            text = await repository.page_text(tx, view.document_id, view.number) or ""
        if not start < end <= len(text):
            raise Invalid(
                f"`start` must be below `end`, and `end` at most {len(text)}, the length of the"
                " page's text.",
                code="invalid_range",
            )
        async with self._reading(caller.scope, view) as path:
            boxes = await self._parser.boxes(path, view.number, start, end)
        return PageBoxes(boxes=boxes)

    @contextlib.asynccontextmanager
    async def _reading(self, scope: TenantScope, view: PageView) -> AsyncIterator[Path]:
        async with self._readers:
            with scratch_copy(self._scratch) as path:
                await self._storage.fetch(scope, view.storage_key, path)
                try:
                    yield path
                except ParseFailed as error:
                    raise _no_image() from error


def _as_png(webp: bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415 - needed by few, and 40 ms to import

    png = io.BytesIO()
    with Image.open(io.BytesIO(webp)) as image:
        image.save(png, "PNG")
    return png.getvalue()


def _no_image() -> NotFound:
    return NotFound(
        "There is no picture of this page: only the pages of a PDF have one.", code="no_image"
    )
