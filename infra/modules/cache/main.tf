resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
  tags       = var.tags
}

resource "aws_elasticache_parameter_group" "this" {
  name        = "${var.name}-redis7"
  family      = "redis7"
  description = "Redis of ${var.name}"
  tags        = var.tags

  parameter {
    name  = "maxmemory-policy"
    value = var.eviction
  }

  # A quarter stays free for copies to the replica: a full node that begins one would swap.
  parameter {
    name  = "reserved-memory-percent"
    value = "25"
  }

  # Evict in the background, so that a large value does not hold the others up.
  parameter {
    name  = "lazyfree-lazy-eviction"
    value = "yes"
  }

  parameter {
    name  = "slowlog-log-slower-than"
    value = "10000" # microseconds
  }
}

# ElastiCache takes its token only by an argument that the state keeps; the state's bucket is encrypted for this.
# Nothing else reads it there: tasks take it from Parameter Store.
resource "terraform_data" "token" {
  input            = sha256("${uuid()}${uuid()}")
  triggers_replace = var.token_generation

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_ssm_parameter" "token" {
  name             = "${var.parameter_prefix}/redis-auth-token"
  description      = "AUTH token of Redis"
  type             = "SecureString"
  key_id           = var.kms_key_arns["secrets"]
  value_wo         = terraform_data.token.output
  value_wo_version = var.token_generation
  tags             = var.tags
}

resource "aws_cloudwatch_log_group" "slow" {
  #checkov:skip=CKV_AWS_338:7 days are the design's, for cost
  name              = "/${var.name}/redis-slow"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arns["logs"]
  tags              = var.tags
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = var.name
  description                = "Sessions, limits and cached answers of ${var.name}"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = var.node_type
  num_cache_clusters         = 1 + var.replicas
  automatic_failover_enabled = var.replicas > 0
  multi_az_enabled           = var.replicas > 0
  port                       = 6379
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [var.security_group_id]

  at_rest_encryption_enabled = true
  kms_key_id                 = var.kms_key_arns["data"]
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  auth_token                 = sensitive(terraform_data.token.output)
  auth_token_update_strategy = "ROTATE"

  maintenance_window         = "sun:04:00-sun:05:00"
  auto_minor_version_upgrade = true
  apply_immediately          = true
  # No value in it is the only one: nothing to take snapshots for.
  snapshot_retention_limit = 0
  tags                     = var.tags

  log_delivery_configuration {
    destination      = aws_cloudwatch_log_group.slow.name
    destination_type = "cloudwatch-logs"
    log_format       = "json"
    log_type         = "slow-log"
  }
}
