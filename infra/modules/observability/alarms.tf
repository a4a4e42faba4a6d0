# Names of the application's metrics and their dimensions are those of backend/assay/adapters/telemetry_emf.py.
locals {
  api    = { Environment = var.environment, Service = "api" }
  worker = { Environment = var.environment, Service = "worker" }

  database = { DBInstanceIdentifier = var.database.instance_id }

  # operator: which side of the threshold is bad. missing: what a minute without figures means.
  alarms = merge(
    {
      rds-cpu = {
        severity  = "critical", runbook = "database-cpu", says = "PostgreSQL's processor is above ${var.thresholds.database_cpu}% for 5 minutes."
        namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database, statistic = "Average"
        above     = true, threshold = var.thresholds.database_cpu, minutes = 5, of = 5, missing = "breaching"
      }
      rds-connections = {
        severity  = "warning", runbook = "database-connections"
        says      = "PostgreSQL holds more than ${var.thresholds.database_connections}% of its ${var.database.max_connections} connections for 5 minutes."
        namespace = "AWS/RDS", metric = "DatabaseConnections", dimensions = local.database, statistic = "Average"
        above     = true, threshold = var.thresholds.database_connections * var.database.max_connections / 100, minutes = 5, of = 5, missing = "missing"
      }
      openai-latency = {
        severity  = "warning", runbook = "model-latency"
        says      = "1 in 20 calls of the model takes longer than ${var.thresholds.model_ms / 1000} s, in 3 of 5 minutes."
        namespace = "Assay", metric = "ModelTime", dimensions = local.api, statistic = "p95"
        above     = true, threshold = var.thresholds.model_ms, minutes = 3, of = 5, missing = "notBreaching"
      }
      rds-disk = {
        severity  = "critical", runbook = "database-disk", says = "PostgreSQL has less than ${var.thresholds.database_free_gb} GB of disk left."
        namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.database, statistic = "Minimum"
        above     = false, threshold = var.thresholds.database_free_gb * 1024 * 1024 * 1024, minutes = 5, of = 5, missing = "missing"
      }
      jobs-waiting = {
        severity  = "warning", runbook = "jobs", says = "The oldest job has waited for more than ${var.thresholds.oldest_job_seconds / 60} minutes."
        namespace = "Assay", metric = "OldestJobAge", dimensions = local.worker, statistic = "Maximum"
        above     = true, threshold = var.thresholds.oldest_job_seconds, minutes = 5, of = 5, missing = "breaching"
      }
      invalid-tokens = {
        severity  = "warning", runbook = "security", says = "More than ${var.thresholds.invalid_tokens} forged access tokens a minute: somebody tries."
        namespace = "Assay", metric = "TokensInvalid", dimensions = local.api, statistic = "Sum"
        above     = true, threshold = var.thresholds.invalid_tokens, minutes = 1, of = 1, missing = "notBreaching"
      }
    },
    { for host in local.qdrant_hosts : "qdrant-unreachable-${split(".", host)[0]}" => {
      severity  = "critical", runbook = "qdrant", says = "Qdrant on ${host} has not answered for 2 minutes."
      namespace = "Assay/Qdrant", metric = "Up", dimensions = { Environment = var.environment, Node = host }, statistic = "Maximum"
      above     = false, threshold = 1, minutes = 2, of = 2, missing = "breaching"
    } },
    { for host in local.qdrant_hosts : "qdrant-disk-${split(".", host)[0]}" => {
      severity   = "warning", runbook = "qdrant", says = "The data volume of ${host} is fuller than ${var.thresholds.qdrant_disk}%."
      namespace  = "Assay/Qdrant", metric = "DiskUsed", statistic = "Maximum"
      dimensions = { Environment = var.environment, Node = host, path = "/qdrant", fstype = "ext4" }
      above      = true, threshold = var.thresholds.qdrant_disk, minutes = 5, of = 5, missing = "missing"
    } },
    { for number, node in var.cache_node_ids : "redis-memory-${number}" => {
      severity  = "warning", runbook = "redis-memory", says = "Redis ${node} uses more than ${var.thresholds.redis_memory}% of its memory for 5 minutes."
      namespace = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage", dimensions = { CacheClusterId = node }, statistic = "Average"
      above     = true, threshold = var.thresholds.redis_memory, minutes = 5, of = 5, missing = "missing"
    } },
    { for service in ["frontend", "backend", "worker", "pgbouncer"] : "ecs-cpu-${service}" => {
      severity  = "warning", runbook = "task-cpu", says = "The tasks of ${service} use more than ${var.thresholds.task_cpu}% of their processor for 10 minutes."
      namespace = "AWS/ECS", metric = "CPUUtilization", dimensions = { ClusterName = var.cluster_name, ServiceName = service }, statistic = "Average"
      above     = true, threshold = var.thresholds.task_cpu, minutes = 10, of = 10, missing = "missing"
    } },
    { for part, name in local.functions : "${part}-failing" => {
      severity  = "warning", runbook = "functions", says = "The function ${name} fails."
      namespace = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = name }, statistic = "Sum"
      above     = true, threshold = 0, minutes = 2, of = 5, missing = "notBreaching"
    } },
  )

  load_balancer = { LoadBalancer = var.load_balancer.arn_suffix }

  shares = merge(
    { for part in ["frontend", "backend"] : "unhealthy-targets-${part}" => {
      severity   = "critical", runbook = "unhealthy-targets", threshold = var.thresholds.unhealthy_targets
      says       = "More than ${var.thresholds.unhealthy_targets}% of the tasks of ${part} are unhealthy for 2 minutes."
      expression = "100 * FILL(bad, 0) / (FILL(bad, 0) + FILL(good, 0))"
      missing    = "breaching"
      metrics = {
        bad  = { metric = "UnHealthyHostCount", statistic = "Maximum" }
        good = { metric = "HealthyHostCount", statistic = "Minimum" }
      }
      dimensions = merge(local.load_balancer, { TargetGroup = var.load_balancer.target_group_arn_suffixes[part] })
    } },
    { alb-5xx = {
      severity   = "critical", runbook = "server-errors", threshold = var.thresholds.server_errors
      says       = "More than ${var.thresholds.server_errors}% of the answers are 5xx for 2 minutes."
      expression = "100 * (FILL(ours, 0) + FILL(balancers, 0)) / requests"
      missing    = "notBreaching"
      metrics = {
        ours      = { metric = "HTTPCode_Target_5XX_Count", statistic = "Sum" }
        balancers = { metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum" }
        requests  = { metric = "RequestCount", statistic = "Sum" }
      }
      dimensions = local.load_balancer
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "value" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.value.severity}-${each.key}"
  alarm_description   = "${each.value.says} Runbook: docs/runbooks/${each.value.runbook}.md"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  datapoints_to_alarm = each.value.minutes
  evaluation_periods  = each.value.of
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "share" {
  for_each = local.shares

  alarm_name          = "${var.name}-${each.value.severity}-${each.key}"
  alarm_description   = "${each.value.says} Runbook: docs/runbooks/${each.value.runbook}.md"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  datapoints_to_alarm = 2
  evaluation_periods  = 2
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
  tags                = var.tags

  metric_query {
    id          = "share"
    expression  = each.value.expression
    label       = "percent"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value.metric
        dimensions  = each.value.dimensions
        stat        = metric_query.value.statistic
        period      = 60
      }
    }
  }
}
