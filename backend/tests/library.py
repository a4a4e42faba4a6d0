"""Documents of a test's workspace, made ready."""

import asyncio

import httpx

REPORT = (
    "Northwind Traders annual report\n\n"
    "Total revenue of Northwind Traders was 48.2 million dollars in 2023, compared with 41.7"
    " million dollars in 2022.\n\n"
    "The chief financial officer of Northwind Traders is Maria Anders, who joined in 2019.\n\n"
    "Northwind Traders repurchased 120,000 shares of its common stock during 2023.\n"
)
OTHER = (
    "Contoso quarterly letter\n\n"
    "Total revenue of Contoso was 7.5 million dollars in 2023.\n\n"
    "Contoso moved its headquarters from Lisbon to Porto in March 2023.\n"
)


HUNG_SECONDS = 300
"""When nobody waits for a document any more. Not a bound on speed: the parser alone may take two
minutes of a single file, and files wait for each other."""


async def put(client: httpx.AsyncClient, name: str, text: str | bytes) -> dict:
    """Upload a document and wait until it is ready."""
    content = text.encode() if isinstance(text, str) else text
    answer = await client.post("/v1/documents", files={"file": (name, content)})
    assert answer.status_code == 202, answer.text
    return await finished(client, answer.json()["documents"][0]["id"])


async def finished(client: httpx.AsyncClient, identifier: str) -> dict:
    """Wait until a document is ready or failed."""
    async with asyncio.timeout(HUNG_SECONDS):
        while True:
            document = (await client.get(f"/v1/documents/{identifier}")).json()
            if document["status"] in ("ready", "failed"):
                return document
            await asyncio.sleep(0.05)


async def is_verbatim(client: httpx.AsyncClient, citation: dict) -> bool:
    """Tell whether a citation's quote stands on its page at its offsets."""
    path = f"/v1/documents/{citation['document_id']}/pages/{citation['page']}"
    text = (await client.get(path)).json()["text"]
    return text[citation["start"] : citation["end"]] == citation["quote"] != ""


async def over(client: httpx.AsyncClient, identifier: str) -> dict:
    """Wait until an analysis is over."""
    async with asyncio.timeout(60):
        while True:
            analysis = (await client.get(f"/v1/analyses/{identifier}")).json()
            if analysis["status"] in ("completed", "failed", "cancelled"):
                return analysis
            await asyncio.sleep(0.05)
