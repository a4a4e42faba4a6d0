# Growth follows targets and steps; shrinking is by steps alone. Target tracking shrinks at nine tenths of its target,
# and the promise is below 30% CPU and 50% memory, so its own shrinking is off.
locals {
  scaled = {
    for key, service in var.services : key => service
    if var.scaling != "none" && key != "pgbouncer" && service.max > service.min
  }
  follows_clock = toset([for key in keys(local.scaled) : key if key == "backend" && var.scaling == "full"])

  tracked = merge(
    { for key in keys(local.scaled) : "${key}-cpu" => {
      service = key, metric = "ECSServiceAverageCPUUtilization", target = key == "backend" ? var.thresholds.backend_cpu : var.thresholds.frontend_cpu
    } },
    contains(keys(local.scaled), "backend") ? { backend-memory = {
      service = "backend", metric = "ECSServiceAverageMemoryUtilization", target = var.thresholds.backend_memory
    } } : {},
  )

  # As backend/assay/adapters/telemetry_emf.py writes them.
  api_metric = { Environment = var.environment, Service = "api" }

  targets = merge(aws_appautoscaling_target.plain, aws_appautoscaling_target.by_clock)
}

resource "aws_appautoscaling_target" "plain" {
  for_each = { for key, service in local.scaled : key => service if !contains(local.follows_clock, key) }

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this[each.key].name}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
  tags               = var.tags
}

# The clock changes both bounds, and a plan at noon would take them back; the next turn of the clock brings new values.
resource "aws_appautoscaling_target" "by_clock" {
  for_each = { for key, service in local.scaled : key => service if contains(local.follows_clock, key) }

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this[each.key].name}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
  tags               = var.tags

  lifecycle {
    ignore_changes = [min_capacity, max_capacity]

    precondition {
      condition     = var.peak_hours.min >= each.value.min && var.peak_hours.min <= each.value.max
      error_message = "peak_hours.min (${var.peak_hours.min}) must lie between the backend's min and max (${each.value.min} to ${each.value.max})."
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "clock" {
  for_each = merge([for key in local.follows_clock : {
    "${key}-peak"  = { service = key, hour = var.peak_hours.from, min = var.peak_hours.min }
    "${key}-quiet" = { service = key, hour = var.peak_hours.to, min = local.scaled[key].min }
  }]...)

  name               = "${var.name}-${each.key}"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = local.targets[each.value.service].resource_id
  schedule           = "cron(0 ${each.value.hour} ? * MON-FRI *)"
  timezone           = var.peak_hours.timezone

  scalable_target_action {
    min_capacity = each.value.min
    max_capacity = local.scaled[each.value.service].max
  }
}

resource "aws_appautoscaling_policy" "track" {
  for_each = local.tracked

  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = local.targets[each.value.service].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target
    scale_in_cooldown  = var.thresholds.cooldown
    scale_out_cooldown = var.thresholds.cooldown
    disable_scale_in   = true

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
    }
  }
}

resource "aws_appautoscaling_policy" "connections" {
  for_each = local.follows_clock

  name               = "${var.name}-${each.key}-connections"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = local.targets[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.thresholds.active_connections
    scale_in_cooldown  = var.thresholds.cooldown
    scale_out_cooldown = var.thresholds.cooldown
    disable_scale_in   = true

    # Each task reports its own number, so the average is what one task carries.
    customized_metric_specification {
      namespace   = "Assay"
      metric_name = "ActiveConnections"
      statistic   = "Average"

      dynamic "dimensions" {
        for_each = local.api_metric
        content {
          name  = dimensions.key
          value = dimensions.value
        }
      }
    }
  }
}

resource "aws_appautoscaling_policy" "step" {
  for_each = merge([for key in keys(local.scaled) : {
    "${key}-out" = { service = key, by = 1 }
    "${key}-in"  = { service = key, by = -1 }
  }]...)

  name               = "${var.name}-${each.key}"
  policy_type        = "StepScaling"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = local.targets[each.value.service].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = var.thresholds.cooldown
    metric_aggregation_type = "Average"

    # The alarms below give 1 for true; the bounds are relative to their threshold of 1.
    step_adjustment {
      scaling_adjustment          = each.value.by
      metric_interval_lower_bound = 0
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "step" {
  for_each = merge([for key in keys(local.scaled) : {
    "${key}-out" = {
      service = key, minutes = var.thresholds.minutes_before_out,
      when    = "IF(cpu > ${var.thresholds.out_cpu} OR memory > ${var.thresholds.out_memory}, 1, 0)"
    }
    "${key}-in" = {
      service = key, minutes = var.thresholds.minutes_before_in,
      when    = "IF(cpu < ${var.thresholds.in_cpu} AND memory < ${var.thresholds.in_memory}, 1, 0)"
    }
  }]...)

  alarm_name          = "${var.name}-scaling-${each.key}"
  alarm_description   = "Scales ${each.value.service}; nobody needs to act."
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  evaluation_periods  = each.value.minutes
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.step[each.key].arn]
  tags                = var.tags

  metric_query {
    id          = "due"
    expression  = each.value.when
    label       = each.value.when
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { cpu = "CPUUtilization", memory = "MemoryUtilization" }
    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ECS"
        metric_name = metric_query.value
        period      = 60
        stat        = "Average"
        dimensions  = { ClusterName = aws_ecs_cluster.this.name, ServiceName = each.value.service }
      }
    }
  }
}

# By a step and not by target tracking: response time does not halve when tasks double.
resource "aws_cloudwatch_metric_alarm" "slow" {
  for_each = local.follows_clock

  alarm_name          = "${var.name}-scaling-${each.key}-slow"
  alarm_description   = "Adds a task while one request in twenty takes longer than ${var.thresholds.response_ms} ms; nobody needs to act."
  namespace           = "Assay"
  metric_name         = "ResponseTime"
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = var.thresholds.minutes_before_out
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.response_ms
  treat_missing_data  = "notBreaching"
  dimensions          = local.api_metric
  alarm_actions       = [aws_appautoscaling_policy.step["${each.key}-out"].arn]
  tags                = var.tags
}
