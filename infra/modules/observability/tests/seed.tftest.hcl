mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name             = "assay-production"
  environment      = "production"
  parameter_prefix = "/assay/production"
  emails           = ["ops@example.com"]
  slack_generation = 1
  slack_webhook    = "https://hooks.slack.com/services/one"
  kms_key_arns     = { data = "arn:aws:kms:us-east-1:111122223333:key/data", logs = "arn:aws:kms:us-east-1:111122223333:key/logs", secrets = "arn:aws:kms:us-east-1:111122223333:key/secrets" }
  database         = { instance_id = "assay-production", max_connections = 100, log_group_name = "/aws/rds/instance/assay-production/postgresql" }
  cache_node_ids   = ["assay-production-001", "assay-production-002"]
  load_balancer    = { arn_suffix = "app/one/1", target_group_arn_suffixes = { frontend = "targetgroup/f/1", backend = "targetgroup/b/1" } }
  cluster_name     = "assay-production"
  qdrant = {
    urls              = ["http://node-0.qdrant.assay-production.internal:6333"]
    instance_ids      = { "0" = "i-1" }
    api_key_parameter = { name = "/assay/production/qdrant-api-key", arn = "arn:aws:ssm:us-east-1:111122223333:parameter/assay/production/qdrant-api-key" }
  }
  vpc = { subnet_ids = ["subnet-1"], security_group_id = "sg-lambda" }
}

run "the_critical_alarms_have_the_designs_numbers" {
  command = apply

  assert {
    condition = alltrue([for alarm in [aws_cloudwatch_metric_alarm.value["rds-cpu"]] :
      alarm.metric_name == "CPUUtilization" && alarm.namespace == "AWS/RDS" && alarm.threshold == 80 && alarm.period * alarm.evaluation_periods == 300
    && alarm.comparison_operator == "GreaterThanThreshold" && alarm.statistic == "Average"])
    error_message = "An alarm is raised when PostgreSQL's processor is above 80% for 5 minutes."
  }
  assert {
    condition = alltrue([for part in ["frontend", "backend"] :
      aws_cloudwatch_metric_alarm.share["unhealthy-targets-${part}"].threshold == 50
      && anytrue([for query in aws_cloudwatch_metric_alarm.share["unhealthy-targets-${part}"].metric_query : query.expression == "100 * FILL(bad, 0) / (FILL(bad, 0) + FILL(good, 0))"])
    && aws_cloudwatch_metric_alarm.share["unhealthy-targets-${part}"].treat_missing_data == "breaching"])
    error_message = "An alarm is raised when more than 50% of a service's targets are unhealthy."
  }
  assert {
    condition = alltrue([for alarm in [aws_cloudwatch_metric_alarm.share["alb-5xx"]] :
      alarm.threshold == 5 && alarm.evaluation_periods == 2 && alltrue([for query in alarm.metric_query : query.metric[0].period == 60 if length(query.metric) > 0])
    && anytrue([for query in alarm.metric_query : query.expression == "100 * (FILL(ours, 0) + FILL(balancers, 0)) / requests"])])
    error_message = "An alarm is raised when more than 5% of the answers are 5xx for 2 minutes."
  }
  assert {
    condition = alltrue([for alarm in [aws_cloudwatch_metric_alarm.value["qdrant-unreachable-node-0"]] :
    alarm.namespace == "Assay/Qdrant" && alarm.metric_name == "Up" && alarm.comparison_operator == "LessThanThreshold" && alarm.threshold == 1 && alarm.treat_missing_data == "breaching"])
    error_message = "An alarm is raised when a node of Qdrant does not answer, or nobody can ask it."
  }
}

