"""Templates: questions saved for oneself or for the workspace."""

from uuid import UUID

from uuid_utils.compat import uuid7

from assay.adapters.http import Cursor, ItemList, item_list
from assay.adapters.postgres import Database, Row, Transaction
from assay.analyses import templates_repository as repository
from assay.analyses.schemas import AnalysisSpec, Template, TemplateCreate, TemplateUpdate, spec_of
from assay.errors import Forbidden, Invalid, not_found
from assay.identity.audit import Action, record
from assay.identity.models import Caller, Role

MOST = 1000
"""Templates of a workspace."""


class Templates:
    """What members do with templates; each changes their own, admins every shared one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, caller: Caller, body: TemplateCreate) -> Template:
        """Save a template.

        :raises Invalid: it lacks what its kind needs.
        :raises Forbidden: the workspace has as many as it may.
        """
        _complete(body)
        async with self._database.transaction(caller.scope) as tx:
            if await repository.count(tx) >= MOST:
                raise Forbidden(
                    f"The workspace has {MOST} templates. Delete some first.",
                    code="too_many_templates",
                )
            row = await repository.insert(
                tx,
                id=uuid7(),
                name=body.name,
                spec=spec_of(body).model_dump_json(),
                shared=body.shared,
                user_id=caller.user_id,
            )
        return template_of(row, caller)

    async def list(self, caller: Caller, cursor: Cursor | None, limit: int) -> ItemList[Template]:
        """List one's own and the shared templates, oldest first."""
        async with self._database.transaction(caller.scope) as tx:
            rows = await repository.templates(tx, caller.user_id, cursor, limit + 1)
        return item_list(rows, limit, lambda row: template_of(row, caller))

    async def get(self, caller: Caller, template_id: UUID) -> Template:
        """Return a template.

        :raises NotFound: it is unknown here, or somebody's own.
        """
        async with self._database.transaction(caller.scope) as tx:
            return template_of(await seen(tx, caller, template_id), caller)

    async def update(self, caller: Caller, template_id: UUID, body: TemplateUpdate) -> Template:
        """Change a template.

        :raises NotFound: it is unknown here, or somebody's own.
        :raises Forbidden: it is another member's.
        """
        if body.spec is not None:
            _complete(body.spec)
        async with self._database.transaction(caller.scope) as tx:
            await self._changeable(tx, caller, template_id)
            row = await repository.update(
                tx,
                template_id,
                name=body.name,
                shared=body.shared,
                spec=None if body.spec is None else body.spec.model_dump_json(),
            )
        return template_of(row, caller)

    async def delete(self, caller: Caller, template_id: UUID) -> None:
        """Delete a template; analyses that were made with it stay as they are.

        :raises NotFound: it is unknown here, or somebody's own.
        :raises Forbidden: it is another member's.
        """
        async with self._database.transaction(caller.scope) as tx:
            await self._changeable(tx, caller, template_id)
            await repository.delete(tx, template_id)
            await record(tx, caller.actor, Action.TEMPLATE_DELETED, template_id)

    async def _changeable(self, tx: Transaction, caller: Caller, template_id: UUID) -> None:
        row = await seen(tx, caller, template_id)
        if row["created_by"] not in (None, caller.user_id) and not caller.role.includes(Role.ADMIN):
            raise Forbidden(
                "This template is another member's. Ask them or an admin, or save one of your own."
            )


async def seen(tx: Transaction, caller: Caller, template_id: UUID) -> Row:
    """Return a template that the caller may use.

    :raises NotFound: it is unknown here, or somebody's own.
    """
    row = await repository.template(tx, template_id, caller.user_id)
    if row is None:
        raise not_found("template")
    return row


def template_of(row: Row, caller: Caller) -> Template:
    """Return a template as callers see it."""
    return Template(
        **row["spec"],
        id=row["id"],
        name=row["name"],
        shared=row["shared"],
        mine=row["created_by"] in (None, caller.user_id),
        created_by=row["created_by"],
        created_at=row["created_at"],
    )


def _complete(spec: AnalysisSpec) -> None:
    if lacking := spec.lacks():
        raise Invalid(lacking, code="incomplete_question")
