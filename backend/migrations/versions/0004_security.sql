do $$
declare
    name text;
begin
    foreach name in array array[
        'analysis_templates', 'analyses', 'analysis_documents', 'analysis_rows', 'analysis_calls'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format(
            'create policy tenant on %I to assay_app using (tenant_id = current_tenant())'
            ' with check (tenant_id = current_tenant())', name);
        execute format('grant select, insert, update, delete on %I to assay_app', name);
    end loop;
end $$;

create policy gate on analyses for select to assay_gate using (true);
grant select (id, tenant_id, status, turn, updated_at) on analyses to assay_gate;

-- Sweep: analyses that should run and have no job, by id only. Those of a suspended tenant rest.
create function gate_unfinished_analyses(idle interval)
    returns table (tenant_id uuid, analysis_id uuid)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select a.tenant_id, a.id
        from analyses a join tenants t on t.id = a.tenant_id
        where a.status in ('queued', 'running') and a.updated_at < now() - idle
            and t.suspended_at is null and t.deleted_at is null
            and not exists (
                select from procrastinate_jobs j
                where j.task_name = 'analyses.run' and j.args ->> 'analysis_id' = a.id::text
                    and j.args ->> 'lane' = '0' and (j.args ->> 'turn')::integer = a.turn
                    and j.status in ('todo', 'doing'))
        order by a.updated_at limit 1000
    $$;

grant create on schema public to assay_gate;
revoke all on function gate_unfinished_analyses(interval) from public;
alter function gate_unfinished_analyses(interval) owner to assay_gate;
revoke create on schema public from assay_gate;
grant execute on function gate_unfinished_analyses to assay_worker;
