"""Finds the passages for a question: by its words and meaning, among the documents it names."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from assay.adapters.postgres import Database, Row
from assay.answers import repository
from assay.answers.language import spelled_out, wanted, without_names
from assay.answers.running_heads import without
from assay.answers.schemas import AskRequest
from assay.scope import TenantScope
from assay.search.schemas import MAX_IDS, MAX_QUERY, SearchRequest
from assay.search.service import Found, Search

PASSAGES = 24
PAGES_NEAR = 4
"""Pages before and behind a passage's that tell what runs through them all."""
EDGE_CHARACTERS = 400
"""Enough of a page's beginning and end for its running head and foot."""
MIN_DENSITY_SHARE = 0.3
"""A document is about a name if it mentions it at least this often, compared with the document
that mentions it most."""


SETTLED_DENSITY = 0.12
"""A name that stands in this share of a document's passages holds for all of it, like the name of
the company that a report is of."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The passages that an answer may rest on."""

    passages: list[Found]
    settled: tuple[str, ...]
    degraded: bool


class Retrieval:
    """Finds what an answer may rest on."""

    def __init__(self, database: Database, search: Search) -> None:
        self._database, self._search = database, search

    @property
    def embeddings(self) -> str:
        """The name of the embedding model."""
        return self._search.embeddings

    async def version(self, scope: TenantScope, request: AskRequest) -> int:
        """Return the corpus's version.

        :raises NotFound: a collection or document of the request is not this tenant's.
        """
        return await self._search.version(scope, request.collection_ids, request.document_ids)

    async def find(self, scope: TenantScope, request: AskRequest, question: str) -> Retrieved:
        """Return the passages for a question, best first.

        When the question names something, only documents that are about it are searched, and
        none if no document knows a name. Passages whose text does not stand on their page as
        it should are left out, so that every quote is verbatim; so are the heads and feet that
        run through a document.
        """
        about = wanted(question)
        documents, settled = request.document_ids, tuple[str, ...]()
        if about.names:
            async with self._database.transaction(scope) as tx:
                rows = await repository.mentions(
                    tx, about.names, request.collection_ids, request.document_ids
                )
            documents, settled = documents_about(about.names, rows)
            if not documents:
                return Retrieved([], (), degraded=False)
        if documents is not None and len(documents) > MAX_IDS:
            documents = request.document_ids  # a name that so many share tells nothing
        search = SearchRequest(
            # A name that holds for every document searched would only favour what repeats it.
            query=spelled_out(without_names(question, settled))[:MAX_QUERY],
            limit=PASSAGES,
            collection_ids=request.collection_ids,
            document_ids=documents,
        )
        found, degraded = await self._search.find(scope, search)
        return Retrieved(await self._evidence(scope, found), settled, degraded)

    async def _evidence(self, scope: TenantScope, found: list[Found]) -> list[Found]:
        if not found:
            return found
        ids = [each.id for each in found]
        async with self._database.transaction(scope) as tx:
            sound = await repository.verbatim(tx, ids)
            edges = await repository.edges(tx, ids, near=PAGES_NEAR, characters=EDGE_CHARACTERS)
        return without([each for each in found if each.id in sound], edges)


def documents_about(
    names: Sequence[str], rows: Sequence[Row]
) -> tuple[list[UUID], tuple[str, ...]]:
    """Return the documents that are about all the names, as far as any is; and settled names.

    :param rows: `document_id`, `name`, `passages` that mention it, `of` how many.
    """
    density: dict[str, dict[UUID, float]] = {name: {} for name in names}
    for row in rows:
        density[row["name"]][row["document_id"]] = row["passages"] / max(1, row["of"] or 1)
    if not all(density.values()):
        return [], ()  # a name that no document knows
    score: dict[UUID, float] = defaultdict(float)
    for shares in density.values():
        most = max(shares.values())
        for document, share in shares.items():
            score[document] += min(1.0, share / (MIN_DENSITY_SHARE * most))
    enough = max(score.values()) * 0.99
    chosen = [document for document, total in score.items() if total >= enough]
    settled = tuple(
        name
        for name, shares in density.items()
        if all(shares.get(document, 0) >= SETTLED_DENSITY for document in chosen)
    )
    return chosen, settled
