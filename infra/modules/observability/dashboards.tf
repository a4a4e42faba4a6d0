locals {
  region = data.aws_region.current.name

  # The application's metrics by service: backend/assay/adapters/telemetry_emf.py writes each of them.
  application_metrics = {
    api = [
      "ActiveConnections", "ActiveSessions", "CacheHits", "CacheMisses", "DatabaseQueries", "DatabaseQueryTime", "EventLoopLag", "ModelCalls", "ModelCost",
      "ModelFailures", "ModelInputTokens", "ModelOutputTokens", "ModelTime", "Queries", "ResponseTime", "SessionDuration", "TokensExpired",
      "TokensInvalid", "TokensValid", "VectorSearchFailures", "VectorSearchTime", "VectorSearches",
    ]
    worker = ["JobsWaiting", "ModelCost", "OldestJobAge"]
  }
  ours = {
    for service, names in local.application_metrics : service => {
      for name in names : name => ["Assay", name, "Environment", var.environment, "Service", service]
    }
  }

  ecs = [for service in ["frontend", "backend", "worker", "pgbouncer"] : ["ClusterName", var.cluster_name, "ServiceName", service]]
  alb = ["LoadBalancer", var.load_balancer.arn_suffix]
  rds = ["DBInstanceIdentifier", var.database.instance_id]

  charts = {
    application = [
      { title = "ECS: processor", stat = "Average", metrics = [for at in local.ecs : concat(["AWS/ECS", "CPUUtilization"], at)] },
      { title = "ECS: memory", stat = "Average", metrics = [for at in local.ecs : concat(["AWS/ECS", "MemoryUtilization"], at)] },
      { title = "Requests", stat = "Sum", metrics = [for metric in ["RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_4XX_Count"] : concat(["AWS/ApplicationELB", metric], local.alb)] },
      { title = "Latency at the load balancer, s", stat = "p95", metrics = [concat(["AWS/ApplicationELB", "TargetResponseTime"], local.alb)] },
      { title = "PostgreSQL: connections", stat = "Maximum", metrics = [concat(["AWS/RDS", "DatabaseConnections"], local.rds)] },
      { title = "PostgreSQL: processor and credits", stat = "Average", metrics = [for metric in ["CPUUtilization", "CPUCreditBalance"] : concat(["AWS/RDS", metric], local.rds)] },
      { title = "PostgreSQL: latency of its disk, s", stat = "Average", metrics = [for metric in ["ReadLatency", "WriteLatency"] : concat(["AWS/RDS", metric], local.rds)] },
      { title = "Redis: hit ratio, %", stat = "Average", metrics = [for node in var.cache_node_ids : ["AWS/ElastiCache", "CacheHitRate", "CacheClusterId", node]] },
      { title = "Redis: memory, %", stat = "Average", metrics = [for node in var.cache_node_ids : ["AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "CacheClusterId", node]] },
      { title = "Qdrant: search time, ms", stat = "p95", metrics = [local.ours.api.VectorSearchTime] },
      { title = "Qdrant: searches and failures", stat = "Sum", metrics = [local.ours.api.VectorSearches, local.ours.api.VectorSearchFailures] },
      { title = "Qdrant: up", stat = "Minimum", metrics = [for host in local.qdrant_hosts : ["Assay/Qdrant", "Up", "Environment", var.environment, "Node", host]] },
      { title = "Qdrant: processor", stat = "Average", metrics = [for id in values(var.qdrant.instance_ids) : ["AWS/EC2", "CPUUtilization", "InstanceId", id]] },
      { title = "Jobs waiting, and the age of the oldest", stat = "Maximum", metrics = [local.ours.worker.JobsWaiting, local.ours.worker.OldestJobAge] },
    ]
    custom = [
      { title = "Active sessions", stat = "Average", metrics = [local.ours.api.ActiveSessions] },
      { title = "Response time, ms", stat = "p95", metrics = [local.ours.api.ResponseTime] },
      { title = "Connections of each task", stat = "Average", metrics = [local.ours.api.ActiveConnections] },
      { title = "Database: query time, ms", stat = "p95", metrics = [local.ours.api.DatabaseQueryTime] },
      { title = "Database: queries", stat = "Sum", metrics = [local.ours.api.DatabaseQueries] },
      { title = "Tokens checked", stat = "Sum", metrics = [local.ours.api.TokensValid, local.ours.api.TokensExpired, local.ours.api.TokensInvalid] },
      { title = "Cache", stat = "Sum", metrics = [local.ours.api.CacheHits, local.ours.api.CacheMisses] },
      { title = "Lag of the event loop, ms", stat = "p95", metrics = [local.ours.api.EventLoopLag] },
    ]
    business = [
      { title = "Queries a minute", stat = "Sum", metrics = [local.ours.api.Queries] },
      { title = "Length of a session, s", stat = "Average", metrics = [local.ours.api.SessionDuration] },
      { title = "Model: calls and failures", stat = "Sum", metrics = [local.ours.api.ModelCalls, local.ours.api.ModelFailures] },
      { title = "Model: time, ms", stat = "p95", metrics = [local.ours.api.ModelTime] },
      { title = "Model: tokens", stat = "Sum", metrics = [local.ours.api.ModelInputTokens, local.ours.api.ModelOutputTokens] },
      { title = "Model: cost, USD", stat = "Sum", metrics = [local.ours.api.ModelCost, local.ours.worker.ModelCost] },
    ]
  }

  logs_shown = {
    application = []
    # Each tenant as a dimension would be a metric that costs; its figures are in the log lines.
    custom   = [{ title = "Use by tenant", query = "most-active-tenants" }]
    business = [{ title = "Most active tenants", query = "most-active-tenants" }]
  }

  widgets = {
    for name, charts in local.charts : name => concat(
      [for number, chart in charts : {
        type       = "metric", width = 8, height = 6, x = (number % 3) * 8, y = floor(number / 3) * 6
        properties = { title = chart.title, region = local.region, view = "timeSeries", stat = chart.stat, period = 60, metrics = chart.metrics }
      }],
      [for number, shown in local.logs_shown[name] : {
        type = "log", width = 24, height = 6, x = 0, y = (ceil(length(charts) / 3) + number) * 6
        properties = {
          title = shown.title, region = local.region, view = "table"
          query = "SOURCE '${join("' | SOURCE '", local.queries[shown.query].groups)}' | ${trimspace(local.queries[shown.query].text)}"
        }
      }],
    )
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  for_each = { for name, widgets in local.widgets : name => widgets if var.dashboards }

  dashboard_name = "${var.name}-${each.key}"
  dashboard_body = jsonencode({ widgets = each.value })
}
