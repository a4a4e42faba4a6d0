"""The built web application: files of a folder, and its one page for every other path.

nginx answers alike (`infra/containers/frontend`).
"""

import asyncio
import mimetypes
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from assay.adapters.compression import takes_gzip

PAGE = "index.html"
BUILT = "assets/"
"""Files that have a digest of their content in their names."""
API = ("v1", "health", "ready", "metrics", "docs", "openapi.json")
"""First parts of paths that are never a view: a page would hide that a call does not exist."""
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
"""Scripts and styles are files of this origin."""
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

for _ending, _kind in {
    ".js": "text/javascript",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}.items():
    mimetypes.add_type(_kind, _ending)  # machines differ in which of them they know


class WebApp:
    """Answers what no route took; to be the router's default."""

    def __init__(self, folder: Path) -> None:
        """Serve a folder.

        :param folder: holds `index.html` and `assets/`.
        """
        self._page = folder / PAGE
        self._files = StaticFiles(directory=folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection.

        :raises HTTPException: 404; the path is the API's, or names a file that is not there.
        """
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(404)
        path = scope["path"].lstrip("/")
        if path.split("/", 1)[0] in API:
            raise HTTPException(404)
        response = await self._response(path or PAGE, scope)
        await response(scope, receive, send)

    async def _response(self, path: str, scope: Scope) -> Response:
        response = await self._file(path, scope)
        if response is None:
            if path.startswith(BUILT):
                raise HTTPException(404)
            names_file = "." in path.rsplit("/", 1)[-1]
            path = PAGE
            response = await (self._gone(scope) if names_file else self._file(path, scope))
        if response is None:
            raise HTTPException(404)
        response.headers.update(_HEADERS)
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if path.startswith(BUILT) else "no-cache"
        )
        return response

    async def _gone(self, scope: Scope) -> Response | None:
        """Return the page to a person, whom it tells that nothing is there; to programs nothing.

        Without an entity tag: a 304 would turn the 404 into an answer of the page's own address.
        """
        if "text/html" not in Headers(scope=scope).get("accept", ""):
            return None
        page = await asyncio.to_thread(self._page.read_bytes)
        return Response(page, 404, media_type="text/html")

    async def _file(self, path: str, scope: Scope) -> Response | None:
        """Return a file, as it was compressed when it was built where the client takes that."""
        compressed = await self._found(f"{path}.gz", scope) if _gzip_fits(scope) else None
        if compressed is None:
            return await self._found(path, scope)
        if "content-type" in compressed.headers:  # a 304 has none
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            compressed.headers["Content-Type"] = f"{kind}; charset=utf-8"
        compressed.headers["Content-Encoding"] = "gzip"
        compressed.headers.add_vary_header("Accept-Encoding")
        return compressed

    async def _found(self, path: str, scope: Scope) -> Response | None:
        try:
            return await self._files.get_response(path, scope)
        except (HTTPException, OSError):
            return None


def _gzip_fits(scope: Scope) -> bool:
    given = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
    return takes_gzip(given)
