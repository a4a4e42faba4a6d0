data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  arn_start = "arn:${data.aws_partition.current.partition}"
}

# Keys do not leave their region: the copies have their own.
resource "aws_kms_key" "this" {
  description             = "${var.name}: copies of backups"
  enable_key_rotation     = true
  deletion_window_in_days = var.protected ? 30 : 7
  tags                    = var.tags
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AccountAdministers"
      Effect    = "Allow"
      Principal = { AWS = "${local.arn_start}:iam::${local.account}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_backup_vault" "this" {
  name          = "${var.name}-copies"
  kms_key_arn   = aws_kms_key.this.arn
  force_destroy = !var.protected
  tags          = var.tags
}

# The weekly copies may be a week old; these are minutes old, and reach back to any second.
resource "aws_db_instance_automated_backups_replication" "this" {
  source_db_instance_arn = var.database_arn
  kms_key_id             = aws_kms_key.this.arn
  retention_period       = var.database_days
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:it is the copy
  for_each = toset(keys(var.buckets))

  bucket        = "${var.name}-${each.key}-copy-${local.account}"
  force_destroy = !var.protected
  tags          = var.tags
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = toset(keys(var.buckets))

  bucket = aws_s3_bucket.this[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = toset(keys(var.buckets))

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = toset(keys(var.buckets))

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = toset(keys(var.buckets))

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "versions-and-fragments"
    status = "Enabled"
    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  dynamic "rule" {
    for_each = var.buckets[each.key].expire_days[*]
    content {
      id     = "expire"
      status = "Enabled"
      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

