locals {
  warnings = {
    spent-80     = { type = "ACTUAL", percent = 80 }
    spent        = { type = "ACTUAL", percent = 100 }
    will-be-more = { type = "FORECASTED", percent = 100 }
  }
}

resource "aws_budgets_budget" "monthly" {
  count = var.budget == null ? 0 : 1

  name         = "${var.name}-monthly"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.budget.usd)
  limit_unit   = "USD"
  tags         = var.tags

  cost_filter {
    name   = "TagKeyValue"
    values = [join("$", ["user:Environment", var.environment])] # "$${" would be two characters and no value
  }

  dynamic "notification" {
    for_each = local.warnings
    content {
      notification_type         = notification.value.type
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value.percent
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [aws_sns_topic.alerts.arn]
    }
  }

  depends_on = [aws_sns_topic_policy.alerts]
}

resource "aws_ce_cost_allocation_tag" "this" {
  for_each = var.activate_cost_tags ? toset(["Project", "Environment", "Part", "Service"]) : []

  tag_key = each.value
  status  = "Active"
}
