create index documents_failed on documents (updated_at) where status = 'failed';
create index analyses_failed on analyses (updated_at) where status = 'failed';
create index webhook_deliveries_failed on webhook_deliveries (updated_at) where status = 'failed';

create policy gate on webhook_deliveries for select to assay_gate using (true);
grant select (tenant_id, status, response_status, updated_at) on webhook_deliveries to assay_gate;
grant select (error_code) on documents, analyses to assay_gate;

-- As before, and when each tenant was made, suspended and given up: what it owes depends on it.
drop function gate_operator_usage(bytea, timestamptz, timestamptz);
create function gate_operator_usage(credential bytea, since timestamptz, until timestamptz)
    returns table (tenant_id uuid, name text, tier text, created_at timestamptz,
                   suspended_at timestamptz, deleted_at timestamptz, api_calls numeric,
                   database_queries numeric, vector_searches numeric, compute_us numeric,
                   byte_hours numeric, storage_bytes bigint, input_tokens numeric,
                   output_tokens numeric, model_usd numeric)
    language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
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
            select t.id, t.name, t.tier, t.created_at, t.suspended_at, t.deleted_at,
                coalesce(c.api_calls, 0), coalesce(c.database_queries, 0),
                coalesce(c.vector_searches, 0), coalesce(c.compute_us, 0),
                coalesce(c.byte_hours, 0), coalesce(c.storage_bytes, 0),
                coalesce(m.input_tokens, 0)::numeric, coalesce(m.output_tokens, 0)::numeric,
                coalesce(m.usd, 0)
            from tenants t left join counters c on c.id = t.id left join money m on m.id = t.id
            order by t.created_at, t.id;
    end $$;

-- What failed for good since a moment, counted by tenant and reason: no names, no ids of things,
-- no words of whoever was called.
create function gate_operator_failures(credential bytea, since timestamptz)
    returns table (tenant_id uuid, tenant_name text, kind text, code text, failures bigint,
                   last_at timestamptz)
    language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
    begin
        perform gate_operator(credential);
        return query
            with failed as (
                select d.tenant_id as id, 'document' as kind, d.error_code as code,
                    d.updated_at as at
                from documents d where d.status = 'failed' and d.updated_at >= since
                union all
                select a.tenant_id, 'analysis', coalesce(a.error_code, 'unknown'), a.updated_at
                from analyses a where a.status = 'failed' and a.updated_at >= since
                union all
                select w.tenant_id, 'webhook',
                    coalesce('http_' || w.response_status, 'no_answer'), w.updated_at
                from webhook_deliveries w where w.status = 'failed' and w.updated_at >= since)
            select t.id, t.name, f.kind, f.code, count(*), max(f.at)
            from failed f join tenants t on t.id = f.id
            group by t.id, t.name, f.kind, f.code
            order by max(f.at) desc limit 200;
    end $$;

do $$
declare
    signature text;
begin
    execute 'grant create on schema public to assay_gate';
    foreach signature in array array[
        'gate_operator_usage(bytea, timestamptz, timestamptz)',
        'gate_operator_failures(bytea, timestamptz)'
    ] loop
        execute format('revoke all on function %s from public', signature);
        execute format('alter function %s owner to assay_gate', signature);
        execute format('grant execute on function %s to assay_app', signature);
    end loop;
    execute 'revoke create on schema public from assay_gate';
end $$;
