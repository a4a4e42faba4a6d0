data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  arn_start = "arn:${data.aws_partition.current.partition}"
}

resource "aws_backup_vault" "this" {
  name          = var.name
  kms_key_arn   = var.kms_key_arns["data"]
  force_destroy = !var.protected
  tags          = var.tags
}

resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.name}-backups"
  description = "A backup or copy that failed"
  tags        = var.tags
  event_pattern = jsonencode({
    source        = ["aws.backup"]
    "detail-type" = ["Backup Job State Change", "Copy Job State Change"]
    detail        = { state = ["FAILED", "ABORTED", "EXPIRED"] }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = var.alerts_topic_arn
}

resource "aws_backup_plan" "weekly" {
  name = "${var.name}-weekly"
  tags = var.tags

  rule {
    rule_name         = "weekly"
    target_vault_name = aws_backup_vault.this.name
    schedule          = var.weekly.schedule
    start_window      = 60
    completion_window = 300

    lifecycle {
      delete_after = var.weekly.days
    }

    dynamic "copy_action" {
      for_each = var.cross_region ? [var.copies.vault_arn] : []
      content {
        destination_vault_arn = copy_action.value
        lifecycle {
          delete_after = var.weekly.days
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = !var.cross_region || try(var.copies.region != data.aws_region.current.name, false)
      error_message = "The copies would lie in ${data.aws_region.current.name} too: give the module copies a provider of another region, or set cross_region = false."
    }
  }
}

resource "aws_iam_role" "backup" {
  name = "${var.name}-backup"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "backup.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "backup" {
  for_each = toset(["ForBackup", "ForRestores"])

  role       = aws_iam_role.backup.name
  policy_arn = "${local.arn_start}:iam::aws:policy/service-role/AWSBackupServiceRolePolicy${each.value}"
}

resource "aws_backup_selection" "weekly" {
  name         = "weekly"
  plan_id      = aws_backup_plan.weekly.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [var.database_arn]
}
