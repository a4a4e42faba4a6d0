output "alerts_topic_arn" {
  description = "Topic that people hear of."
  value       = aws_sns_topic.alerts.arn
  # Budgets are refused until the policy stands.
  depends_on = [aws_sns_topic_policy.alerts]
}

output "log_group_names" {
  description = "Log groups: frontend, backend, worker, pgbouncer, migrate."
  value       = { for service, group in aws_cloudwatch_log_group.this : service => group.name }
}

output "alarm_names" {
  description = "Every alarm of this module."
  value       = sort(concat([for alarm in aws_cloudwatch_metric_alarm.value : alarm.alarm_name], [for alarm in aws_cloudwatch_metric_alarm.share : alarm.alarm_name]))
}

output "dashboard_names" {
  description = "Dashboards."
  value       = [for dashboard in aws_cloudwatch_dashboard.this : dashboard.dashboard_name]
}
