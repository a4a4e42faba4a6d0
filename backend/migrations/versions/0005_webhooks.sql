-- Where a workspace wants to be told of events. The signing secret is derived from a key of the
-- ring and this salt, so the row alone signs nothing.
create table webhooks (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    url text not null check (char_length(url) between 1 and 2000),
    description text not null default '' check (char_length(description) <= 200),
    events text[] not null check (cardinality(events) between 1 and 20),
    key_id text not null,
    salt bytea not null check (octet_length(salt) = 32),
    active boolean not null default true,
    -- Of one that was switched off by itself: why.
    disabled_reason text,
    -- Since when every attempt failed.
    failing_since timestamptz,
    created_by uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (tenant_id, id),
    foreign key (tenant_id, created_by) references users (tenant_id, id)
        on delete set null (created_by)
);
create index webhooks_by_tenant on webhooks (tenant_id, created_at, id);

create table webhook_deliveries (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    webhook_id uuid not null,
    event text not null,
    -- The very bytes that are signed, so that each attempt sends the same.
    body text not null,
    status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
    attempts integer not null default 0,
    response_status integer,
    error text,
    next_attempt_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    foreign key (tenant_id, webhook_id) references webhooks (tenant_id, id) on delete cascade
);
create index webhook_deliveries_by_webhook
    on webhook_deliveries (tenant_id, webhook_id, created_at, id);

do $$
declare
    name text;
begin
    foreach name in array array['webhooks', 'webhook_deliveries'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy tenant on %I to assay_app using (tenant_id = current_tenant())'
            ' with check (tenant_id = current_tenant())', name);
        execute format('grant select, insert, update, delete on %I to assay_app', name);
    end loop;
end $$;
