locals {
  groups = {
    alb       = "Load balancer: the internet's only way in"
    ecs       = "Every ECS task"
    rds       = "PostgreSQL"
    redis     = "Redis"
    qdrant    = "Qdrant"
    lambda    = "Functions that look after Qdrant"
    endpoints = "Interface endpoints"
    bastion   = "Host for maintenance, where there is one"
  }

  # 6334 is Qdrant's gRPC and 6432 is PgBouncer: without them clients cannot use the one or reach the other.
  # The functions take Qdrant's snapshots over its REST port.
  between_groups = {
    alb_to_frontend     = { from = "alb", to = "ecs", port = 3000, why = "Frontend behind the load balancer" }
    alb_to_backend      = { from = "alb", to = "ecs", port = 8000, why = "Backend behind the load balancer" }
    ecs_to_rds          = { from = "ecs", to = "rds", port = 5432, why = "PgBouncer and migrations to PostgreSQL" }
    ecs_to_redis        = { from = "ecs", to = "redis", port = 6379, why = "Sessions, limits and cache" }
    ecs_to_qdrant       = { from = "ecs", to = "qdrant", port = 6333, why = "Qdrant REST" }
    ecs_to_qdrant_grpc  = { from = "ecs", to = "qdrant", port = 6334, why = "Qdrant gRPC" }
    ecs_to_pgbouncer    = { from = "ecs", to = "ecs", port = 6432, why = "Backend and worker to PgBouncer" }
    lambda_to_qdrant    = { from = "lambda", to = "qdrant", port = 6333, why = "Snapshots of Qdrant" }
    bastion_to_qdrant   = { from = "bastion", to = "qdrant", port = 22, why = "SSH for maintenance" }
    ecs_to_endpoints    = { from = "ecs", to = "endpoints", port = 443, why = "AWS services inside the VPC" }
    lambda_to_endpoints = { from = "lambda", to = "endpoints", port = 443, why = "AWS services inside the VPC" }
    qdrant_to_endpoints = { from = "qdrant", to = "endpoints", port = 443, why = "AWS services inside the VPC" }
  }
  # The general way out on 443 covers the endpoints; only their side needs a rule.
  egress_between = { for key, rule in local.between_groups : key => rule if rule.to != "endpoints" }

  https_out = {
    ecs    = "The model's API, AWS services"
    lambda = "AWS services"
    qdrant = "Updates, AWS services"
  }
}

# No inline rules: one resource a rule, so that a plan names what changes. A group without egress rules sends nothing.
resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:the other modules attach them
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id
  tags        = merge(var.tags, { Name = "${var.name}-${each.key}" })

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_ec2_managed_prefix_list" "cloudfront" {
  count = var.alb_from_cloudfront_only ? 1 : 0
  name  = "com.amazonaws.global.cloudfront.origin-facing"
}

resource "aws_vpc_security_group_ingress_rule" "alb_web" {
  #checkov:skip=CKV_AWS_260:port 80 only redirects to HTTPS
  for_each = { http = 80, https = 443 }

  security_group_id = aws_security_group.this["alb"].id
  description       = var.alb_from_cloudfront_only ? "CloudFront" : "The internet; HTTP is only redirected"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_ipv4         = var.alb_from_cloudfront_only ? null : "0.0.0.0/0"
  prefix_list_id    = var.alb_from_cloudfront_only ? data.aws_ec2_managed_prefix_list.cloudfront[0].id : null
  tags              = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "between" {
  for_each = local.between_groups

  security_group_id            = aws_security_group.this[each.value.to].id
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  description                  = each.value.why
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "between" {
  for_each = local.egress_between

  security_group_id            = aws_security_group.this[each.value.from].id
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  description                  = each.value.why
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "https" {
  for_each = local.https_out

  security_group_id = aws_security_group.this[each.key].id
  description       = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
  tags              = var.tags
}
