locals {
  source_is_ours = { StringEquals = { "aws:SourceAccount" = local.account } }

  encrypted_ways_only = {
    for key in keys(local.buckets) : key => {
      Sid       = "EncryptedWaysOnly"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.this[key].arn, "${aws_s3_bucket.this[key].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }
  }

  logs_arn = aws_s3_bucket.this["logs"].arn
  # One local would tie the logs to the distribution, which needs them first.
  read_by_cloudfront = [for arn in var.distribution[*].arn : {
    Sid       = "CloudFrontReads"
    Effect    = "Allow"
    Principal = { Service = "cloudfront.amazonaws.com" }
    Action    = "s3:GetObject"
    Resource  = "${aws_s3_bucket.this["assets"].arn}/*"
    Condition = { StringEquals = { "aws:SourceArn" = arn } }
  } if var.distribution.enabled]

  written_by_services = {
    logs = concat(
      [
        {
          Sid       = "LoadBalancer"
          Effect    = "Allow"
          Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource  = "${local.logs_arn}/alb/AWSLogs/${local.account}/*"
        },
        {
          Sid       = "AuditAsksWhoOwns"
          Effect    = "Allow"
          Principal = { Service = ["cloudtrail.amazonaws.com", "config.amazonaws.com"] }
          Action    = ["s3:GetBucketAcl", "s3:ListBucket"]
          Resource  = local.logs_arn
          Condition = local.source_is_ours
        },
      ],
      [for key, bucket in local.buckets : {
        Sid       = "Bucket${title(key)}"
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.logs_arn}/s3/${key}/*"
        Condition = local.source_is_ours
      }],
      [for service, folder in { cloudtrail = "cloudtrail", config = "config" } : {
        Sid                                = "Audit${title(service)}"
        Effect                             = "Allow"
        Principal                          = { Service = "${service}.amazonaws.com" }
        Action                             = "s3:PutObject"
        Resource                           = "${local.logs_arn}/${folder}/AWSLogs/${local.account}/*"
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account, "s3:x-amz-acl" = "bucket-owner-full-control" }
        }
      }],
    )
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = { for key, bucket in local.buckets : key => bucket if key != "assets" }

  bucket = aws_s3_bucket.this[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.encrypted_ways_only[each.key]], lookup(local.written_by_services, each.key, []))
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# On its own: it waits for the distribution, which waits for the buckets.
resource "aws_s3_bucket_policy" "assets" {
  bucket = aws_s3_bucket.this["assets"].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.encrypted_ways_only["assets"]], local.read_by_cloudfront)
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}
