locals {
  # Uploads are larger than the 8 KB that this rule allows a body; the application bounds them itself.
  managed_rules = {
    AWSManagedRulesAmazonIpReputationList = []
    AWSManagedRulesCommonRuleSet          = ["SizeRestrictions_BODY"]
    AWSManagedRulesKnownBadInputsRuleSet  = []
  }
}

resource "aws_wafv2_web_acl" "this" {
  count = var.waf.enabled ? 1 : 0

  name  = var.name
  scope = "REGIONAL"
  tags  = var.tags

  default_action {
    allow {}
  }

  dynamic "rule" {
    for_each = local.managed_rules
    content {
      name     = rule.key
      priority = index(keys(local.managed_rules), rule.key)

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          name        = rule.key
          vendor_name = "AWS"

          dynamic "rule_action_override" {
            for_each = rule.value
            content {
              name = rule_action_override.value
              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = true
      }
    }
  }

  # Behind CloudFront every request comes from CloudFront's addresses; the person's is the forwarded one.
  rule {
    name     = "requests-of-one-address"
    priority = 10

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit              = var.waf.requests_per_5_min
        aggregate_key_type = var.cloudfront.enabled ? "FORWARDED_IP" : "IP"

        dynamic "forwarded_ip_config" {
          for_each = var.cloudfront.enabled ? [1] : []
          content {
            header_name       = "X-Forwarded-For"
            fallback_behavior = "MATCH"
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "requests-of-one-address"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "alb" {
  count = var.waf.enabled ? 1 : 0

  resource_arn = aws_lb.this.arn
  web_acl_arn  = aws_wafv2_web_acl.this[0].arn
}
