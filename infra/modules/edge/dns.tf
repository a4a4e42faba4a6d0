resource "aws_route53_record" "people" {
  count = local.has_zone ? 1 : 0

  zone_id = var.domain.zone_id
  name    = var.domain.name
  type    = "A"

  alias {
    name                   = var.cloudfront.enabled ? aws_cloudfront_distribution.this[0].domain_name : aws_lb.this.dns_name
    zone_id                = var.cloudfront.enabled ? aws_cloudfront_distribution.this[0].hosted_zone_id : aws_lb.this.zone_id
    evaluate_target_health = !var.cloudfront.enabled
  }
}

resource "aws_route53_record" "origin" {
  count = local.has_zone ? 1 : 0

  zone_id         = var.domain.zone_id
  name            = local.origin_name
  type            = "CNAME"
  ttl             = 60
  records         = [aws_lb.this.dns_name]
  set_identifier  = var.failover == null ? null : "primary"
  health_check_id = one(aws_route53_health_check.origin[*].id)

  dynamic "failover_routing_policy" {
    for_each = var.failover[*]
    content {
      type = "PRIMARY"
    }
  }
}

# CloudFront looks the origin's name up anew, so it follows to the stand-in within a minute or two.
resource "aws_route53_record" "stand_in" {
  count = local.has_zone && var.failover != null ? 1 : 0

  zone_id        = var.domain.zone_id
  name           = local.origin_name
  type           = "CNAME"
  ttl            = 60
  records        = [var.failover.host]
  set_identifier = "secondary"

  failover_routing_policy {
    type = "SECONDARY"
  }
}

resource "aws_route53_health_check" "origin" {
  count = local.has_zone && var.failover != null ? 1 : 0

  fqdn              = aws_lb.this.dns_name
  type              = "HTTPS"
  port              = 443
  resource_path     = "/health"
  request_interval  = 30
  failure_threshold = 3
  tags              = merge(var.tags, { Name = "${var.name}-origin" })
}
