-- What an operator does across tenants. Each function takes the SHA-256 of the operator's key and
-- compares it itself: the API's role, even with statements of an attacker's choosing, cannot list
-- or change tenants without a key that it does not hold.

create function gate_operator(credential bytea) returns uuid
    language plpgsql stable security definer set search_path = pg_catalog, public
    as $$
    declare
        operator uuid;
    begin
        select o.id into operator from operators o
        where o.digest = credential and o.revoked_at is null;
        if operator is null then
            raise exception 'not an operator' using errcode = '28000';
        end if;
        return operator;
    end $$;

create function gate_operator_tenants(
        credential bytea, tenant uuid, words text, after_at timestamptz, after_id uuid, most integer)
    returns table (id uuid, name text, tier text, limits jsonb, created_at timestamptz,
                   suspended_at timestamptz, deleted_at timestamptz, members bigint,
                   documents bigint, file_bytes bigint, passages bigint)
    language plpgsql stable security definer set search_path = pg_catalog, public
    as $$
    begin
        perform gate_operator(credential);
        return query
            select t.id, t.name, t.tier, t.limits, t.created_at, t.suspended_at, t.deleted_at,
                (select count(*) from users u where u.tenant_id = t.id),
                (select count(*) from documents d where d.tenant_id = t.id),
                (select coalesce(sum(d.size_bytes), 0)::bigint from documents d
                    where d.tenant_id = t.id),
                (select coalesce(sum(d.passages), 0)::bigint from documents d
                    where d.tenant_id = t.id)
            from tenants t
            where (tenant is null or t.id = tenant)
                and (words is null or position(lower(words) in lower(t.name)) > 0)
                and (after_at is null or (t.created_at, t.id) > (after_at, after_id))
            order by t.created_at, t.id limit most;
    end $$;

create function gate_operator_create_tenant(
        credential bytea, tenant uuid, tenant_name text, tenant_tier text, tenant_limits jsonb,
        owner_id uuid, owner_email text, owner_password_hash text)
    returns void
    language plpgsql volatile security definer set search_path = pg_catalog, public
    as $$
    declare
        operator uuid := gate_operator(credential);
    begin
        insert into tenants (id, name, tier, limits)
            values (tenant, tenant_name, tenant_tier, jsonb_strip_nulls(tenant_limits));
        insert into users (id, tenant_id, email, password_hash, role)
            values (owner_id, tenant, owner_email, owner_password_hash, 'owner');
        insert into audit_events (id, tenant_id, actor_kind, actor_id, action, target)
            values (gen_random_uuid(), tenant, 'operator', operator, 'tenant.created', tenant::text);
    end $$;

-- Null leaves a value as it is, and so does an absent member of the limits; a member that is null
-- gives its limit back to the tier. False when there is no such tenant, or it is being deleted.
create function gate_operator_change_tenant(
        credential bytea, tenant uuid, new_name text, new_tier text, new_limits jsonb,
        suspend boolean)
    returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, public
    as $$
    declare
        operator uuid := gate_operator(credential);
        before tenants;
        limits_after jsonb;
    begin
        select * into before from tenants t
        where t.id = tenant and t.deleted_at is null for update;
        if not found then
            return false;
        end if;
        limits_after := jsonb_strip_nulls(before.limits || coalesce(new_limits, '{}'));
        update tenants t set name = coalesce(new_name, t.name), tier = coalesce(new_tier, t.tier),
            limits = limits_after,
            suspended_at = case when suspend then coalesce(t.suspended_at, now())
                                when not suspend then null else t.suspended_at end
        where t.id = tenant;
        insert into audit_events (id, tenant_id, actor_kind, actor_id, action, target, details)
        select gen_random_uuid(), tenant, 'operator', operator, change.action, tenant::text,
            change.details
        from (values
            ('tenant.renamed', new_name <> before.name, '{}'::jsonb),
            ('tenant.tier_changed', new_tier <> before.tier,
                jsonb_build_object('before', before.tier, 'after', new_tier)),
            ('tenant.limits_changed', limits_after <> before.limits,
                jsonb_build_object('before', before.limits, 'after', limits_after)),
            ('tenant.suspended', suspend and before.suspended_at is null, '{}'::jsonb),
            ('tenant.resumed', not suspend and before.suspended_at is not null, '{}'::jsonb)
        ) as change (action, happened, details)
        where change.happened;
        return true;
    end $$;

