"""How another tenant tries at each route, and what its owner gets from the same call."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import PASSWORD

NAMED = re.compile(r"\{([a-z ]+)\}")
PUBLIC = {
    "GET /health": "load balancers have no credentials",
    "GET /ready": "monitors have none",
    "GET /metrics": "Prometheus has none; not to be reached from outside",
    "GET /openapi.json": "the description of the API",
    "GET /docs": "the same for people",
    "GET /docs/oauth2-redirect": "part of that page",
    "POST /v1/signup": "makes a tenant",
    "POST /v1/auth/login": "makes credentials",
    "POST /v1/auth/refresh": "renews them, by a token of its own",
}
"""Routes that need no credentials, and why."""

UNAUDITED = {
    "POST /v1/collections": "gives nobody access, takes nothing away",
    "PATCH /v1/collections/{collection_id}": "the same",
    "POST /v1/documents": "the same; the document itself tells when it came",
    "POST /v1/documents/{document_id}/retry": "reads once more what is there",
    "POST /v1/search": "a question; request log and usage count it",
    "POST /v1/ask": "a question; the conversation keeps it",
    "PATCH /v1/conversations/{conversation_id}": "a title",
    "POST /v1/analyses": "asks of documents; usage and the analysis itself tell of it",
    "POST /v1/analyses/estimate": "changes nothing",
    **{
        f"POST /v1/analyses/{{analysis_id}}/{step}": "goes on with, or ends, what was asked"
        for step in ("pause", "resume", "cancel", "retry", "extend")
    },
    "POST /v1/analyses/templates": "gives nobody access, takes nothing away",
    "PATCH /v1/analyses/templates/{template_id}": "the same",
    "POST /v1/admin/tenants": "in the new tenant's own log",
    "DELETE /v1/admin/tenants/{tenant_id}": "goes with its log; ours names the operator",
    "POST /v1/webhooks/{webhook_id}/test": "calls what an event told of when it was named",
}
"""Calls that change something and leave no security event, and why."""


@dataclass(frozen=True)
class Case:
    """A call that names things of a tenant (`{document}` and so on) or only shows them."""

    route: str
    status: int = 200
    """What the owner of the things gets."""
    ids: dict[str, str] = field(default_factory=dict)
    """Parameters of the path, and the kind of thing each names."""
    request: dict[str, Any] = field(default_factory=dict)
    """Parts of the request; `{kind}` in them stands for the id of a thing."""
    refused: int = 404
    """What somebody else gets, whether the thing exists or not."""
    spends: str = ""
    """The kind of thing that the call uses up, of which each case gets a new one."""
    shows: tuple[str, ...] = ()
    """Kinds of things that the owner's answer names."""
    alone: bool = False
    """The call ends sessions: in workspaces of its own."""
    operator: bool = False
    """For operators; tenants are refused, whatever they name."""

    @property
    def names_things(self) -> bool:
        """Whether the call names anything of a tenant."""
        return bool(self.ids) or bool(named(self.request) - {"new"})

    def __str__(self) -> str:
        return " ".join([self.route, *sorted(named(self.request))])


def named(part: Any) -> set[str]:
    """Return the kinds of things that a part of a request names."""
    if isinstance(part, dict):
        return {kind for each in part.values() for kind in named(each)}
    if isinstance(part, list):
        return {kind for each in part for kind in named(each)}
    return set(NAMED.findall(part)) if isinstance(part, str) else set()


def filled(part: Any, names: Callable[[str], str]) -> Any:
    """Return a part of a request with ids in place of the kinds that it names."""
    if isinstance(part, dict):
        return {key: filled(each, names) for key, each in part.items()}
    if isinstance(part, list):
        return [filled(each, names) for each in part]
    return NAMED.sub(lambda found: names(found[1]), part) if isinstance(part, str) else part


def on(kind: str, parameter: str) -> dict[str, str]:
    return {parameter: kind}


_DOCUMENT = on("document", "document_id")
_PAGE = "GET /v1/documents/{document_id}/pages/{number}"
_TENANTS = "/v1/admin/tenants"
_ASK = {"question": "What was revenue in 2023?"}
_SEARCH = {"query": "revenue"}
_EVENTS: dict[str, Any] = {"params": {"actor_id": "{member}"}}
_ANALYSES = "/v1/analyses"
_ANALYSIS = on("analysis", "analysis_id")
_TEMPLATE = on("template", "template_id")
_WEBHOOKS = "/v1/webhooks"
_WEBHOOK = on("webhook", "webhook_id")
_SUMMARY: dict[str, Any] = {"kind": "summary"}
_FILE = {"file": ("new.txt", b"New words.")}

