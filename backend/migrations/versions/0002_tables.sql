alter table tenants
    add column tier text not null default 'standard' check (tier in ('standard', 'premium')),
    -- What an operator set for this tenant alone; an absent member means the tier's figure.
    add column limits jsonb not null default '{}' check (jsonb_typeof(limits) = 'object'),
    -- Changes with everything that a search or an answer could find; caches are keyed by it.
    add column corpus_version bigint not null default 0,
    -- Set when an operator deletes the tenant: the worker removes what belongs to it, then the row.
    add column deleted_at timestamptz;

-- Security events. The API may add and read, never change or delete.
create table audit_events (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    created_at timestamptz not null default now(),
    actor_kind text not null check (actor_kind in ('member', 'api_key', 'operator', 'system')),
    actor_id uuid,
    action text not null check (char_length(action) between 1 and 100),
    target text not null default '' check (char_length(target) <= 320),
    address text not null default '' check (char_length(address) <= 45),
    details jsonb not null default '{}' check (jsonb_typeof(details) = 'object')
);
create index audit_events_by_tenant on audit_events (tenant_id, created_at, id);
create index audit_events_logins on audit_events (tenant_id, actor_id, (details ->> 'network'), created_at)
    where action = 'login.succeeded';

-- Counters of an hour, added to every few seconds; money is in model_calls.
create table usage_hours (
    tenant_id uuid not null references tenants (id) on delete cascade,
    hour timestamptz not null check (hour = date_trunc('hour', hour, 'UTC')),
    api_calls bigint not null default 0,
    database_queries bigint not null default 0,
    vector_searches bigint not null default 0,
    compute_us bigint not null default 0,
    -- Bytes held during the hour, as last measured; null while not measured.
    storage_bytes bigint,
    primary key (tenant_id, hour)
);

-- The ledger of money: one row for each call of a paid model. It is reserved before the call at
-- the most that it can cost, settled with what was paid in the transaction that keeps the
-- result, and counted as reserved when a crash came between.
create table model_calls (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    created_at timestamptz not null default now(),
    settled_at timestamptz,
    status text not null default 'reserved' check (status in ('reserved', 'settled', 'lost')),
    purpose text not null check (purpose in ('answer', 'embedding', 'analysis')),
    model text not null,
    user_id uuid,
    input_tokens integer not null default 0 check (input_tokens >= 0),
    output_tokens integer not null default 0 check (output_tokens >= 0),
    cost_usd numeric(14, 8) not null check (cost_usd >= 0)
);
create index model_calls_by_tenant on model_calls (tenant_id, created_at) include (cost_usd);
create index model_calls_reserved on model_calls (created_at) where status = 'reserved';

-- Who runs the service. No role sees these rows; the gate's functions compare digests.
create table operators (
    id uuid primary key,
    name text not null unique check (char_length(name) between 1 and 200),
    digest bytea not null unique check (octet_length(digest) = 32),
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);

-- Deferred to the commit, when all other locks are held: no deadlock over the tenant's row.
create function bump_corpus_version() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public
    as $$
    begin
        update tenants set corpus_version = corpus_version + 1
        where id = coalesce(new.tenant_id, old.tenant_id);
        return null;
    end $$;

create constraint trigger corpus_changed after update on documents
    deferrable initially deferred for each row
    when (old.status is distinct from new.status and 'ready' in (old.status, new.status)
          or old.collection_id is distinct from new.collection_id or old.name <> new.name)
    execute function bump_corpus_version();
create constraint trigger corpus_shrunk after delete on documents
    deferrable initially deferred for each row
    when (old.status = 'ready')
    execute function bump_corpus_version();

-- What open pages ask every second: what changed lately.
create index documents_by_change on documents (tenant_id, updated_at);