run "the_warnings_have_the_designs_numbers" {
  command = apply

  assert {
    condition     = aws_cloudwatch_metric_alarm.value["rds-connections"].threshold == 70 && aws_cloudwatch_metric_alarm.value["rds-connections"].metric_name == "DatabaseConnections"
    error_message = "A warning is raised above 70 of 100 connections."
  }
  assert {
    condition     = alltrue([for number in [0, 1] : aws_cloudwatch_metric_alarm.value["redis-memory-${number}"].threshold == 80 && aws_cloudwatch_metric_alarm.value["redis-memory-${number}"].dimensions["CacheClusterId"] == "assay-production-00${number + 1}"])
    error_message = "A warning is raised when a node of Redis uses more than 80% of its memory."
  }
  assert {
    condition = alltrue([for service in ["frontend", "backend", "worker", "pgbouncer"] :
    aws_cloudwatch_metric_alarm.value["ecs-cpu-${service}"].threshold == 70 && aws_cloudwatch_metric_alarm.value["ecs-cpu-${service}"].period * aws_cloudwatch_metric_alarm.value["ecs-cpu-${service}"].evaluation_periods == 600])
    error_message = "A warning is raised when a service's tasks use more than 70% of their processor for 10 minutes."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.value["openai-latency"].threshold == 10000 && aws_cloudwatch_metric_alarm.value["openai-latency"].extended_statistic == "p95" && aws_cloudwatch_metric_alarm.value["openai-latency"].dimensions == tomap({ Environment = "production", Service = "api" })
    error_message = "A warning is raised when 1 in 20 calls of the model takes longer than 10 s."
  }
}

run "alarms_reach_people_and_say_what_to_do" {
  command = apply

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.value), values(aws_cloudwatch_metric_alarm.share)) : can(regex("Runbook: docs/runbooks/[a-z-]+\\.md$", alarm.alarm_description))])
    error_message = "Every alarm names its runbook."
  }
  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.value), values(aws_cloudwatch_metric_alarm.share)) : alarm.alarm_actions == toset([aws_sns_topic.alerts.arn])])
    error_message = "Every alarm goes to the topic."
  }
  assert {
    condition     = aws_sns_topic_subscription.email["ops@example.com"].protocol == "email" && aws_sns_topic_subscription.slack[0].protocol == "lambda"
    error_message = "The topic leads to e-mail and Slack."
  }
  assert {
    condition     = aws_ssm_parameter.slack[0].type == "SecureString"
    error_message = "The webhook's address is a secret."
  }
  assert {
    condition     = aws_sns_topic.alerts.kms_master_key_id == var.kms_key_arns["logs"]
    error_message = "The topic is encrypted."
  }
}

run "security_events_go_the_same_way" {
  command = apply

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["guardduty"].event_pattern).detail.severity[0].numeric == [">=", 4]
    error_message = "GuardDuty's findings from medium on are told."
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_event_rule.this)) == toset(["guardduty", "configuration", "root", "tampering", "deployments"]) && alltrue([for target in aws_cloudwatch_event_target.alerts : target.arn == aws_sns_topic.alerts.arn])
    error_message = "Findings, broken rules, root log-ins, tampering and failed deployments go to the topic."
  }
}

run "logs_are_kept_for_a_week_and_can_be_asked" {
  command = apply

  assert {
    condition     = toset(keys(output.log_group_names)) == toset(["frontend", "backend", "worker", "pgbouncer", "migrate"])
    error_message = "Every service has its log group."
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 7 && group.kms_key_id == var.kms_key_arns["logs"]])
    error_message = "Logs are kept for 7 days, encrypted."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_query_definition.this["most-active-tenants"].query_string, "by tenant_id") && contains(aws_cloudwatch_query_definition.this["slow-statements"].log_group_names, "/aws/rds/instance/assay-production/postgresql")
    error_message = "The most active tenants and the slow statements are saved queries."
  }
}

