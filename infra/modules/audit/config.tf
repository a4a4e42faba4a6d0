locals {
  # Rules that AWS keeps, by their identifiers.
  rules = {
    alb-http-redirects          = { identifier = "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK", input = null }
    cloudtrail-enabled          = { identifier = "CLOUD_TRAIL_ENABLED", input = null }
    cloudtrail-validated        = { identifier = "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", input = null }
    ebs-encrypted               = { identifier = "ENCRYPTED_VOLUMES", input = null }
    imdsv2                      = { identifier = "EC2_IMDSV2_CHECK", input = null }
    kms-rotates                 = { identifier = "CMK_BACKING_KEY_ROTATION_ENABLED", input = null }
    no-admin-policies           = { identifier = "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS", input = null }
    no-open-ssh                 = { identifier = "INCOMING_SSH_DISABLED", input = null }
    rds-backed-up               = { identifier = "DB_INSTANCE_BACKUP_ENABLED", input = { backupRetentionMinimum = "7" } }
    rds-encrypted               = { identifier = "RDS_STORAGE_ENCRYPTED", input = null }
    rds-private                 = { identifier = "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", input = null }
    rds-snapshots-private       = { identifier = "RDS_SNAPSHOTS_PUBLIC_PROHIBITED", input = null }
    root-has-no-key             = { identifier = "IAM_ROOT_ACCESS_KEY_CHECK", input = null }
    root-has-mfa                = { identifier = "ROOT_ACCOUNT_MFA_ENABLED", input = null }
    s3-encrypted-ways-only      = { identifier = "S3_BUCKET_SSL_REQUESTS_ONLY", input = null }
    s3-not-readable-by-all      = { identifier = "S3_BUCKET_PUBLIC_READ_PROHIBITED", input = null }
    s3-not-writable-by-all      = { identifier = "S3_BUCKET_PUBLIC_WRITE_PROHIBITED", input = null }
    vpc-default-group-is-closed = { identifier = "VPC_DEFAULT_SECURITY_GROUP_CLOSED", input = null }
  }
}

resource "aws_iam_role" "config" {
  count = var.account_wide ? 1 : 0

  name = "${var.name}-config"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "config.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "config" {
  count = var.account_wide ? 1 : 0

  role       = aws_iam_role.config[0].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWS_ConfigRole"
}

resource "aws_iam_role_policy" "config" {
  count = var.account_wide ? 1 : 0

  name = "deliver"
  role = aws_iam_role.config[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "s3:PutObject"
        Resource  = "${var.logs_bucket.arn}/config/AWSLogs/${data.aws_caller_identity.current.account_id}/*"
        Condition = { StringEquals = { "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
      {
        Effect   = "Allow"
        Action   = "s3:GetBucketAcl"
        Resource = var.logs_bucket.arn
      },
    ]
  })
}

resource "aws_config_configuration_recorder" "this" {
  count = var.account_wide ? 1 : 0

  name     = var.name
  role_arn = aws_iam_role.config[0].arn

  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }
}

resource "aws_config_delivery_channel" "this" {
  count = var.account_wide ? 1 : 0

  name           = var.name
  s3_bucket_name = var.logs_bucket.id
  s3_key_prefix  = "config"

  snapshot_delivery_properties {
    delivery_frequency = "TwentyFour_Hours"
  }

  depends_on = [aws_config_configuration_recorder.this, aws_iam_role_policy.config]
}

resource "aws_config_configuration_recorder_status" "this" {
  count = var.account_wide ? 1 : 0

  name       = aws_config_configuration_recorder.this[0].name
  is_enabled = true
  depends_on = [aws_config_delivery_channel.this]
}

resource "aws_config_config_rule" "this" {
  for_each = { for name, rule in local.rules : name => rule if var.account_wide }

  name             = "${var.name}-${each.key}"
  input_parameters = each.value.input == null ? null : jsonencode(each.value.input)
  tags             = var.tags

  source {
    owner             = "AWS"
    source_identifier = each.value.identifier
  }

  depends_on = [aws_config_configuration_recorder_status.this]
}