create function gate_operator_delete_tenant(credential bytea, tenant uuid) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, public
    as $$
    begin
        perform gate_operator(credential);
        update tenants t set deleted_at = now(), suspended_at = coalesce(t.suspended_at, now())
        where t.id = tenant and t.deleted_at is null;
        return found;
    end $$;

-- Usage of every tenant between two moments. Storage counts as byte-hours, of the hours in which
-- a worker measured it.
create function gate_operator_usage(credential bytea, since timestamptz, until timestamptz)
    returns table (tenant_id uuid, name text, tier text, api_calls numeric,
                   database_queries numeric, vector_searches numeric, compute_us numeric,
                   byte_hours numeric, storage_bytes bigint, input_tokens numeric,
                   output_tokens numeric, model_usd numeric)
    language plpgsql stable security definer set search_path = pg_catalog, public
    as $$
    begin
        perform gate_operator(credential);
        return query
            with counters as (
                select u.tenant_id as id, sum(u.api_calls) as api_calls,
                    sum(u.database_queries) as database_queries,
                    sum(u.vector_searches) as vector_searches, sum(u.compute_us) as compute_us,
                    sum(u.storage_bytes) as byte_hours,
                    (array_agg(u.storage_bytes order by u.hour desc)
                        filter (where u.storage_bytes is not null))[1] as storage_bytes
                from usage_hours u where u.hour >= since and u.hour < until group by u.tenant_id),
            money as (
                select m.tenant_id as id, sum(m.input_tokens) as input_tokens,
                    sum(m.output_tokens) as output_tokens, sum(m.cost_usd) as usd
                from model_calls m where m.created_at >= since and m.created_at < until
                group by m.tenant_id)
            select t.id, t.name, t.tier, coalesce(c.api_calls, 0), coalesce(c.database_queries, 0),
                coalesce(c.vector_searches, 0), coalesce(c.compute_us, 0),
                coalesce(c.byte_hours, 0), coalesce(c.storage_bytes, 0),
                coalesce(m.input_tokens, 0)::numeric, coalesce(m.output_tokens, 0)::numeric,
                coalesce(m.usd, 0)
            from tenants t left join counters c on c.id = t.id left join money m on m.id = t.id
            order by t.created_at, t.id;
    end $$;

do $$
declare
    signature text;
begin
    execute 'grant create on schema public to assay_gate';
    for signature in
        select p.oid::regprocedure::text from pg_proc p
        where p.pronamespace = 'public'::regnamespace
            and (p.proname like 'gate\_%'
                or p.proname in ('bump_corpus_version', 'procrastinate_defer_jobs_v1'))
    loop
        -- Unless it is named, `pg_temp` is looked at first, and with it tables of the caller's own.
        execute format('alter function %s set search_path = pg_catalog, public, pg_temp', signature);
        execute format('revoke all on function %s from public', signature);
        execute format('alter function %s owner to assay_gate', signature);
    end loop;
    execute 'revoke create on schema public from assay_gate';
    -- Nothing of Assay makes temporary objects.
    execute format('revoke temporary on database %I from public', current_database());
end $$;

grant execute on function gate_account, gate_session, gate_api_key, gate_add_usage,
    gate_usage_totals, gate_operator,
    gate_operator_tenants, gate_operator_create_tenant, gate_operator_change_tenant,
    gate_operator_delete_tenant, gate_operator_usage to assay_app;
grant execute on function gate_measure_storage, gate_lose_model_calls, gate_deleted_tenants,
    gate_remove_tenant to assay_worker;