run "dashboards_show_what_the_design_lists" {
  command = apply

  assert {
    condition     = toset(keys(aws_cloudwatch_dashboard.this)) == toset(["application", "custom", "business"])
    error_message = "There are dashboards for application, custom and business metrics."
  }
  assert {
    condition = length(setsubtract([
      "AWS/ECS CPUUtilization", "AWS/ECS MemoryUtilization", "AWS/ApplicationELB RequestCount", "AWS/ApplicationELB TargetResponseTime", "AWS/RDS DatabaseConnections",
      "AWS/ElastiCache CacheHitRate", "AWS/ElastiCache DatabaseMemoryUsagePercentage", "Assay VectorSearchTime", "Assay VectorSearchFailures",
      ], flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this["application"].dashboard_body).widgets : [for metric in widget.properties.metrics : "${metric[0]} ${metric[1]}"]])
    )) == 0
    error_message = "Services, load balancer, PostgreSQL, Redis and Qdrant are shown."
  }
  assert {
    condition = length(setsubtract(["ActiveSessions", "ResponseTime", "DatabaseQueryTime", "TokensValid", "TokensInvalid"],
      flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this["custom"].dashboard_body).widgets : [for metric in try(widget.properties.metrics, []) : metric[1]]])
    )) == 0
    error_message = "Sessions, response times, query times and token checks are shown."
  }
  assert {
    condition = length(setsubtract(["Queries", "SessionDuration", "ModelCalls", "ModelCost"],
      flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this["business"].dashboard_body).widgets : [for metric in try(widget.properties.metrics, []) : metric[1]]])
    )) == 0
    error_message = "Queries a minute, sessions' length, the model's use and cost are shown."
  }
  assert {
    condition     = anytrue([for widget in jsondecode(aws_cloudwatch_dashboard.this["business"].dashboard_body).widgets : widget.type == "log" && strcontains(try(widget.properties.query, ""), "by tenant_id")])
    error_message = "The most active tenants are shown."
  }
}

run "a_budget_warns_before_the_money_is_gone" {
  command = apply

  assert {
    condition     = aws_budgets_budget.monthly[0].limit_amount == "500" && toset([for notification in aws_budgets_budget.monthly[0].notification : "${notification.notification_type} ${notification.threshold}"]) == toset(["ACTUAL 80", "ACTUAL 100", "FORECASTED 100"])
    error_message = "At 80%, at 100% and when more is foreseen people are told."
  }
  assert {
    condition     = one([for filter in aws_budgets_budget.monthly[0].cost_filter : one(filter.values) if filter.name == "TagKeyValue"]) == format("user:Environment%s%s", "$", "production")
    error_message = "The budget counts what bears production's tag, and nothing else."
  }
  assert {
    condition     = length(aws_ce_cost_allocation_tag.this) == 0
    error_message = "Tags are activated only where it is asked for."
  }
}

run "the_bill_can_be_divided_by_tags" {
  command = plan
  variables { activate_cost_tags = true }

  assert {
    condition     = toset(keys(aws_ce_cost_allocation_tag.this)) == toset(["Project", "Environment", "Part", "Service"]) && alltrue([for tag in aws_ce_cost_allocation_tag.this : tag.status == "Active"])
    error_message = "Project, environment, part and service are tags that divide the bill."
  }
}

run "without_slack_there_is_no_function" {
  command = apply
  variables {
    slack_generation = 0
    dashboards       = false
    budget           = null
  }

  assert {
    condition     = length(module.slack) == 0 && length(aws_ssm_parameter.slack) == 0 && length(aws_cloudwatch_dashboard.this) == 0 && length(aws_budgets_budget.monthly) == 0
    error_message = "Slack, dashboards and the budget can be left out."
  }
}

run "another_webhook_is_refused" {
  command         = plan
  expect_failures = [var.slack_webhook]
  variables { slack_webhook = "https://example.com/hook" }
}

run "a_threshold_that_is_never_reached_is_refused" {
  command         = plan
  expect_failures = [var.thresholds]
  variables { thresholds = { redis_memory = 100 } }
}

run "an_address_that_is_none_is_refused" {
  command         = plan
  expect_failures = [var.emails]
  variables { emails = ["ops"] }
}

run "a_period_that_cloudwatch_lacks_is_refused" {
  command         = plan
  expect_failures = [var.log_days]
  variables { log_days = 8 }
}

run "a_budget_of_nothing_is_refused" {
  command         = plan
  expect_failures = [var.budget]
  variables { budget = { usd = 0 } }
}
