locals {
  packages     = "${path.module}/../../build/lambdas"
  qdrant_hosts = [for url in var.qdrant.urls : split(":", trimprefix(url, "http://"))[0]]
  has_slack    = var.slack_generation > 0
  functions = merge(
    { probe = "${var.name}-qdrant-probe" },
    local.has_slack ? { slack = "${var.name}-slack" } : {},
  )
  decrypts_parameters = {
    Effect    = "Allow"
    Action    = "kms:Decrypt"
    Resource  = var.kms_key_arns["secrets"]
    Condition = { StringEquals = { "kms:ViaService" = "ssm.${data.aws_region.current.name}.amazonaws.com" } }
  }
}

module "probe" {
  source = "../function"

  name             = local.functions["probe"]
  tags             = var.tags
  description      = "Asks Qdrant every minute whether it serves"
  package          = "${local.packages}/qdrant.zip"
  handler          = "probe.handler"
  schedule         = "rate(1 minute)"
  seconds          = 30
  vpc              = var.vpc
  log_days         = var.log_days
  logs_kms_key_arn = var.kms_key_arns["logs"]
  environment = {
    ENVIRONMENT              = var.environment
    QDRANT_URLS              = join(",", var.qdrant.urls)
    QDRANT_API_KEY_PARAMETER = var.qdrant.api_key_parameter.name
  }
  statements = jsonencode([
    { Effect = "Allow", Action = "ssm:GetParameter", Resource = var.qdrant.api_key_parameter.arn },
    local.decrypts_parameters,
  ])
}

resource "aws_ssm_parameter" "slack" {
  count = local.has_slack ? 1 : 0

  name             = "${var.parameter_prefix}/slack-webhook"
  description      = "Channel that hears of alarms"
  type             = "SecureString"
  key_id           = var.kms_key_arns["secrets"]
  value_wo         = var.slack_webhook
  value_wo_version = var.slack_generation
  tags             = var.tags
}

module "slack" {
  source = "../function"
  count  = local.has_slack ? 1 : 0

  name             = local.functions["slack"]
  tags             = var.tags
  description      = "Carries alarms to Slack"
  package          = "${local.packages}/slack.zip"
  handler          = "handler.handler"
  vpc              = var.vpc
  log_days         = var.log_days
  logs_kms_key_arn = var.kms_key_arns["logs"]
  environment      = { WEBHOOK_PARAMETER = aws_ssm_parameter.slack[0].name }
  statements = jsonencode([
    { Effect = "Allow", Action = "ssm:GetParameter", Resource = aws_ssm_parameter.slack[0].arn },
    local.decrypts_parameters,
  ])
}

resource "aws_lambda_permission" "slack" {
  count = local.has_slack ? 1 : 0

  statement_id  = "Alerts"
  action        = "lambda:InvokeFunction"
  function_name = module.slack[0].name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.alerts.arn
}

resource "aws_sns_topic_subscription" "slack" {
  count = local.has_slack ? 1 : 0

  topic_arn  = aws_sns_topic.alerts.arn
  protocol   = "lambda"
  endpoint   = module.slack[0].arn
  depends_on = [aws_lambda_permission.slack]
}
