data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
}

resource "aws_sns_topic" "alerts" {
  name              = "${var.name}-alerts"
  kms_master_key_id = var.kms_key_arns["logs"]
  tags              = var.tags
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsEventsBudgets"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alerts.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.emails

  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.value
}

# Security and deployments speak by events, to the same people.
locals {
  events = {
    guardduty = {
      says    = "Findings of GuardDuty, medium and above"
      pattern = { source = ["aws.guardduty"], "detail-type" = ["GuardDuty Finding"], detail = { severity = [{ numeric = [">=", 4] }] } }
    }
    configuration = {
      says = "A resource that breaks a rule of Config"
      pattern = {
        source = ["aws.config"], "detail-type" = ["Config Rules Compliance Change"]
        detail = { messageType = ["ComplianceChangeNotification"], newEvaluationResult = { complianceType = ["NON_COMPLIANT"] } }
      }
    }
    root = {
      says    = "Somebody signs in as the root of the account"
      pattern = { "detail-type" = ["AWS Console Sign In via CloudTrail"], detail = { userIdentity = { type = ["Root"] } } }
    }
    tampering = {
      says = "Somebody turns a watch off, or a key"
      pattern = {
        "detail-type" = ["AWS API Call via CloudTrail"]
        detail = { eventName = [
          "StopLogging", "DeleteTrail", "UpdateTrail", "DeleteDetector", "UpdateDetector", "StopConfigurationRecorder", "DeleteConfigurationRecorder",
          "DisableKey", "ScheduleKeyDeletion", "DeleteFlowLogs", "DeleteBackupVault", "DeleteRecoveryPoint", "DeleteBucketPolicy", "DeletePublicAccessBlock",
        ] }
      }
    }
    deployments = {
      says    = "A deployment that failed and was taken back"
      pattern = { source = ["aws.ecs"], "detail-type" = ["ECS Deployment State Change"], detail = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] } }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.events

  name          = "${var.name}-${each.key}"
  description   = each.value.says
  event_pattern = jsonencode(each.value.pattern)
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "alerts" {
  for_each = local.events

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = aws_sns_topic.alerts.arn
}
