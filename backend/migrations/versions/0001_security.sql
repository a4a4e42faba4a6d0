-- Roles: assay_app (API) and assay_worker (worker, inherits assay_app) log in, own nothing and
-- cannot bypass row-level security. assay_gate cannot log in; it owns the SECURITY DEFINER
-- functions below, the only way to act before a tenant is known or across tenants.

create function current_tenant() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.tenant', true), '')::uuid;

do $$
declare
    name text;
begin
    foreach name in array array[
        'users', 'sessions', 'refresh_tokens', 'api_keys', 'collections', 'documents', 'pages',
        'passages', 'removals', 'idempotency_keys', 'conversations', 'messages', 'citations'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy tenant on %I to assay_app using (tenant_id = current_tenant())'
            ' with check (tenant_id = current_tenant())', name);
        execute format('grant select, insert, update, delete on %I to assay_app', name);
    end loop;
end $$;

alter table tenants enable row level security;
alter table tenants force row level security;
create policy tenant on tenants to assay_app
    using (id = current_tenant()) with check (id = current_tenant());
grant select, insert on tenants to assay_app;
grant update (name) on tenants to assay_app;

-- The gate sees what its functions need, and no document text.
create policy gate on tenants to assay_gate using (true);
create policy gate on users to assay_gate using (true);
create policy gate on sessions to assay_gate using (true);
create policy gate on refresh_tokens to assay_gate using (true);
create policy gate on api_keys to assay_gate using (true);
create policy gate on documents for select to assay_gate using (true);
create policy gate on removals for select to assay_gate using (true);
grant select on tenants, users, sessions, refresh_tokens, api_keys, removals to assay_gate;
grant update (revoked_at) on sessions to assay_gate;
grant update (used_at) on refresh_tokens to assay_gate;
grant insert on refresh_tokens to assay_gate;
grant update (last_used_at) on api_keys to assay_gate;
grant select (id, tenant_id, status, storage_key, updated_at) on documents to assay_gate;
-- The gate runs job functions for the API; it may put jobs in, and nothing else.
grant insert, select on procrastinate_jobs to assay_gate;
grant insert, select on procrastinate_events to assay_gate;
grant usage on all sequences in schema public to assay_gate;

-- Log-in: the account of an e-mail address.
create function gate_account(address text)
    returns table (tenant_id uuid, user_id uuid, password_hash text, suspended boolean)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select u.tenant_id, u.id, u.password_hash, t.suspended_at is not null
        from users u join tenants t on t.id = u.tenant_id
        where lower(u.email) = lower(address)
    $$;

