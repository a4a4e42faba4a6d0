data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# The first trail of an account is free; it sees all regions.
resource "aws_cloudtrail" "this" {
  name                          = var.name
  s3_bucket_name                = var.logs_bucket.id
  s3_key_prefix                 = "cloudtrail"
  kms_key_id                    = var.logs_kms_key_arn
  sns_topic_name                = aws_sns_topic.trail.name
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail.arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  tags                          = var.tags

  depends_on = [aws_sns_topic_policy.trail]

  event_selector {
    read_write_type           = "All"
    include_management_events = true

    dynamic "data_resource" {
      for_each = var.documents_bucket_arn[*]
      content {
        type   = "AWS::S3::Object"
        values = ["${data_resource.value}/"]
      }
    }
  }
}

resource "aws_guardduty_detector" "this" {
  #checkov:skip=CKV2_AWS_3:an organisation's own administrator may enable it for all accounts; this is one account's
  count = var.account_wide ? 1 : 0

  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"
  tags                         = var.tags
}

resource "aws_guardduty_detector_feature" "this" {
  for_each = var.account_wide ? var.guardduty_features : toset([])

  detector_id = aws_guardduty_detector.this[0].id
  name        = each.value
  status      = "ENABLED"
}

# The last days can be asked by Logs Insights; the bucket has the rest.
resource "aws_cloudwatch_log_group" "trail" {
  #checkov:skip=CKV_AWS_338:7 days are the design's, for cost; the bucket keeps a year
  name              = "/${var.name}/cloudtrail"
  retention_in_days = var.log_days
  kms_key_id        = var.logs_kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "trail" {
  name = "${var.name}-cloudtrail"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "cloudtrail.amazonaws.com" }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "trail" {
  name = "write-log"
  role = aws_iam_role.trail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.trail.arn}:*"
    }]
  })
}

# Where a collector of logs hears of each new file of the trail; nobody else subscribes.
resource "aws_sns_topic" "trail" {
  name              = "${var.name}-trail"
  kms_master_key_id = var.logs_kms_key_arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "trail" {
  arn = aws_sns_topic.trail.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Trail"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.trail.arn
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

# Lifecycle rules end logs and backups; a person or a program that does is to be asked why.
resource "aws_cloudwatch_event_rule" "deleted" {
  name        = "${var.name}-deleted-records"
  description = "Somebody deletes logs or backups"
  tags        = var.tags
  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Deleted"]
    detail        = { bucket = { name = var.watched_buckets }, reason = ["DeleteObject"] }
  })
}

resource "aws_cloudwatch_event_target" "deleted" {
  rule = aws_cloudwatch_event_rule.deleted.name
  arn  = var.alerts_topic_arn
}
