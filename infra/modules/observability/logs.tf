locals {
  services = toset(["frontend", "backend", "worker", "pgbouncer", "migrate"])
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:7 days are the design's, for cost
  for_each = local.services

  name              = "/${var.name}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arns["logs"]
  tags              = merge(var.tags, { Service = each.key })
}

# The application writes one line of JSON for each request; see backend/assay/adapters/asgi.py for its fields.
locals {
  application = [aws_cloudwatch_log_group.this["backend"].name, aws_cloudwatch_log_group.this["worker"].name]

  most_active_tenants = <<-QUERY
    filter event = "request" and ispresent(tenant_id)
    | stats count(*) as calls, sum(queries) as database_queries, sum(cpu_ms) / 1000 as cpu_seconds, pct(ms, 95) as p95_ms by tenant_id
    | sort calls desc
    | limit 20
  QUERY

  queries = {
    most-active-tenants = { groups = [local.application[0]], text = local.most_active_tenants }
    slowest-routes = {
      groups = [local.application[0]]
      text   = <<-QUERY
        filter event = "request"
        | stats count(*) as calls, pct(ms, 50) as p50_ms, pct(ms, 95) as p95_ms, max(ms) as max_ms by method, route
        | sort p95_ms desc
        | limit 20
      QUERY
    }
    failed-requests = {
      groups = [local.application[0]]
      text   = <<-QUERY
        filter event = "request" and status >= 500
        | fields @timestamp, method, route, status, ms, tenant_id, request_id
        | sort @timestamp desc
        | limit 100
      QUERY
    }
    errors = {
      groups = local.application
      text   = <<-QUERY
        filter level in ["warning", "error"]
        | stats count(*) as times, max(@timestamp) as last by event, level
        | sort times desc
      QUERY
    }
    one-request = {
      groups = local.application
      text   = <<-QUERY
        filter request_id = "put the X-Request-ID here"
        | sort @timestamp asc
      QUERY
    }
    failed-jobs = {
      groups = [local.application[1]]
      text   = <<-QUERY
        filter event in ["job.failed", "document.failed"]
        | stats count(*) as times by event, job, code, error
        | sort times desc
      QUERY
    }
    slow-statements = {
      groups = [var.database.log_group_name]
      text   = <<-QUERY
        filter @message like /duration: /
        | parse @message /duration: (?<ms>[\d.]+) ms .*?: (?<statement>.*)/
        | stats count(*) as times, pct(ms, 95) as p95_ms, max(ms) as max_ms by statement
        | sort max_ms desc
        | limit 20
      QUERY
    }
    slow-statements-by-tenant = {
      groups = local.application
      text   = <<-QUERY
        filter event = "database.slow"
        | stats count(*) as times by tenant_id, statement
        | sort times desc
        | limit 20
      QUERY
    }
    refused-requests = {
      groups = [local.application[0]]
      text   = <<-QUERY
        filter event = "request" and status in [401, 403, 429]
        | stats count(*) as times by status, route, tenant_id
        | sort times desc
        | limit 50
      QUERY
    }
  }
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each = local.queries

  name            = "${var.name}/${each.key}"
  log_group_names = each.value.groups
  query_string    = trimspace(each.value.text)
}
