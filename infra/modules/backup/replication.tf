# What sends documents and snapshots to the other region, where the module copies has made their place.
locals {
  # Qdrant can be restored from its snapshots or from the documents; both go along.
  copied = var.cross_region ? toset(["documents", "backups"]) : toset([])
}

resource "aws_iam_role" "replication" {
  count = var.cross_region ? 1 : 0

  name = "${var.name}-s3-copies"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "s3.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "replication" {
  count = var.cross_region ? 1 : 0

  name = "copy"
  role = aws_iam_role.replication[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Ask"
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = [for key in local.copied : var.buckets[key].arn]
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
        Resource = [for key in local.copied : "${var.buckets[key].arn}/*"]
      },
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
        Resource = [for key in local.copied : "${var.copies.bucket_arns[key]}/*"]
      },
      {
        Sid      = "Decrypt"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.kms_key_arns["data"]
      },
      {
        Sid      = "Encrypt"
        Effect   = "Allow"
        Action   = ["kms:Encrypt", "kms:GenerateDataKey"]
        Resource = var.copies.kms_key_arn
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "this" {
  for_each = local.copied

  bucket = var.buckets[each.key].id
  role   = aws_iam_role.replication[0].arn

  rule {
    id     = "copy"
    status = "Enabled"
    filter {}

    # A deletion here is none there: who deletes everything must do it twice.
    delete_marker_replication {
      status = "Disabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket        = var.copies.bucket_arns[each.key]
      storage_class = "STANDARD_IA"

      encryption_configuration {
        replica_kms_key_id = var.copies.kms_key_arn
      }
    }
  }

  depends_on = [aws_iam_role_policy.replication]
}
