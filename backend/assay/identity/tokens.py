"""Access tokens (JWT with a key ring) and opaque secrets (refresh tokens, API keys)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from assay.errors import CannotStart, Unauthenticated
from assay.settings import Settings, key_id

ALGORITHM = "HS256"
ISSUER = "assay"
AUDIENCE = "assay-api"
API_KEY_PREFIX = "assay_"
OPERATOR_KEY_PREFIX = "assay_op_"
"""API keys never begin so: `new_api_key` sees to it."""
_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "sid", "tid"]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a verified access token says."""

    tenant_id: UUID
    user_id: UUID
    session_id: UUID


class TokenRing:
    """Signs with the first key of the ring and verifies with any, chosen by `kid`.

    To rotate, put a new key in front; drop the old one after `access_token_seconds`.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.secret_keys:
            msg = "ASSAY_SECRET_KEY is missing: set 32 random characters or more"
            raise CannotStart(msg)
        self._keys = {key_id(key): key.get_secret_value() for key in settings.secret_keys}
        self._signing = key_id(settings.secret_keys[0])
        self.seconds = settings.access_token_seconds

    def issue(self, token: AccessToken) -> str:
        """Return a signed access token that lives `seconds`."""
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + timedelta(seconds=self.seconds),
            "sub": str(token.user_id),
            "sid": str(token.session_id),
            "tid": str(token.tenant_id),
        }
        return jwt.encode(
            claims, self._keys[self._signing], ALGORITHM, headers={"kid": self._signing}
        )

    def verify(self, text: str) -> AccessToken:
        """Read an access token.

        :raises Unauthenticated: expired (`token_expired`), forged or made for something else.
        """
        try:
            key = self._keys[str(jwt.get_unverified_header(text).get("kid"))]
            claims = jwt.decode(
                text,
                key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": _CLAIMS},
            )
            return AccessToken(UUID(claims["tid"]), UUID(claims["sub"]), UUID(claims["sid"]))
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated(
                "The access token has expired. Refresh it, or log in again.", code="token_expired"
            ) from error
        except (jwt.InvalidTokenError, AttributeError, KeyError, ValueError, TypeError) as error:
            raise Unauthenticated("The access token is not valid. Log in again.") from error


def new_refresh_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def new_api_key() -> str:
    """Return an API key: a recognisable prefix and 256 random bits."""
    while (key := API_KEY_PREFIX + secrets.token_urlsafe(32)).startswith(OPERATOR_KEY_PREFIX):
        pass
    return key


def digest(secret: str) -> bytes:
    """Return what is stored of an opaque secret.

    Plain SHA-256 is enough here: the secret has 256 random bits, so there is nothing to guess.
    """
    return hashlib.sha256(secret.encode()).digest()