-- Authentication of an access token: the session behind it, while it is alive.
create function gate_session(session uuid)
    returns table (tenant_id uuid, user_id uuid, role text, expires_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select s.tenant_id, s.user_id, u.role, s.expires_at
        from sessions s
        join users u on u.tenant_id = s.tenant_id and u.id = s.user_id
        join tenants t on t.id = s.tenant_id
        where s.id = session and s.revoked_at is null and s.expires_at > now()
            and t.suspended_at is null
    $$;

-- Authentication of an API key, by the SHA-256 of the key.
create function gate_api_key(key_digest bytea)
    returns table (tenant_id uuid, user_id uuid, key_id uuid, role text, user_role text,
                   expires_at timestamptz)
    language sql volatile security definer set search_path = pg_catalog, public
    as $$
        update api_keys k set last_used_at = now()
        from tenants t, users u
        where k.digest = key_digest and t.id = k.tenant_id and t.suspended_at is null
            and u.tenant_id = k.tenant_id and u.id = k.user_id
            and (k.expires_at is null or k.expires_at > now())
        returning k.tenant_id, k.user_id, k.id, k.role, u.role, k.expires_at
    $$;

-- Refresh: spend a token for its successor. A token that was spent before is in two hands,
-- so its whole family (the session) is revoked. `outcome` is rotated, reused or unknown.
create function gate_rotate(old_digest bytea, new_digest bytea)
    returns table (outcome text, tenant_id uuid, user_id uuid, session_id uuid)
    language plpgsql volatile security definer set search_path = pg_catalog, public
    as $$
    declare
        token refresh_tokens;
        session sessions;
    begin
        select * into token from refresh_tokens r where r.digest = old_digest for update;
        if not found then
            return query select 'unknown', null::uuid, null::uuid, null::uuid;
            return;
        end if;
        select * into session from sessions s where s.id = token.session_id;
        if token.used_at is not null then
            update sessions s set revoked_at = coalesce(s.revoked_at, now()) where s.id = session.id;
            return query select 'reused', session.tenant_id, session.user_id, session.id;
            return;
        end if;
        if session.revoked_at is not null or session.expires_at <= now()
            or exists (select from tenants t
                       where t.id = session.tenant_id and t.suspended_at is not null) then
            return query select 'unknown', null::uuid, null::uuid, null::uuid;
            return;
        end if;
        update refresh_tokens r set used_at = now() where r.digest = old_digest;
        insert into refresh_tokens (digest, tenant_id, session_id)
            values (new_digest, session.tenant_id, session.id);
        return query select 'rotated', session.tenant_id, session.user_id, session.id;
    end $$;

-- Sweeps: ids only, so that the worker can open each tenant's scope and mend what a crash left.
-- A live job is found by its lock, which is the document's id.
create function gate_unfinished(idle interval)
    returns table (tenant_id uuid, document_id uuid)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select d.tenant_id, d.id from documents d
        where d.status in ('queued', 'processing') and d.updated_at < now() - idle
            and not exists (
                select from procrastinate_jobs j
                where j.lock = d.id::text and j.task_name = 'documents.ingest'
                    and j.status in ('todo', 'doing'))
        order by d.updated_at limit 1000
    $$;

create function gate_removals(idle interval)
    returns table (tenant_id uuid, removal_id uuid, document_id uuid)
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select r.tenant_id, r.id, r.document_id from removals r
        where r.created_at < now() - idle
            and not exists (
                select from procrastinate_jobs j
                where j.lock = r.document_id::text and j.task_name = 'documents.remove'
                    and j.status in ('todo', 'doing'))
        order by r.created_at limit 1000
    $$;

create function gate_tenants() returns table (tenant_id uuid)
    language sql stable security definer set search_path = pg_catalog, public
    as $$ select t.id from tenants t $$;

create function gate_has_blob(keys text[]) returns setof text
    language sql stable security definer set search_path = pg_catalog, public
    as $$
        select d.storage_key from documents d where d.storage_key = any (keys)
        union all
        select r.storage_key from removals r where r.storage_key = any (keys)
    $$;

alter function procrastinate_defer_jobs_v1 security definer;
alter function procrastinate_defer_jobs_v1 set search_path = pg_catalog, public;

do $$
declare
    signature text;
begin
    execute 'grant create on schema public to assay_gate';
    for signature in
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace = 'public'::regnamespace
            and (p.proname like 'gate\_%' or p.proname = 'procrastinate_defer_jobs_v1')
    loop
        execute format('revoke all on function %s from public', signature);
        execute format('alter function %s owner to assay_gate', signature);
    end loop;
    execute 'revoke create on schema public from assay_gate';
end $$;

grant execute on function gate_account, gate_session, gate_api_key, gate_rotate,
    procrastinate_defer_jobs_v1 to assay_app;
grant execute on function gate_unfinished, gate_removals, gate_tenants, gate_has_blob
    to assay_worker;

-- The worker runs the queue.
grant select, insert, update, delete on procrastinate_jobs, procrastinate_events,
    procrastinate_periodic_defers, procrastinate_workers to assay_worker;
grant usage on all sequences in schema public to assay_worker;

-- Both may see which version of the schema they meet.
grant select on alembic_version to assay_app;
