"""Calls of a paid model: money reserved before, what they gave kept with their settlement.

A call has a key made of all that it asks. What it gave is written in the transaction that
settles it, so that a document that is begun again, after a crash, a pause or a failure further on,
finds it and pays nothing. Only answers that could be read are kept: one that was broken is
paid for, and asked for anew.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

import structlog

from assay.adapters.chat import ChatModel, ChatUsage, Completion, Ending
from assay.adapters.postgres import Database
from assay.analyses import runs
from assay.analyses.engine import DocumentFailed, Lost, Task
from assay.analyses.prompts import Prompt
from assay.analyses.runs import Held
from assay.errors import AssayError
from assay.usage.ledger import Ledger, settle

log = structlog.get_logger()

Answer = TypeVar("Answer")

TRIES = 2
"""How often an answer is asked for that cannot be read, or was cut."""
LOSES_ITS_PRICE = {"model_timeout", "model_broken"}
"""Failures after which nobody says what was spent: what was sent is taken for paid."""
_INVALID = (
    "The language model's answers do not have the form that was asked for. Retry, or ask the"
    " operator to choose another model."
)
_CUT = "The language model's answer is longer than it may be. Ask for fewer fields at once."
_REFUSED = "The language model refused to work on this document. Ask in other words."


class Unreadable(ValueError):
    """An answer that does not have the form that was asked for."""


class PaidModel:
    """Asks a model on the account of a tenant's analysis."""

    def __init__(self, database: Database, ledger: Ledger, chat: ChatModel) -> None:
        self._database, self._ledger, self._chat = database, ledger, chat
        self.name = chat.name

    async def ask(
        self, task: Task, held: Held | None, prompt: Prompt, read: Callable[[str], Answer]
    ) -> Answer:
        """Return what a prompt gives, from an earlier call where there was one.

        :param held: the document that is worked on; None for what is over all documents.
        :param read: reads an answer, or raises `Unreadable`.
        :raises DocumentFailed: the model refused, or its answers cannot be read.
        :raises Lost: the document is not this job's any more.
        :raises PaymentRequired: the tenant's budget does not cover it.
        :raises Unavailable: the model cannot be reached.
        """
        key = prompt.key(self.name)
        async with self._database.transaction(task.scope) as tx:
            if held is not None and not await runs.holds(tx, held):
                raise Lost
            kept = await runs.call(tx, task.analysis_id, key)
        if kept is not None:
            return read(kept)
        ending = Ending.COMPLETE
        for number in range(1, TRIES + 1):
            wanted = replace(prompt, max_output_tokens=prompt.max_output_tokens * number)
            completion = await self._paid(task, held, wanted, key, read)
            ending = completion.ending
            if ending is Ending.REFUSED:
                raise DocumentFailed("model_refused", _REFUSED)
            if ending is Ending.COMPLETE:
                try:
                    return read(completion.text)
                except Unreadable:
                    log.warning("analysis.unreadable_answer", stage=prompt.stage)
        if ending is Ending.CUT:
            raise DocumentFailed("model_output_cut", _CUT)
        raise DocumentFailed("model_output_invalid", _INVALID)

    async def _paid(
        self,
        task: Task,
        held: Held | None,
        prompt: Prompt,
        key: str,
        read: Callable[[str], object],
    ) -> Completion:
        messages = prompt.messages()
        most = self._chat.most(messages, max_output_tokens=prompt.max_output_tokens)
        call_id = await self._ledger.reserve(
            task.scope,
            purpose="analysis",
            model=self.name,
            input_tokens=most.input_tokens,
            cost_usd=most.cost_usd,
            user_id=task.user_id,
        )
        used = self._chat.most(messages, max_output_tokens=0)
        try:
            completion = await self._chat.structured(
                messages,
                name=prompt.name,
                schema=prompt.schema,
                max_output_tokens=prompt.max_output_tokens,
            )
        except BaseException as error:
            if isinstance(error, AssayError) and error.code not in LOSES_ITS_PRICE:
                used = replace(used, input_tokens=0, cost_usd=used.cost_usd * 0)
            # Also when the worker ends just now: shielded, so that the sum is not left reserved.
            await asyncio.shield(self._settle(task, call_id, used))
            raise
        sent = sum(len(each.content) for each in messages)
        kept = completion.text if _readable(completion, read) else None
        document_id = held.document_id if held else None
        await asyncio.shield(
            self._settle(task, call_id, completion.usage, sent, (key, document_id, kept))
        )
        return completion

    async def _settle(
        self,
        task: Task,
        call_id: UUID,
        used: ChatUsage,
        sent: int = 0,
        kept: tuple[str, UUID | None, str | None] | None = None,
    ) -> None:
        async with self._database.transaction(task.scope) as tx:
            await settle(tx, call_id, used.input_tokens, used.output_tokens, used.cost_usd)
            await runs.spend(
                tx,
                task.analysis_id,
                characters=sent,
                input_tokens=used.input_tokens,
                output_tokens=used.output_tokens,
                cost_usd=used.cost_usd,
            )
            if kept is not None and kept[2] is not None:
                await runs.keep_call(tx, task.analysis_id, kept[0], kept[1], kept[2])


def _readable(completion: Completion, read: Callable[[str], object]) -> bool:
    if completion.ending is not Ending.COMPLETE:
        return False
    try:
        read(completion.text)
    except Unreadable:
        return False
    return True
