"""Every setting of Assay, typed and documented, in one place.

Values come from the environment and from a `.env` file in the working directory; the
names in capitals are the public contract.
"""

import hashlib
import ipaddress
import os
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Mode(StrEnum):
    """Where the parts come from."""

    EMBEDDED = "embedded"
    SERVICES = "services"


class Signup(StrEnum):
    """Who may make a workspace."""

    OPEN = "open"
    CLOSED = "closed"


def default_data_dir() -> Path:
    """Return the folder for a laptop's data, by the XDG base directory specification."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "assay"


def built_web_app() -> Path | None:
    """Return the web application that was built in this checkout, if it was."""
    folder = Path(__file__).parents[2] / "frontend" / "dist"
    return folder if (folder / "index.html").is_file() else None


class Settings(BaseSettings):
    """The settings; construct once per process."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # the input holds passwords
    )

    mode: Mode = Field(Mode.EMBEDDED, validation_alias="ASSAY_MODE")
    """`embedded` starts PostgreSQL, Redis and the vector process itself; `services` connects."""
    data_dir: Path = Field(default_factory=default_data_dir, validation_alias="ASSAY_DATA_DIR")
    """Folder of the embedded parts and, without `S3_BUCKET`, of the files."""

    web_dir: Path | None = Field(default_factory=built_web_app, validation_alias="ASSAY_WEB_DIR")
    """Folder of the built web application, served beside the API; none where nginx serves it."""

    host: str = Field("127.0.0.1", validation_alias="HOST")
    """Address that the API binds to."""
    port: int = Field(8000, ge=0, le=65535, validation_alias="PORT")
    """Port of the API; 0 takes a free one."""

    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), validation_alias="ASSAY_SECRET_KEY"
    )
    """Key ring for access tokens, comma separated, 32 characters or more each: the first
    signs, all verify. Embedded mode makes one and keeps it in the data folder."""
    access_token_seconds: int = Field(900, ge=60, validation_alias="ACCESS_TOKEN_SECONDS")
    refresh_token_seconds: int = Field(
        30 * 24 * 3600, ge=3600, validation_alias="REFRESH_TOKEN_SECONDS"
    )
    session_cache_seconds: int = Field(3600, ge=1, validation_alias="SESSION_TTL")
    """How long a session stays in the cache after it was read (seed: 3600)."""
    query_cache_seconds: int = Field(300, ge=1, validation_alias="QUERY_CACHE_TTL")
    """How long searches and answers are kept (seed: 300); a changed corpus ends them at once."""
    signup: Signup = Field(Signup.OPEN, validation_alias="SIGNUP")

    postgres_host: str = Field("", validation_alias="POSTGRES_HOST")
    postgres_port: int = Field(5432, validation_alias="POSTGRES_PORT")
    postgres_db: str = Field("assay", validation_alias="POSTGRES_DB")
    postgres_user: str = Field("assay_app", validation_alias="POSTGRES_USER")
    """Login role of the API (`assay_app`) or of the worker (`assay_worker`). It owns no table."""
    postgres_password: SecretStr = Field(SecretStr(""), validation_alias="POSTGRES_PASSWORD")
    postgres_owner_user: str = Field("", validation_alias="POSTGRES_OWNER_USER")
    """Role that `assay migrate` connects as; it may create roles."""
    postgres_owner_password: SecretStr = Field(
        SecretStr(""), validation_alias="POSTGRES_OWNER_PASSWORD"
    )
    postgres_app_password: SecretStr = Field(
        SecretStr(""), validation_alias="POSTGRES_APP_PASSWORD"
    )
    """Password that `assay migrate` gives to `assay_app`."""
    postgres_worker_password: SecretStr = Field(
        SecretStr(""), validation_alias="POSTGRES_WORKER_PASSWORD"
    )
    """Password that `assay migrate` gives to `assay_worker`."""
    postgres_programs: Path | None = Field(None, validation_alias="POSTGRES_PROGRAMS")
    """Folder of the PostgreSQL programs for embedded mode; the bundled ones when absent."""
    pool_size: int = Field(10, ge=1, validation_alias="DB_POOL_SIZE")
    pool_max_overflow: int = Field(15, ge=0, validation_alias="DB_MAX_OVERFLOW")
    pool_timeout_seconds: float = Field(30, gt=0, validation_alias="DB_POOL_TIMEOUT")
    pool_recycle_seconds: int = Field(1800, validation_alias="DB_POOL_RECYCLE")
    statement_timeout_ms: int = Field(15_000, ge=1, validation_alias="DB_STATEMENT_TIMEOUT_MS")
    """Longest a single statement of the API or the worker may run."""

    redis_host: str = Field("", validation_alias="REDIS_HOST")
    redis_reader_host: str = Field("", validation_alias="REDIS_READER_HOST")
    """Replica for reads that may be a moment behind; without one the primary answers them."""
    redis_port: int = Field(6379, validation_alias="REDIS_PORT")
    redis_password: SecretStr = Field(SecretStr(""), validation_alias="REDIS_PASSWORD")
    redis_tls: bool = Field(False, validation_alias="REDIS_TLS")  # noqa: FBT003
    redis_server: Path | None = Field(None, validation_alias="REDIS_SERVER")
    """Path of a Redis server program for embedded mode; found by itself when absent."""

    qdrant_host: str = Field("", validation_alias="QDRANT_HOST")
    """Address of Qdrant, or of each of its cluster's nodes: `host` or `host:port`, comma
    separated. Any node serves any call."""
    qdrant_port: int = Field(6333, validation_alias="QDRANT_PORT")
    """Port of the nodes that name none."""
    qdrant_api_key: SecretStr = Field(SecretStr(""), validation_alias="QDRANT_API_KEY")
    qdrant_tls: bool = Field(False, validation_alias="QDRANT_TLS")  # noqa: FBT003
    qdrant_key_in_clear: bool = Field(False, validation_alias="QDRANT_KEY_IN_CLEAR")  # noqa: FBT003
    """Allow the API key to cross a network without TLS, inside a private subnet."""
    qdrant_timeout_seconds: float = Field(5, gt=0, validation_alias="QDRANT_TIMEOUT")
    """How long one node may take over a call that writes or counts."""
    qdrant_search_timeout_seconds: float = Field(2, gt=0, validation_alias="QDRANT_SEARCH_TIMEOUT")
    """How long one node may take over a search; full text answers in its stead."""
    qdrant_check_seconds: float = Field(30, gt=0, validation_alias="QDRANT_CHECK_INTERVAL")
    """Time between two health checks of every node."""
    qdrant_check_timeout_seconds: float = Field(5, gt=0, validation_alias="QDRANT_CHECK_TIMEOUT")
    qdrant_unhealthy_checks: int = Field(3, ge=1, validation_alias="QDRANT_UNHEALTHY_THRESHOLD")
    """Failed checks in a row that take a node out."""
    qdrant_healthy_checks: int = Field(2, ge=1, validation_alias="QDRANT_HEALTHY_THRESHOLD")
    """Good checks in a row that bring it back."""
    qdrant_breaker_failures: int = Field(5, ge=1, validation_alias="QDRANT_BREAKER_FAILURES")
    """Connection failures in a row after which a node is left alone."""
    qdrant_breaker_seconds: float = Field(30, gt=0, validation_alias="QDRANT_BREAKER_SECONDS")
    """For how long; then one call is let through."""

    s3_bucket: str = Field("", validation_alias="S3_BUCKET")
    """Bucket of the uploaded files; without it they lie in `ASSAY_DATA_DIR/files`."""
    s3_endpoint: str = Field("", validation_alias="S3_ENDPOINT")
    aws_region: str = Field("us-east-1", validation_alias="AWS_REGION")

    openai_api_key: SecretStr = Field(SecretStr(""), validation_alias="OPENAI_API_KEY")
    openai_base_url: str = Field("", validation_alias="OPENAI_BASE_URL")
    chat_model: str = Field("gpt-4.1-mini", validation_alias="CHAT_MODEL")
    """Asked when `OPENAI_API_KEY` or `OPENAI_BASE_URL` is set; else answers are extractive."""
    chat_price_input: Decimal | None = Field(None, ge=0, validation_alias="CHAT_PRICE_INPUT")
    """USD for a million input tokens, where the price table does not know better."""
    chat_price_output: Decimal | None = Field(None, ge=0, validation_alias="CHAT_PRICE_OUTPUT")
    """USD for a million output tokens."""
    chat_timeout_seconds: float = Field(60, gt=0, validation_alias="CHAT_TIMEOUT")
    embedding_model: str = Field("local", validation_alias="EMBEDDING_MODEL")
    """`local` (all-MiniLM-L6-v2 in the process) or a model of the OpenAI API."""
    embedding_price: Decimal | None = Field(None, ge=0, validation_alias="EMBEDDING_PRICE")
    """USD for a million tokens, where the price table does not know better."""
    embedding_dimensions: int = Field(384, ge=8, validation_alias="EMBEDDING_DIMENSIONS")
    """Length of the vectors asked of a model of the OpenAI API; a collection has one length."""

    trusted_proxies: int = Field(0, ge=0, validation_alias="TRUSTED_PROXIES")
    """Proxies of ours in front, whose entries in `X-Forwarded-For` are believed: 1 behind the
    load balancer, 2 with CloudFront before it."""
    anonymous_per_minute: int = Field(60, ge=1, validation_alias="ANONYMOUS_PER_MINUTE")
    """Calls without a tenant (sign-up, log-in, refresh, wrong keys, operators) of one address."""
    open_per_minute: int = Field(1200, ge=1, validation_alias="OPEN_PER_MINUTE")
    """Static files and pages of one address, counted by each process."""
    probes_per_minute: int = Field(600, ge=1, validation_alias="PROBES_PER_MINUTE")
    """Calls of `/health`, `/ready` and `/metrics` by one address, counted by each process."""
    api_processes: int = Field(1, ge=1, validation_alias="API_PROCESSES")
    """API processes at the start; later they count each other through Redis. While it is away,
    each grants its part of a tenant's limits."""

    monthly_compute_usd: Decimal = Field(Decimal(0), ge=0, validation_alias="MONTHLY_COMPUTE_USD")
    """Part of the infrastructure's monthly bill that is divided by processor time."""
    monthly_storage_usd: Decimal = Field(Decimal(0), ge=0, validation_alias="MONTHLY_STORAGE_USD")
    """Part of the bill that is divided by bytes held."""
    monthly_api_usd: Decimal = Field(Decimal(0), ge=0, validation_alias="MONTHLY_API_USD")
    """Part of the bill that is divided by requests."""
    price_standard_usd: Decimal | None = Field(
        None, ge=0, validation_alias="MONTHLY_PRICE_STANDARD_USD"
    )
    """What a tenant of this tier pays in a month; unknown, there is no margin to tell."""
    price_premium_usd: Decimal | None = Field(
        None, ge=0, validation_alias="MONTHLY_PRICE_PREMIUM_USD"
    )

    max_file_bytes: int = Field(64 * 1024 * 1024, ge=1, validation_alias="MAX_FILE_BYTES")
    """Largest single file accepted."""
    max_files_per_upload: int = Field(100, ge=1, validation_alias="MAX_FILES_PER_UPLOAD")
    max_json_bytes: int = Field(256 * 1024, ge=1024, validation_alias="MAX_JSON_BYTES")
    """Largest request body other than an upload."""
    parse_timeout_seconds: int = Field(120, ge=1, validation_alias="PARSE_TIMEOUT")
    """Wall-clock limit of the parser process for one file."""
    parse_memory_bytes: int = Field(2 * 1024**3, ge=128 * 1024**2, validation_alias="PARSE_MEMORY")
    """Address-space limit of the parser process for one file."""
    worker_concurrency: int = Field(2, ge=1, validation_alias="WORKER_CONCURRENCY")
    """Documents ingested at once by one worker; analyses have places of their own."""
    analysis_concurrency: int = Field(4, ge=1, validation_alias="ANALYSIS_CONCURRENCY")
    """Jobs of analyses at once in one worker; most of them wait for a model or a process."""
    analysis_lanes: int = Field(2, ge=1, le=16, validation_alias="ANALYSIS_LANES")
    """Of those, how many may be one tenant's."""
    analysis_model_calls: int = Field(4, ge=1, le=64, validation_alias="ANALYSIS_MODEL_CALLS")
    """Documents that one such job has under way at once where a language model is asked."""
    analysis_processes: int = Field(2, ge=1, validation_alias="ANALYSIS_PROCESSES")
    """Processes of low priority in which one worker reads documents without a model."""
    analysis_timeout_seconds: int = Field(60, ge=1, validation_alias="ANALYSIS_TIMEOUT")
    """Longest that such a process may take over one document."""
    analysis_memory_bytes: int = Field(
        1024**3, ge=128 * 1024**2, validation_alias="ANALYSIS_MEMORY"
    )
    """Address-space limit of such a process."""
    export_processes: int = Field(4, ge=1, validation_alias="EXPORT_PROCESSES")
    """Files of tables that one API process has written at once, each in a process of its own."""
    analysis_max_documents: int = Field(10_000, ge=1, validation_alias="ANALYSIS_MAX_DOCUMENTS")
    """Documents of one analysis."""
    analysis_prompt_tokens: int = Field(24_000, ge=2_000, validation_alias="ANALYSIS_PROMPT_TOKENS")
    """Text of a document that one call of a model is given, about; a longer one is read in parts,
    or by what retrieval finds in it."""
    sole_worker: bool = Field(False, validation_alias="ASSAY_SOLE_WORKER")  # noqa: FBT003
    """No other worker exists, so at its start every job marked running belongs to a dead one."""
    jobs_listen: bool = Field(True, validation_alias="JOBS_LISTEN")  # noqa: FBT003
    """Whether the worker waits by LISTEN; it must poll behind PgBouncer's transaction mode."""

    webhook_private_networks: Annotated[
        tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...], NoDecode
    ] = Field((), validation_alias="WEBHOOK_PRIVATE_NETWORKS")
    """Networks, comma separated (`10.1.0.0/16`), that webhooks may reach although they are not
    public; with any, webhooks may use plain HTTP. None by default."""
    webhook_concurrency: int = Field(4, ge=1, validation_alias="WEBHOOK_CONCURRENCY")
    """Deliveries at once by one worker."""

    keepalive_seconds: int = Field(75, ge=1, validation_alias="KEEPALIVE")
    """How long a connection may be idle between two requests: longer than the 60 s after which
    the load balancer lets go of it (seed: 2; `docs/decisions/0010`)."""
    workers: int = Field(1, ge=1, le=1, validation_alias="WORKERS")
    """Processes that serve in one container (seed: 1). More containers serve more; another figure
    is refused rather than passed over."""
    max_requests: int = Field(0, ge=0, validation_alias="MAX_REQUESTS")
    """Requests, give or take a tenth, after which an API process drains and ends; 0: never
    (seed: 1000; `docs/decisions/0011`)."""
    request_timeout_seconds: float = Field(30, gt=0, validation_alias="REQUEST_TIMEOUT")
    """Longest until an answer begins, but for uploads; then 503 `timed_out`."""
    drain_seconds: float | None = Field(None, ge=0, validation_alias="DRAIN_SECONDS")
    """How long `/health` fails at the end, while all is still served, so that the load balancer
    turns away before the listener closes. Unless set: 10 in `services` mode, 0 in embedded."""
    shutdown_seconds: int = Field(25, ge=1, validation_alias="SHUTDOWN_SECONDS")
    """From SIGTERM to the end, draining included; Fargate kills after 30."""

    environment: str = Field("development", min_length=1, validation_alias="ENVIRONMENT")
    """Name of the installation in metrics and traces."""
    log_level: str = Field("INFO", validation_alias="LOG_LEVEL")
    slow_query_ms: int = Field(500, ge=0, validation_alias="SLOW_QUERY_MS")
    """Statements that take as long are logged, with their tenant and without their values."""
    metrics_proxied: bool = Field(False, validation_alias="METRICS_PROXIED")  # noqa: FBT003
    """Answer `/metrics` also to requests that came through a proxy."""
    metrics_emf: bool = Field(False, validation_alias="METRICS_EMF")  # noqa: FBT003
    """Write metrics to standard output for CloudWatch, in its embedded metric format."""
    metrics_emf_seconds: float = Field(60, gt=0, validation_alias="METRICS_EMF_SECONDS")
    otlp_endpoint: str = Field("", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    """Base address of an OpenTelemetry collector (OTLP over HTTP); traces are sent when set."""

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_ring(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("webhook_private_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("secret_keys")
    @classmethod
    def _long_enough(cls, ring: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < MIN_SECRET_LENGTH for key in ring):
            msg = f"every key in ASSAY_SECRET_KEY needs {MIN_SECRET_LENGTH} characters or more"
            raise ValueError(msg)
        return ring

    @model_validator(mode="after")
    def _services_are_named(self) -> Self:
        """Refuse to guess: a forgotten host must not start a database on a task's disk."""
        if self.mode is Mode.EMBEDDED:
            return self
        wanted = {
            "POSTGRES_HOST": self.postgres_host,
            "REDIS_HOST": self.redis_host,
            "QDRANT_HOST": self.qdrant_host,
        }
        missing = [name for name, value in wanted.items() if not value]
        if missing:
            msg = f"ASSAY_MODE=services needs {', '.join(missing)}; set them, or use embedded mode"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _vectors_key_is_kept(self) -> Self:
        """Refuse to send a key where others may read it."""
        far = [host for host, _ in self.qdrant_nodes if not _is_loopback(host)]
        sends_key = bool(self.qdrant_api_key.get_secret_value())
        if far and sends_key and not (self.qdrant_tls or self.qdrant_key_in_clear):
            msg = (
                f"QDRANT_API_KEY would cross the network unencrypted to {', '.join(far)}; set "
                "QDRANT_TLS=true, or in a private subnet QDRANT_KEY_IN_CLEAR=true"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _drains_before_it_ends(self) -> Self:
        if (self.drain_seconds or 0) >= self.shutdown_seconds:
            msg = "DRAIN_SECONDS is part of SHUTDOWN_SECONDS and has to be less"
            raise ValueError(msg)
        return self

    @property
    def qdrant_nodes(self) -> tuple[tuple[str, int], ...]:
        """Host and port of each node in `QDRANT_HOST`."""
        parts = [part.strip() for part in self.qdrant_host.split(",")]
        return tuple(_host_and_port(part, self.qdrant_port) for part in parts if part)

    @property
    def uses_model(self) -> bool:
        """Whether a chat model is asked, rather than the extractive engine."""
        return bool(self.openai_api_key.get_secret_value() or self.openai_base_url)


MIN_SECRET_LENGTH = 32


def key_id(key: SecretStr) -> str:
    """Return the public `kid` of a signing key: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(key.get_secret_value().encode()).hexdigest()[:12]


def _host_and_port(text: str, port: int) -> tuple[str, int]:
    """Read `host`, `host:port` or `[address]:port`.

    :raises ValueError: it is none of these.
    """
    try:
        address = urlsplit(f"//{text}")
        if address.hostname and address.netloc == text and "@" not in text:
            return address.hostname, address.port or port
    except ValueError:  # a port that is no number
        pass
    msg = f"QDRANT_HOST takes host or host:port, comma separated, and not {text!r}"
    raise ValueError(msg)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
