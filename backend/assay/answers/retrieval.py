"""Finds the passages for a question: by its words and meaning, among the documents it names."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping

from assay.adapters.postgres import Database
from assay.answers import repository
from assay.answers.language import Wanted, wanted
from assay.answers.schemas import AskRequest
from assay.scope import TenantScope
from assay.search.schemas import SearchRequest
from assay.search.service import Found, Search

PASSAGES = 24
MIN_DENSITY_SHARE = 0.3
"""A document is about a name if it mentions it at least this often, compared with the document
that mentions it most."""


class Retrieval:
    """The passages that an answer may rest on."""

    def __init__(self, database: Database, search: Search) -> None:
        self._database, self._search = database, search

    async def find(
        self, scope: TenantScope, request: AskRequest, question: str
    ) -> tuple[list[Found], bool]:
        """Return the passages for a question, best first, and whether search was degraded.

        When the question names something, only documents that are about it are searched, and
        none if no document knows a name. Passages whose text does not stand on their page as
        it should are left out, so that every quote is verbatim.
        """
        about = wanted(question)
        documents = request.document_ids
        if about.names:
            documents = await self._about(scope, request, about)
            if not documents:
                return [], False
        search = SearchRequest(
            query=question[:2000],
            limit=PASSAGES,
            collection_ids=request.collection_ids,
            document_ids=documents,
        )
        found, degraded = await self._search.find(scope, search)
        return await self._verbatim(scope, found), degraded

    async def _about(
        self, scope: TenantScope, request: AskRequest, about: Wanted
    ) -> list[UUID] | None:
        async with self._database.transaction(scope) as tx:
            rows = await repository.mentions(
                tx, about.names, request.collection_ids, request.document_ids
            )
        return documents_about(about.names, rows)

    async def _verbatim(self, scope: TenantScope, found: list[Found]) -> list[Found]:
        if not found:
            return found
        async with self._database.transaction(scope) as tx:
            sound = await repository.verbatim(tx, [each.id for each in found])
        return [each for each in found if each.id in sound]


def documents_about(names: Sequence[str], rows: Sequence[RowMapping]) -> list[UUID]:
    """Return the documents that are about every name, as far as any is; the best known first.

    :param rows: `document_id`, `name`, `passages` that mention it, `of` how many.
    """
    density: dict[str, dict[UUID, float]] = {name: {} for name in names}
    for row in rows:
        density[row["name"]][row["document_id"]] = row["passages"] / max(1, row["of"] or 1)
    if not all(density.values()):
        return []  # a name that no document knows
    score: dict[UUID, float] = defaultdict(float)
    for shares in density.values():
        most = max(shares.values())
        for document, share in shares.items():
            score[document] += min(1.0, share / (MIN_DENSITY_SHARE * most))
    enough = max(score.values()) * 0.99
    return [document for document, total in score.items() if total >= enough]
