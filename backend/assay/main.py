"""Builds the API from its parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from assay import __version__
from assay.adapters.asgi import HealthCheck, RequestContext
from assay.adapters.background import running
from assay.adapters.chat import OpenAIChat
from assay.adapters.compression import Compression
from assay.adapters.embeddings import create_embeddings
from assay.adapters.http import describe, install_errors
from assay.adapters.jobs import Jobs
from assay.adapters.lifecycle import Lifecycle
from assay.adapters.metering import task_factory
from assay.adapters.migrations import check_schema
from assay.adapters.outgoing import Outgoing
from assay.adapters.postgres import Database
from assay.adapters.prices import embedding_price
from assay.adapters.redis import Cache
from assay.adapters.storage import Storage
from assay.adapters.telemetry_running import telemetry
from assay.adapters.tenant_cache import Shared
from assay.adapters.vectors import VectorStore
from assay.adapters.web_app import WebApp
from assay.admission.middleware import AdmissionMiddleware
from assay.admission.service import Admission
from assay.analyses import routes as analyses_routes
from assay.analyses import webhooks_routes
from assay.analyses.estimate import Estimator
from assay.analyses.service import Analyses
from assay.analyses.views import ANALYSES
from assay.analyses.webhooks_models import Secrets
from assay.analyses.webhooks_service import Announcements, Webhooks
from assay.answers import routes as answers_routes
from assay.answers.extractive import Extractive
from assay.answers.generative import Generative
from assay.answers.retrieval import Retrieval
from assay.answers.service import Answers
from assay.documents import collections_routes
from assay.documents import routes as documents_routes
from assay.documents.collections_service import Collections
from assay.documents.events import Events
from assay.documents.parsing import Parser
from assay.documents.quota import Quota
from assay.documents.scratch import scratch_folder
from assay.documents.service import Documents
from assay.documents.viewing import PageViews
from assay.identity import audit_routes
from assay.identity import routes as identity_routes
from assay.identity.api_keys import ApiKeys
from assay.identity.audit import AuditLog
from assay.identity.authentication import Authenticator
from assay.identity.key_uses import KeyUses
from assay.identity.members import Members
from assay.identity.passwords import Passwords
from assay.identity.service import Accounts
from assay.identity.tokens import TokenRing
from assay.operations import bill_routes, tenants_routes
from assay.operations import routes as operations_routes
from assay.operations.bill import BillReports, prices_of
from assay.operations.parts import watched_parts
from assay.operations.queue_view import QueueView
from assay.operations.service import Operations
from assay.operations.tenants_service import Tenants
from assay.operations.topology import TopologyView
from assay.search import routes as search_routes
from assay.search.service import Search
from assay.settings import Settings
from assay.usage import routes as usage_routes
from assay.usage.embeddings import TenantEmbeddings
from assay.usage.ledger import Ledger
from assay.usage.recorder import UsageRecorder
from assay.usage.service import Usage

DESCRIPTION = """Upload documents, ask, and get answers whose citations can be checked.

Every error is `application/problem+json` with a stable `code`. Lists are
`{items, next_cursor}`; pass `next_cursor` as `cursor` for the next page."""


def create_app(settings: Settings) -> FastAPI:
    """Return the API; its parts are connected when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with connect(app, settings):
            yield

    app = FastAPI(
        title="Assay",
        version=__version__,
        summary="A multi-tenant AI analyzer",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url="/docs",
        redoc_url=None,
        redirect_slashes=False,  # they would lead to whatever host the request names
    )
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    app.state.lifecycle = Lifecycle(settings.max_requests)
    app.state.metrics_proxied = settings.metrics_proxied
    install_errors(app)
    app.add_middleware(Compression)
    app.add_middleware(HealthCheck)
    app.add_middleware(AdmissionMiddleware, settings=settings)
    app.add_middleware(RequestContext, settings=settings)
    app.include_router(operations_routes.router)
    app.include_router(tenants_routes.router)
    app.include_router(bill_routes.router)
    app.include_router(identity_routes.router)
    app.include_router(audit_routes.router)
    app.include_router(collections_routes.router)
    app.include_router(documents_routes.router)
    app.include_router(documents_routes.events_router)
    app.include_router(search_routes.router)
    app.include_router(answers_routes.router)
    app.include_router(analyses_routes.router)
    app.include_router(webhooks_routes.router)
    app.include_router(usage_routes.router)
    if settings.web_dir is not None:
        app.router.default = WebApp(settings.web_dir)
    return app


@asynccontextmanager
async def connect(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Connect the parts and put the services that routes use into the app's state."""
    database, cache, storage = Database(settings), Cache(settings), Storage(settings)
    tokens, passwords = TokenRing(settings), Passwords()
    model = create_embeddings(settings)
    embeddings = TenantEmbeddings(model, Ledger(database), embedding_price(settings))
    vectors = VectorStore(settings, embeddings.dimensions)
    chat = OpenAIChat(settings) if settings.uses_model else None
    parser = Parser(
        timeout_seconds=settings.parse_timeout_seconds, memory_bytes=settings.parse_memory_bytes
    )
    state = app.state
    try:
        await database.check_role()
        await check_schema(database)
        await vectors.prepare()
        state.database, state.cache, state.passwords = database, cache, passwords
        state.authenticator = Authenticator(database, tokens, settings.session_cache_seconds)
        state.admission = Admission(database, cache, state.authenticator, settings)
        recorder = UsageRecorder(database)
        state.record = recorder.request
        state.usage = Usage(database, settings, embeddings.dimensions)
        state.accounts = Accounts(database, cache, tokens, passwords, settings)
        state.audit, state.key_uses = AuditLog(database), KeyUses(database)
        state.members = Members(database, cache, passwords)
        state.api_keys = ApiKeys(database, cache)
        state.collections = Collections(database)
        state.documents = Documents(
            database, storage, Jobs(), Quota(embeddings.dimensions), settings
        )
        state.events = Events(database, [ANALYSES])
        state.page_views = PageViews(database, storage, parser, scratch_folder(settings))
        shared = Shared(cache, settings.query_cache_seconds)
        state.search = Search(database, embeddings, vectors, shared)
        engine = Generative(chat) if chat else Extractive(embeddings)
        state.answers = Answers(
            database, Retrieval(database, state.search), engine, Ledger(database), shared
        )
        state.analyses, state.webhooks = (
            Analyses(database, Jobs(), Estimator(settings), settings),
            Webhooks(database, Announcements(Jobs()), Outgoing(settings), Secrets(settings)),
        )
        state.tenants = Tenants(database, cache, passwords)
        state.operations = Operations(watched_parts(database, cache, vectors, storage))
        state.bill_reports, state.queue_view = (
            BillReports(database, state.usage.bill, prices_of(settings)),
            QueueView(database, cache),
        )
        state.topology = TopologyView(database, cache, vectors, state.operations, state.admission)
        asyncio.get_running_loop().set_task_factory(task_factory)
        async with telemetry(settings, "api"), running(state.admission.run(), recorder.run()):
            yield
        await state.admission.close()
        await recorder.flush()
    finally:
        if chat:
            await chat.close()
        model.close()
        passwords.close()
        await vectors.close()
        await cache.close()
        await database.close()
