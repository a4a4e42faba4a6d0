"""The refresh token of a browser: a cookie that scripts cannot read and other sites cannot use.

A browser says that it is one by `X-Assay-Client: web`. No form and no picture of another site can
set that header, and a script elsewhere would have to ask first, which no answer here allows; so
the cookie counts only beside it.
"""

from typing import Annotated, Literal

from fastapi import Depends, Header, Request, Response

from assay.errors import Forbidden, Invalid, Unauthenticated
from assay.identity.schemas import RefreshRequest, TokenResponse

COOKIE = "assay_refresh"
PATH = "/v1/auth"


class Browser:
    """Where a refresh token comes from and goes to: the cookie of a browser, or the bodies."""

    def __init__(self, request: Request, response: Response, *, web: bool) -> None:
        self._request, self._response, self._web = request, response, web

    def taken(self, body: RefreshRequest | None) -> str:
        """Return the refresh token that was sent.

        :raises Invalid: there is none in the body, where one has to be.
        :raises Unauthenticated: the browser has no cookie.
        """
        if body is not None:
            return body.refresh_token
        if not self._web:
            raise Invalid("Send the `refresh_token` of the last log-in or refresh.")
        token = self._request.cookies.get(COOKIE)
        if not token:
            raise Unauthenticated("Nobody is logged in here.", code="no_session")
        return token

    def given(self, tokens: TokenResponse) -> TokenResponse:
        """Move the refresh token of an answer into the cookie, if a browser is to get it."""
        if not self._web or tokens.refresh_token is None:
            return tokens
        seconds: int = self._request.app.state.accounts.refresh_token_seconds
        self._set(tokens.refresh_token, seconds)
        return tokens.model_copy(update={"refresh_token": None})

    def forget(self) -> None:
        """Have the browser forget the cookie."""
        if self._web:
            self._set("", 0)

    def _set(self, value: str, seconds: int) -> None:
        self._response.set_cookie(
            COOKIE,
            value,
            max_age=seconds,
            path=PATH,
            httponly=True,
            samesite="strict",
            secure=_encrypted(self._request),
        )


async def browser(
    request: Request,
    response: Response,
    client: Annotated[
        Literal["web"] | None,
        Header(
            alias="X-Assay-Client",
            description="`web`: the refresh token goes by an HttpOnly cookie, not by the body.",
            examples=["web"],
        ),
    ] = None,
) -> Browser:
    """Return whose hands the refresh token is to be given into.

    :raises Forbidden: a page of another site asks.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    if client is not None and site not in {"same-origin", "none"}:
        raise Forbidden("Pages of other sites may not do this.", code="cross_site")
    return Browser(request, response, web=client is not None)


def _encrypted(request: Request) -> bool:
    """Tell whether the browser speaks TLS, at least to a proxy; who lies gets no cookie back."""
    forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip()
    return "https" in {request.url.scheme, forwarded}


TheBrowser = Annotated[Browser, Depends(browser)]
