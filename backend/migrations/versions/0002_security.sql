do $$
declare
    name text;
begin
    foreach name in array array['audit_events', 'usage_hours', 'model_calls', 'operators'] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
    end loop;
    foreach name in array array['audit_events', 'usage_hours', 'model_calls'] loop
        execute format(
            'create policy tenant on %I to assay_app using (tenant_id = current_tenant())'
            ' with check (tenant_id = current_tenant())', name);
        execute format('create policy gate on %I to assay_gate using (true)', name);
    end loop;
end $$;

grant select, insert on audit_events to assay_app;
grant select on usage_hours to assay_app;
grant select, insert on model_calls to assay_app;
grant update (settled_at, status, input_tokens, output_tokens, cost_usd) on model_calls
    to assay_app;

create policy gate on operators for select to assay_gate using (true);
grant select on operators to assay_gate;
-- Whoever migrates also makes operators (`assay operators`); it need not be a superuser.
create policy owner on operators to current_user using (true) with check (true);
grant select, insert on audit_events to assay_gate;
grant select, insert, update on usage_hours to assay_gate;
grant select, update (status) on model_calls to assay_gate;
grant insert, delete on tenants to assay_gate;
grant update (name, tier, limits, corpus_version, suspended_at, deleted_at) on tenants to assay_gate;
grant insert on users to assay_gate;
grant select (size_bytes, passages) on documents to assay_gate;

-- Log-in: the account of an e-mail address, and whether it logged in from this network lately.
drop function gate_account(text);
create function gate_account(email_address text, client_network text)
    returns table (tenant_id uuid, user_id uuid, password_hash text, suspended boolean,
                   known_network boolean)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select u.tenant_id, u.id, u.password_hash, t.suspended_at is not null,
            exists (select from audit_events e
                    where e.action = 'login.succeeded' and e.tenant_id = u.tenant_id
                        and e.actor_id = u.id and e.details ->> 'network' = client_network
                        and e.created_at > now() - interval '30 days')
        from users u join tenants t on t.id = u.tenant_id
        where lower(u.email) = lower(email_address)
    $$;

-- Authentication of an access token: the session behind it, while it is alive.
drop function gate_session(uuid);
create function gate_session(session uuid)
    returns table (tenant_id uuid, user_id uuid, role text, expires_at timestamptz,
                   tier text, limits jsonb)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select s.tenant_id, s.user_id, u.role, s.expires_at, t.tier, t.limits
        from sessions s
        join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
        join tenants t on t.id = s.tenant_id
        where s.id = session and s.revoked_at is null and s.expires_at > now()
            and t.suspended_at is null
    $$;

-- Authentication of an API key, by the SHA-256 of the key.
drop function gate_api_key(bytea);
create function gate_api_key(key_digest bytea)
    returns table (tenant_id uuid, user_id uuid, key_id uuid, role text, user_role text,
                   expires_at timestamptz, tier text, limits jsonb)
    language sql volatile security definer set search_path = pg_catalog, public
    as $$
        update api_keys k set last_used_at = now()
        from tenants t, users u
        where k.digest = key_digest and t.id = k.tenant_id and t.suspended_at is null
            and u.tenant_id = k.tenant_id and u.id = k.user_id
            and (k.expires_at is null or k.expires_at > now())
        returning k.tenant_id, k.user_id, k.id, k.role, u.role, k.expires_at, t.tier, t.limits
    $$;

-- Metering: add the counters that a process gathered, for many tenants in one statement.
-- `counters` is [{tenant_id, hour, api_calls, database_queries, vector_searches, compute_us}].
create function gate_add_usage(counters jsonb) returns void
    language sql volatile security definer set search_path = pg_catalog, public
    as $$
        insert into usage_hours as u
            (tenant_id, hour, api_calls, database_queries, vector_searches, compute_us)
        select c.tenant_id, c.hour, c.api_calls, c.database_queries, c.vector_searches, c.compute_us
        from jsonb_to_recordset(counters) as c
            (tenant_id uuid, hour timestamptz, api_calls bigint, database_queries bigint,
             vector_searches bigint, compute_us bigint)
        join tenants t on t.id = c.tenant_id
        order by c.tenant_id, c.hour
        on conflict (tenant_id, hour) do update set
            api_calls = u.api_calls + excluded.api_calls,
            database_queries = u.database_queries + excluded.database_queries,
            vector_searches = u.vector_searches + excluded.vector_searches,
            compute_us = u.compute_us + excluded.compute_us
    $$;

-- Metering: the bytes that every tenant holds now, for the present hour: its files, and
-- `vector_bytes` for each passage.
create function gate_measure_storage(vector_bytes integer) returns void
    language sql volatile security definer set search_path = pg_catalog, public
    as $$
        insert into usage_hours as u (tenant_id, hour, storage_bytes)
        select t.id, date_trunc('hour', now(), 'UTC'),
            coalesce((select sum(d.size_bytes + coalesce(d.passages, 0) * vector_bytes::bigint)
                      from documents d where d.tenant_id = t.id), 0)
        from tenants t
        order by t.id
        on conflict (tenant_id, hour) do update set storage_bytes = excluded.storage_bytes
    $$;

-- Cost allocation: what all tenants used together, naming none of them.
create function gate_usage_totals(since timestamptz, until timestamptz)
    returns table (api_calls numeric, compute_us numeric, byte_hours numeric)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select coalesce(sum(u.api_calls), 0), coalesce(sum(u.compute_us), 0),
            coalesce(sum(u.storage_bytes), 0)
        from usage_hours u where u.hour >= since and u.hour < until
    $$;

-- The ledger: calls whose process died between reserving and settling stay counted as reserved.
create function gate_lose_model_calls(idle interval) returns bigint
    language sql volatile security definer set search_path = pg_catalog, public
    as $$
        with lost as (
            update model_calls set status = 'lost'
            where status = 'reserved' and created_at < now() - idle returning 1)
        select count(*) from lost
    $$;

-- Deletion of a tenant: those that wait for it and have no job, and its last step.
create function gate_deleted_tenants() returns table (tenant_id uuid)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select t.id from tenants t
        where t.deleted_at is not null
            and not exists (
                select from procrastinate_jobs j
                where j.lock = t.id::text and j.task_name = 'tenants.remove'
                    and j.status in ('todo', 'doing'))
        order by t.deleted_at
    $$;

create function gate_remove_tenant(tenant uuid) returns boolean
    language sql volatile security definer set search_path = pg_catalog, public
    as $$
        with removed as (
            delete from tenants t where t.id = tenant and t.deleted_at is not null returning 1)
        select exists (select from removed)
    $$;