CASES = [
    Case("GET /v1/me"),
    Case("POST /v1/auth/logout", 204, alone=True),
    Case(
        "PUT /v1/me/password",
        204,
        request={"json": {"current_password": PASSWORD, "new_password": "another long one"}},
        alone=True,
    ),
    Case("GET /v1/sessions", shows=("session",), request={"params": {"limit": 200}}),
    Case("DELETE /v1/sessions", 204, spends="session", alone=True),
    Case("DELETE /v1/sessions/{session_id}", 204, on("session", "session_id"), spends="session"),
    Case("GET /v1/members", shows=("member",), request={"params": {"limit": 200}}),
    Case("POST /v1/members", 201, request={"json": {"email": "{new}@example.com"}}),
    Case("GET /v1/members/{member_id}", ids=on("member", "member_id"), shows=("member",)),
    Case(
        "PATCH /v1/members/{member_id}",
        ids=on("member", "member_id"),
        request={"json": {"role": "viewer"}},
    ),
    Case("DELETE /v1/members/{member_id}", 204, on("member", "member_id"), spends="member"),
    Case("GET /v1/api-keys", shows=("key",), request={"params": {"limit": 200}}),
    Case("POST /v1/api-keys", 201, request={"json": {"name": "new"}}),
    Case("GET /v1/api-keys/{key_id}", ids=on("key", "key_id"), shows=("key",)),
    Case(
        "PATCH /v1/api-keys/{key_id}",
        ids=on("key", "key_id"),
        request={"json": {"name": "renamed"}},
    ),
    Case("DELETE /v1/api-keys/{key_id}", 204, on("key", "key_id"), spends="key"),
    Case("GET /v1/audit", shows=("member",), request={"params": {"limit": 200}}),
    Case("GET /v1/audit/export", shows=("member",)),
    # After those: a reader's own log keeps what they asked for.
    Case("GET /v1/audit", request=_EVENTS, refused=200),
    Case("GET /v1/audit/export", request=_EVENTS, refused=200),
    Case("POST /v1/collections", 201, request={"json": {"name": "{new}"}}),
    Case("GET /v1/collections", shows=("collection",), request={"params": {"limit": 200}}),
    Case(
        "GET /v1/collections/{collection_id}",
        ids=on("collection", "collection_id"),
        shows=("collection",),
    ),
    Case(
        "PATCH /v1/collections/{collection_id}",
        ids=on("collection", "collection_id"),
        request={"json": {"description": "changed"}},
    ),
    Case(
        "DELETE /v1/collections/{collection_id}",
        204,
        on("collection", "collection_id"),
        spends="collection",
    ),
    Case("POST /v1/documents", 202, request={"files": _FILE}),
    Case(
        "POST /v1/documents",
        202,
        request={"files": _FILE, "data": {"collection_id": "{collection}"}},
    ),
    Case("GET /v1/documents", shows=("document",), request={"params": {"limit": 200}}),
    Case("GET /v1/documents", request={"params": {"collection_id": "{collection}"}}, refused=200),
    Case("GET /v1/events"),
    Case("GET /v1/documents/{document_id}", ids=_DOCUMENT, shows=("document",)),
    Case("DELETE /v1/documents/{document_id}", 204, on("queued", "document_id"), spends="queued"),
    Case("GET /v1/documents/{document_id}/content", ids=_DOCUMENT),
    Case(_PAGE, ids=_DOCUMENT),
    Case(f"{_PAGE}/image", ids=_DOCUMENT),
    Case(f"{_PAGE}/boxes", ids=_DOCUMENT, request={"params": {"start": 0, "end": 7}}),
    Case(
        "POST /v1/documents/{document_id}/retry",
        202,
        on("failed", "document_id"),
        spends="failed",
    ),
    Case("POST /v1/search", request={"json": _SEARCH}, shows=("document",)),
    Case(
        "POST /v1/search",
        request={"json": _SEARCH | {"document_ids": ["{document}"]}},
        shows=("document",),
    ),
    Case("POST /v1/search", request={"json": _SEARCH | {"collection_ids": ["{collection}"]}}),
    Case(
        "POST /v1/search",
        request={"json": _SEARCH | {"document_ids": ["{own document}", "{document}"]}},
    ),
    Case("POST /v1/ask", request={"json": _ASK}, shows=("document",)),
    Case("POST /v1/ask", request={"json": _ASK | {"document_ids": ["{document}"]}}),
    Case("POST /v1/ask", request={"json": _ASK | {"collection_ids": ["{collection}"]}}),
    Case("POST /v1/ask", request={"json": _ASK | {"conversation_id": "{conversation}"}}),
    Case(
        "POST /v1/ask",
        request={"json": _ASK | {"document_ids": ["{document}"], "stream": True}},
        shows=("document",),
    ),
    Case("GET /v1/conversations", shows=("conversation",), request={"params": {"limit": 200}}),
    Case(
        "GET /v1/conversations/{conversation_id}",
        ids=on("conversation", "conversation_id"),
        shows=("conversation",),
    ),
    Case(
        "PATCH /v1/conversations/{conversation_id}",
        ids=on("conversation", "conversation_id"),
        request={"json": {"title": "renamed"}},
    ),
    Case(
        "DELETE /v1/conversations/{conversation_id}",
        204,
        on("conversation", "conversation_id"),
        spends="conversation",
    ),
    *(
        Case(f"POST {_ANALYSES}{path}", status, request={"json": _SUMMARY | chosen})
        for path, status in (("", 202), ("/estimate", 200))
        for chosen in (
            {"document_ids": ["{document}"]},
            {"collection_id": "{filled}"},
            {"document_ids": ["{own document}", "{document}"]},
            {"document_ids": ["{own document}"], "template_id": "{template}"},
        )
    ),
    Case(f"GET {_ANALYSES}", shows=("analysis",), request={"params": {"limit": 200}}),
    Case(f"GET {_ANALYSES}/{{analysis_id}}", ids=_ANALYSIS, shows=("analysis", "document")),
    Case(f"GET {_ANALYSES}/{{analysis_id}}/documents", ids=_ANALYSIS, shows=("document",)),
    *(
        Case(
            f"GET {_ANALYSES}/{{analysis_id}}/table",
            ids=_ANALYSIS,
            request={"params": {"format": form}},
        )
        for form in ("json", "csv", "xlsx")
    ),
    # What is over refuses its owner too, but as something that is there.
    *(
        Case(f"POST {_ANALYSES}/{{analysis_id}}/{step}", 409, _ANALYSIS)
        for step in ("pause", "resume", "cancel", "retry")
    ),
    Case(
        f"POST {_ANALYSES}/{{analysis_id}}/extend",
        409,
        _ANALYSIS,
        request={"json": {"document_ids": ["{document}"]}},
    ),
    Case(
        f"DELETE {_ANALYSES}/{{analysis_id}}",
        204,
        on("analysis", "analysis_id"),
        spends="analysis",
    ),
    Case(
        f"POST {_ANALYSES}/templates",
        201,
        request={"json": _SUMMARY | {"name": "{new}"}},
    ),
    Case(f"GET {_ANALYSES}/templates", shows=("template",), request={"params": {"limit": 200}}),
    Case(f"GET {_ANALYSES}/templates/{{template_id}}", ids=_TEMPLATE, shows=("template",)),
    Case(
        f"PATCH {_ANALYSES}/templates/{{template_id}}",
        ids=_TEMPLATE,
        request={"json": {"name": "renamed"}},
    ),
    Case(
        f"DELETE {_ANALYSES}/templates/{{template_id}}",
        204,
        _TEMPLATE,
        spends="template",
    ),
    Case(f"POST {_WEBHOOKS}", 201, request={"json": {"url": "https://example.com/{new}"}}),
    Case(f"GET {_WEBHOOKS}", shows=("webhook",), request={"params": {"limit": 200}}),
    Case(f"GET {_WEBHOOKS}/{{webhook_id}}", ids=_WEBHOOK, shows=("webhook",)),
    Case(
        f"PATCH {_WEBHOOKS}/{{webhook_id}}",
        ids=_WEBHOOK,
        request={"json": {"description": "changed"}},
    ),
    Case(f"POST {_WEBHOOKS}/{{webhook_id}}/secret", ids=_WEBHOOK),
    Case(f"GET {_WEBHOOKS}/{{webhook_id}}/deliveries", ids=_WEBHOOK),
    # One that is switched off refuses its owner too, but as something that is there.
    Case(f"POST {_WEBHOOKS}/{{webhook_id}}/test", 409, _WEBHOOK),
    Case(f"DELETE {_WEBHOOKS}/{{webhook_id}}", 204, _WEBHOOK, spends="webhook"),
    Case("GET /v1/usage"),
    Case("GET /v1/admin/usage", operator=True),
    Case("GET /v1/admin/topology", operator=True),
    Case("GET /v1/admin/queue", operator=True),
    Case(f"GET {_TENANTS}", operator=True),
    Case(
        f"POST {_TENANTS}",
        201,
        request={"json": {"name": "New", "owner_email": "{new}@example.com"}},
        operator=True,
    ),
    Case(f"GET {_TENANTS}/{{tenant_id}}", ids=on("tenant", "tenant_id"), operator=True),
    Case(
        f"PATCH {_TENANTS}/{{tenant_id}}",
        ids=on("tenant", "tenant_id"),
        request={"json": {"limits": {"concurrent_requests": 9999}}},
        operator=True,
    ),
    Case(
        f"DELETE {_TENANTS}/{{tenant_id}}",
        202,
        on("tenant", "tenant_id"),
        operator=True,
        alone=True,
    ),
]
