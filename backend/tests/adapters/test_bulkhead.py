"""A tenant's share of the connections: its own always, its overflow while others leave some."""

import asyncio
from uuid import uuid4

import pytest

from assay.adapters.bulkhead import Bulkhead, Share

A, B, C = uuid4(), uuid4(), uuid4()
NOW = 0.01


async def held(bulkhead: Bulkhead, tenant, times: int) -> None:
    for _ in range(times):
        await bulkhead.enter(tenant, NOW)


@pytest.mark.parametrize("share", [Share(2, 5), Share(5, 10)], ids=["standard", "premium"])
async def test_a_tenant_gets_its_share_and_no_more(share: Share):
    bulkhead = Bulkhead(25)
    bulkhead.allot(A, share)
    await held(bulkhead, A, share.connections + share.overflow)
    with pytest.raises(TimeoutError):
        await bulkhead.enter(A, NOW)
    bulkhead.leave(A)
    await bulkhead.enter(A, NOW)


async def test_who_was_told_nothing_counts_as_standard():
    bulkhead = Bulkhead(25)
    await held(bulkhead, A, 7)
    with pytest.raises(TimeoutError):
        await bulkhead.enter(A, NOW)


async def test_greedy_tenants_leave_others_their_own():
    bulkhead = Bulkhead(25)
    for tenant in (A, B):
        bulkhead.allot(tenant, Share(5, 10))
    await held(bulkhead, A, 15)
    await held(bulkhead, B, 5)
    with pytest.raises(TimeoutError):
        await bulkhead.enter(B, NOW)  # its overflow would eat what is kept for others
    await held(bulkhead, C, 2)


async def test_who_waits_enters_when_a_place_is_left_and_in_turn():
    bulkhead = Bulkhead(25)
    await held(bulkhead, A, 7)
    order: list[int] = []

    async def wait(number: int) -> None:
        await bulkhead.enter(A, 5)
        order.append(number)

    waiting = [asyncio.create_task(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    for _ in range(3):
        bulkhead.leave(A)
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2]


async def test_a_place_left_by_one_tenant_wakes_another():
    bulkhead = Bulkhead(10)
    bulkhead.allot(A, Share(1, 20))
    bulkhead.allot(B, Share(1, 20))
    await held(bulkhead, A, 8)
    await bulkhead.enter(B, NOW)
    waiting = asyncio.create_task(bulkhead.enter(B, 5))
    await asyncio.sleep(0)
    bulkhead.leave(A)
    bulkhead.leave(A)
    await waiting


async def test_giving_up_loses_no_place():
    bulkhead = Bulkhead(25)
    await held(bulkhead, A, 7)
    for _ in range(20):
        waiting = asyncio.create_task(bulkhead.enter(A, 5))
        await asyncio.sleep(0)
        bulkhead.leave(A)  # the place is given ...
        waiting.cancel()  # ... to one that leaves at the same moment
        await asyncio.gather(waiting, return_exceptions=True)
        await bulkhead.enter(A, NOW)
    with pytest.raises(TimeoutError):
        await bulkhead.enter(A, NOW)
    for _ in range(7):
        bulkhead.leave(A)
    assert not bulkhead._lines
    assert bulkhead._used == 0


async def test_a_new_share_holds_at_once():
    bulkhead = Bulkhead(25)
    await held(bulkhead, A, 7)
    bulkhead.allot(A, Share(5, 10))
    await bulkhead.enter(A, NOW)
