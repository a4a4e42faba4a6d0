locals {
  rules = {
    documents = [{ id = "tier", prefix = "", tier = true, expire = null }]
    assets    = []
    # Snapshots of Qdrant end here; nothing else is put into this bucket.
    backups   = [{ id = "expire", prefix = "qdrant/", tier = false, expire = var.days.backups }]
    artifacts = [{ id = "expire", prefix = "", tier = false, expire = var.days.artifacts }]
    logs = [
      { id = "load-balancer", prefix = "alb/", tier = false, expire = var.days.access_logs },
      { id = "buckets", prefix = "s3/", tier = false, expire = var.days.access_logs },
      { id = "trail", prefix = "cloudtrail/", tier = true, expire = var.days.audit },
      { id = "configuration", prefix = "config/", tier = false, expire = var.days.audit },
    ]
  }
  # An expired backup or log is gone for good a day later; a document that was deleted can be brought back.
  old_versions = {
    for key in keys(local.buckets) : key => contains(["documents", "assets"], key) ? var.days.old_versions : 1
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.rules

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "versions-and-fragments"
    status = "Enabled"
    filter {}

    noncurrent_version_expiration {
      noncurrent_days = local.old_versions[each.key]
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  dynamic "rule" {
    for_each = each.value
    content {
      id     = rule.value.id
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      dynamic "transition" {
        for_each = rule.value.tier ? [1] : []
        content {
          days          = 0
          storage_class = "INTELLIGENT_TIERING"
        }
      }

      dynamic "expiration" {
        for_each = rule.value.expire == null ? [] : [rule.value.expire]
        content {
          days = expiration.value
        }
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
