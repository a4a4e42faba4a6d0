data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# The first trail of an account is free; it sees all regions.
resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_252:EventBridge carries what matters to the alarm topic; a notice of each file helps nobody
  #checkov:skip=CKV2_AWS_10:events reach EventBridge within minutes without paying CloudWatch for every line
  name                          = var.name
  s3_bucket_name                = var.logs_bucket.id
  s3_key_prefix                 = "cloudtrail"
  kms_key_id                    = var.logs_kms_key_arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  tags                          = var.tags

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
