data "aws_partition" "current" {}

locals {
  memory_gib = {
    "db.t3.micro"  = 1, "db.t3.small" = 2, "db.t3.medium" = 4, "db.t3.large" = 8
    "db.t4g.micro" = 1, "db.t4g.small" = 2, "db.t4g.medium" = 4, "db.t4g.large" = 8
    "db.m6g.large" = 8, "db.m7g.large" = 8, "db.r6g.large" = 16, "db.r7g.large" = 16
  }[var.instance_class]
  log_kinds = toset(["postgresql", "upgrade"])
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
  tags       = var.tags
}

# Made before the instance, which would otherwise make them itself, kept for ever and without the key.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:7 days are the design's, for cost
  for_each = local.log_kinds

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arns["logs"]
  tags              = var.tags
}

resource "aws_iam_role" "monitoring" {
  name = "${var.name}-rds-monitoring"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_157:one zone is the design's, for cost; multi_az is one variable
  identifier            = var.name
  engine                = "postgres"
  engine_version        = var.engine_version
  instance_class        = var.instance_class
  multi_az              = var.multi_az
  allocated_storage     = var.storage_gb.size
  max_allocated_storage = var.storage_gb.most
  # gp3 below 400 GB has fixed IOPS and throughput; naming them is refused.
  storage_type      = "gp3"
  storage_encrypted = true
  kms_key_id        = var.kms_key_arns["data"]

  db_name  = "assay"
  username = "assay_owner"
  # RDS makes the password, keeps it in Secrets Manager and rotates it; it is never in the state.
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = var.kms_key_arns["secrets"]
  iam_database_authentication_enabled = true

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.security_group_id]
  publicly_accessible    = false
  port                   = 5432
  ca_cert_identifier     = "rds-ca-rsa2048-g1"
  parameter_group_name   = aws_db_parameter_group.this.name

  backup_retention_period   = var.backup_days
  backup_window             = "01:30-02:30"
  maintenance_window        = "sun:03:00-sun:04:00"
  copy_tags_to_snapshot     = true
  deletion_protection       = var.protected
  skip_final_snapshot       = !var.protected
  final_snapshot_identifier = var.protected ? "${var.name}-final" : null
  delete_automated_backups  = !var.protected

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = local.log_kinds
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn
  performance_insights_enabled    = true
  # 7 days are free.
  performance_insights_retention_period = 7
  performance_insights_kms_key_id       = var.kms_key_arns["data"]

  tags = var.tags

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.monitoring]
}
