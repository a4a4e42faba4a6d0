-- A tenant's n-th waiting job stands beside the others' n-th: who brings a thousand documents
-- waits for their own, and one document of somebody else comes next.
create index procrastinate_jobs_by_tenant on procrastinate_jobs ((args ->> 'tenant_id'))
    where status in ('todo', 'doing');

create function queue_in_turn() returns trigger
    language plpgsql volatile set search_path = pg_catalog, public, pg_temp
    as $$
    begin
        new.priority := new.priority - (
            select count(*) from (
                select from procrastinate_jobs j
                where j.status in ('todo', 'doing')
                    and j.args ->> 'tenant_id' = new.args ->> 'tenant_id'
                limit 1000) waiting);
        return new;
    end $$;
revoke all on function queue_in_turn() from public;

create trigger queue_in_turn before insert on procrastinate_jobs
    for each row execute function queue_in_turn();

-- Whether the use of an API key from a network was recorded lately.
create index audit_events_key_uses
    on audit_events (tenant_id, actor_id, (details ->> 'network'), created_at)
    where action = 'api_key.used';
