-- What is asked of documents and saved to be asked again. Of a member who left, the templates
-- stay, for everybody.
create table analysis_templates (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    name text not null check (char_length(name) between 1 and 200),
    spec jsonb not null check (jsonb_typeof(spec) = 'object'),
    shared boolean not null,
    created_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
        on delete set null (created_by)
);
create index analysis_templates_by_tenant on analysis_templates (tenant_id, created_at, id);

create table analyses (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    name text not null check (char_length(name) between 1 and 200),
    kind text not null check (kind in ('summary', 'extract', 'compare', 'classify')),
    spec jsonb not null check (jsonb_typeof(spec) = 'object'),
    -- Where the documents come from, when it was asked for a collection.
    collection_id uuid,
    status text not null default 'queued'
        check (status in ('queued', 'running', 'paused', 'completed', 'failed', 'cancelled')),
    engine text not null,
    -- Of a run that waits or stopped: why.
    error_code text,
    error_message text,
    created_by uuid,
    idempotency_key text check (char_length(idempotency_key) between 1 and 255),
    fingerprint text not null,
    -- Grows with each start of its jobs; jobs of an earlier turn stop.
    turn integer not null default 0,
    -- Times in a row that a part it needs was away.
    stalls integer not null default 0,
    total integer not null default 0,
    done integer not null default 0,
    failed integer not null default 0,
    skipped integer not null default 0,
    rows integer not null default 0,
    filled integer not null default 0,
    not_found integer not null default 0,
    -- What is said over all documents.
    overall jsonb,
    -- What measured estimates come from: characters sent to the model, work on documents.
    characters bigint not null default 0,
    busy_ms bigint not null default 0,
    input_tokens bigint not null default 0,
    output_tokens bigint not null default 0,
    cost_usd numeric(14, 8) not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    unique (tenant_id, id),
    unique (tenant_id, idempotency_key),
    foreign key (tenant_id, collection_id) references collections (tenant_id, id)
        on delete set null (collection_id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
        on delete set null (created_by)
);
create index analyses_by_tenant on analyses (tenant_id, created_at, id);
create index analyses_by_change on analyses (tenant_id, updated_at);
create index analyses_unfinished on analyses (updated_at) where status in ('queued', 'running');

-- How far an analysis is with each document. Like a citation, it outlives the document: it is
-- part of what was found.
create table analysis_documents (
    tenant_id uuid not null,
    analysis_id uuid not null,
    document_id uuid not null,
    document_name text not null,
    ordinal integer not null check (ordinal >= 0),
    status text not null default 'pending'
        check (status in ('pending', 'running', 'done', 'failed', 'skipped')),
    -- Which run of which job holds it: one that was taken for dead must not go on.
    run uuid,
    lane integer,
    attempts integer not null default 0,
    retry_at timestamptz,
    error_code text,
    error_message text,
    -- What was made of it, where that is no row of a table.
    result jsonb,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, analysis_id, document_id),
    foreign key (tenant_id, analysis_id) references analyses (tenant_id, id) on delete cascade
);
create index analysis_documents_in_order
    on analysis_documents (tenant_id, analysis_id, ordinal, document_id);
create index analysis_documents_open
    on analysis_documents (tenant_id, analysis_id, ordinal) where status in ('pending', 'running');

-- Rows of the table, each with its cells and what they rest on.
create table analysis_rows (
    tenant_id uuid not null,
    analysis_id uuid not null,
    ordinal integer not null check (ordinal >= 0),
    item integer not null check (item >= 0),
    document_id uuid not null,
    cells jsonb not null check (jsonb_typeof(cells) = 'object'),
    primary key (tenant_id, analysis_id, ordinal, item),
    foreign key (tenant_id, analysis_id) references analyses (tenant_id, id) on delete cascade
);

-- What a paid call of a model gave, written with its settlement: a job that is repeated finds it.
create table analysis_calls (
    tenant_id uuid not null,
    analysis_id uuid not null,
    key text not null check (char_length(key) = 64),
    document_id uuid,
    output text not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, analysis_id, key),
    foreign key (tenant_id, analysis_id) references analyses (tenant_id, id) on delete cascade
);
create index analysis_calls_by_document on analysis_calls (tenant_id, analysis_id, document_id);
