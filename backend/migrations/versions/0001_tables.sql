-- Every tenant table carries tenant_id, and references between tenant tables carry it too:
-- foreign keys are checked outside row-level security, so a plain one could point across tenants.

create table tenants (
    id uuid primary key,
    name text not null check (char_length(name) between 1 and 200),
    created_at timestamptz not null default now(),
    suspended_at timestamptz
);

create table users (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    email text not null check (char_length(email) <= 320),
    password_hash text not null,
    role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
    created_at timestamptz not null default now(),
    unique (tenant_id, id)
);
create unique index users_email on users (lower(email));
create index users_by_tenant on users (tenant_id, created_at, id);

create table sessions (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    user_agent text not null default '',
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index sessions_by_user on sessions (tenant_id, user_id);

create table refresh_tokens (
    digest bytea primary key check (octet_length(digest) = 32),
    tenant_id uuid not null,
    session_id uuid not null,
    created_at timestamptz not null default now(),
    used_at timestamptz,
    foreign key (tenant_id, session_id) references sessions (tenant_id, id) on delete cascade
);
create index refresh_tokens_by_session on refresh_tokens (tenant_id, session_id);

create table api_keys (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    name text not null check (char_length(name) between 1 and 200),
    prefix text not null,
    digest bytea not null unique check (octet_length(digest) = 32),
    role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index api_keys_by_tenant on api_keys (tenant_id, created_at, id);

create table collections (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    name text not null check (char_length(name) between 1 and 200),
    description text not null default '' check (char_length(description) <= 2000),
    created_at timestamptz not null default now(),
    unique (tenant_id, id)
);
create unique index collections_name on collections (tenant_id, lower(name));
create index collections_by_tenant on collections (tenant_id, created_at, id);

create table documents (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    collection_id uuid,
    name text not null check (char_length(name) between 1 and 255),
    -- The name with case folded, so that a search by name depends on no locale.
    folded_name text not null default '',
    mime_type text not null,
    size_bytes bigint not null check (size_bytes >= 0),
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    storage_key text not null,
    status text not null default 'queued'
        check (status in ('queued', 'processing', 'ready', 'failed')),
    stage text not null default 'queued'
        check (stage in ('queued', 'reading', 'indexing', 'done')),
    progress real not null default 0 check (progress between 0 and 1),
    error_code text,
    error_message text,
    pages integer,
    passages integer,
    -- How many passages, by ordinal, have their vectors stored: where a restart goes on.
    indexed integer not null default 0,
    attempts integer not null default 0,
    -- Which run of the ingest job holds it: one that was taken for dead must not go on.
    run uuid,
    created_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, collection_id) references collections (tenant_id, id),
    check ((status = 'failed') = (error_code is not null))
);
create unique index documents_content
    on documents (tenant_id, collection_id, sha256) nulls not distinct;
create index documents_by_tenant on documents (tenant_id, created_at, id);
create index documents_unfinished on documents (updated_at) where status in ('queued', 'processing');

create table pages (
    tenant_id uuid not null,
    document_id uuid not null,
    number integer not null check (number >= 1),
    text text not null,
    primary key (tenant_id, document_id, number),
    foreign key (tenant_id, document_id) references documents (tenant_id, id) on delete cascade
);

create table passages (
    id uuid primary key,
    tenant_id uuid not null,
    document_id uuid not null,
    ordinal integer not null check (ordinal >= 0),
    page integer not null check (page >= 1),
    start_offset integer not null check (start_offset >= 0),
    end_offset integer not null check (end_offset > start_offset),
    text text not null,
    context text not null default '',
    -- What search falls back on while the vector engine is away.
    words tsvector generated always as
        (to_tsvector('english'::regconfig, context || ' ' || text)) stored,
    unique (tenant_id, document_id, ordinal),
    foreign key (tenant_id, document_id) references documents (tenant_id, id) on delete cascade
);

-- What a delete still has to remove outside the database; written with the delete itself.
create table removals (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    document_id uuid not null,
    storage_key text not null,
    created_at timestamptz not null default now()
);
create index removals_by_tenant on removals (tenant_id);

create table idempotency_keys (
    tenant_id uuid not null references tenants (id) on delete cascade,
    key text not null check (char_length(key) between 1 and 255),
    fingerprint text not null,
    document_ids uuid[] not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, key)
);

create table conversations (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    title text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index conversations_by_user on conversations (tenant_id, user_id, updated_at desc, id);

create table messages (
    id uuid primary key,
    tenant_id uuid not null,
    conversation_id uuid not null,
    role text not null check (role in ('user', 'assistant')),
    content text not null,
    model text,
    input_tokens integer not null default 0,
    output_tokens integer not null default 0,
    cost_usd numeric(14, 8) not null default 0,
    answered boolean,
    degraded boolean not null default false,
    created_at timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, conversation_id) references conversations (tenant_id, id)
        on delete cascade
);
create index messages_by_conversation on messages (tenant_id, conversation_id, created_at, id);

-- A citation outlives its document on purpose: it is part of what was answered.
create table citations (
    tenant_id uuid not null,
    message_id uuid not null,
    number integer not null check (number >= 1),
    document_id uuid not null,
    document_name text not null,
    page integer not null,
    start_offset integer not null,
    end_offset integer not null,
    quote text not null,
    primary key (tenant_id, message_id, number),
    foreign key (tenant_id, message_id) references messages (tenant_id, id) on delete cascade
);
