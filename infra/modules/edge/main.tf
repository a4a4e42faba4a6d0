data "aws_region" "current" {}

locals {
  has_zone          = try(var.domain.zone_id, null) != null
  makes_certificate = var.certificate_arn == null && local.has_zone
  certificate_arn   = local.makes_certificate ? one(aws_acm_certificate_validation.this[*].certificate_arn) : var.certificate_arn

  targets = {
    frontend = { port = 3000 }
    backend  = { port = 8000 }
  }
  # Everything else is the web application's; /metrics is not listed, so it stays inside. Rules hold five values at most.
  backend_paths = [["/v1/*", "/ready", "/openapi.json"], ["/docs", "/docs/*"]]
}

resource "aws_lb" "this" {
  #checkov:skip=CKV2_AWS_28:WAF is an option, for its price by the request
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = false
  ip_address_type            = "ipv4"
  subnets                    = var.public_subnet_ids
  security_groups            = [var.security_group_id]
  idle_timeout               = var.idle_timeout_seconds
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  enable_deletion_protection = var.protected
  tags                       = var.tags

  access_logs {
    enabled = true
    bucket  = var.log_bucket
    prefix  = "alb"
  }

  lifecycle {
    precondition {
      condition     = var.certificate_arn != null || local.has_zone
      error_message = "There is no certificate for HTTPS: set domain (name and Route 53 zone_id) to have one made, or certificate_arn to bring one."
    }
  }
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; behind it are private subnets and one security group
  for_each = local.targets

  name                          = "${var.name}-${each.key}"
  port                          = each.value.port
  protocol                      = "HTTP"
  target_type                   = "ip"
  vpc_id                        = var.vpc_id
  deregistration_delay          = 60
  load_balancing_algorithm_type = "round_robin"
  tags                          = var.tags

  health_check {
    path                = "/health"
    matcher             = "200"
    interval            = var.health.interval
    timeout             = var.health.timeout
    healthy_threshold   = var.health.healthy
    unhealthy_threshold = var.health.unhealthy
  }

  stickiness {
    enabled         = true
    type            = "lb_cookie"
    cookie_duration = var.stickiness_seconds
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"
  tags              = var.tags

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = local.certificate_arn
  tags              = var.tags

  # Behind CloudFront, who comes past it could name any address as their own; they are sent to the front door.
  default_action {
    type             = local.guarded ? "redirect" : "forward"
    target_group_arn = local.guarded ? null : aws_lb_target_group.this["frontend"].arn

    dynamic "redirect" {
      for_each = local.guarded ? [1] : []
      content {
        host        = var.domain.name
        status_code = "HTTP_302"
      }
    }
  }
}

locals {
  guarded = var.cloudfront.enabled && var.domain != null

  rules = merge(
    { for index, paths in local.backend_paths : "backend-${index + 1}" => { priority = 10 + index, target = "backend", paths = paths } },
    local.guarded ? { frontend = { priority = 50, target = "frontend", paths = ["/*"] } } : {},
  )
}

# The mark by which the load balancer knows CloudFront. Whoever may read the distribution may read it, so the
# state adds no reader.
resource "terraform_data" "cloudfront_mark" {
  input = sha256("${uuid()}${uuid()}")

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_lb_listener_rule" "forward" {
  for_each = local.rules

  listener_arn = aws_lb_listener.https.arn
  priority     = each.value.priority
  tags         = var.tags

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.value.target].arn
  }

  condition {
    path_pattern {
      values = each.value.paths
    }
  }

  dynamic "condition" {
    for_each = local.guarded ? [1] : []
    content {
      http_header {
        http_header_name = local.mark_header
        values           = [terraform_data.cloudfront_mark.output]
      }
    }
  }
}

# Health checks from outside come without CloudFront.
resource "aws_lb_listener_rule" "health" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 1
  tags         = var.tags

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["backend"].arn
  }

  condition {
    path_pattern {
      values = ["/health"]
    }
  }
}
