data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id

  # Load balancers write their logs with S3's own key only.
  buckets = {
    documents = { kms = true }
    assets    = { kms = true }
    backups   = { kms = true }
    artifacts = { kms = true }
    logs      = { kms = false }
  }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:copies in another region are an option of the backup module
  #checkov:skip=CKV_AWS_145:the load balancer cannot write its logs with a key of ours
  for_each = local.buckets

  bucket        = "${var.name}-${each.key}-${local.account}"
  force_destroy = !var.protected
  tags          = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    bucket_key_enabled = each.value.kms
    apply_server_side_encryption_by_default {
      sse_algorithm     = each.value.kms ? "aws:kms" : "AES256"
      kms_master_key_id = each.value.kms ? var.kms_key_arns["data"] : null
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# The bucket of the logs has its own log in it as well: each delivery adds a line about the one before, and no more.
resource "aws_s3_bucket_logging" "this" {
  for_each = local.buckets

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = aws_s3_bucket.this["logs"].id
  target_prefix = "s3/${each.key}/"
  depends_on    = [aws_s3_bucket_policy.this]
}

# EventBridge hears what happens to files; the audit module listens for deletions.
resource "aws_s3_bucket_notification" "this" {
  for_each = local.buckets

  bucket      = aws_s3_bucket.this[each.key].id
  eventbridge = true
}
