module "snapshots" {
  source = "../function"

  name             = "${var.name}-qdrant-snapshots"
  tags             = var.tags
  description      = "Puts snapshots of Qdrant into S3"
  package          = "${path.module}/../../build/lambdas/qdrant.zip"
  handler          = "snapshots.handler"
  schedule         = var.qdrant_hours == 1 ? "rate(1 hour)" : "rate(${var.qdrant_hours} hours)"
  seconds          = 900
  memory_mb        = 512
  vpc              = var.vpc
  log_days         = var.log_days
  logs_kms_key_arn = var.kms_key_arns["logs"]
  environment = {
    BUCKET                   = var.buckets["backups"].id
    QDRANT_URLS              = join(",", var.qdrant.urls)
    QDRANT_API_KEY_PARAMETER = var.qdrant.api_key_parameter.name
  }
  statements = jsonencode([
    {
      Sid    = "Store"
      Effect = "Allow"
      # GetObject is what HeadObject asks for.
      Action   = ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
      Resource = "${var.buckets["backups"].arn}/qdrant/*"
    },
    {
      Sid       = "StoreEncrypted"
      Effect    = "Allow"
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = var.kms_key_arns["data"]
      Condition = { StringEquals = { "kms:ViaService" = "s3.${data.aws_region.current.name}.amazonaws.com" } }
    },
    { Sid = "Key", Effect = "Allow", Action = "ssm:GetParameter", Resource = var.qdrant.api_key_parameter.arn },
    {
      Sid       = "DecryptKey"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = var.kms_key_arns["secrets"]
      Condition = { StringEquals = { "kms:ViaService" = "ssm.${data.aws_region.current.name}.amazonaws.com" } }
    },
  ])
}

locals {
  alarms = {
    failed  = { says = "A snapshot of Qdrant did not reach S3.", metric = "Errors", operator = "GreaterThanThreshold", threshold = 0, hours = 1, missing = "notBreaching" }
    missing = { says = "No snapshot of Qdrant was taken for ${var.qdrant_hours + 1} hours.", metric = "Invocations", operator = "LessThanThreshold", threshold = 1, hours = var.qdrant_hours + 1, missing = "breaching" }
  }
}

resource "aws_cloudwatch_metric_alarm" "snapshots" {
  for_each = local.alarms

  alarm_name          = "${var.name}-critical-qdrant-snapshot-${each.key}"
  alarm_description   = "${each.value.says} Runbook: docs/runbooks/backups.md"
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = module.snapshots.name }
  statistic           = "Sum"
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = 3600
  evaluation_periods  = each.value.hours
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.alerts_topic_arn]
  ok_actions          = [var.alerts_topic_arn]
  tags                = var.tags
}
