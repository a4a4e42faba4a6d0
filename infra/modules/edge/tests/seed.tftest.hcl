mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name              = "assay-test"
  vpc_id            = "vpc-1"
  public_subnet_ids = ["subnet-1", "subnet-2"]
  security_group_id = "sg-1"
  log_bucket        = "assay-test-logs"
  assets_bucket     = { id = "assay-test-assets", arn = "arn:aws:s3:::assay-test-assets", domain_name = "assay-test-assets.s3.us-east-1.amazonaws.com" }
  domain            = { name = "assay.example.com", zone_id = "Z1" }
  certificate_arn   = "arn:aws:acm:us-east-1:111122223333:certificate/one"
}

run "load_balancer_is_the_seeds" {
  command = plan

  assert {
    condition     = aws_lb.this.load_balancer_type == "application" && aws_lb.this.internal == false && aws_lb.this.ip_address_type == "ipv4"
    error_message = "An internet-facing application load balancer on IPv4."
  }
  assert {
    condition     = toset(aws_lb.this.subnets) == toset(["subnet-1", "subnet-2"])
    error_message = "It stands in the public subnets of two zones."
  }
  assert {
    condition     = aws_lb.this.access_logs[0].enabled && aws_lb.this.access_logs[0].bucket == "assay-test-logs"
    error_message = "Access logs are written."
  }
  assert {
    condition     = aws_lb.this.enable_deletion_protection && aws_lb.this.drop_invalid_header_fields
    error_message = "It cannot be deleted by accident and drops malformed headers."
  }
  assert {
    condition     = aws_lb.this.idle_timeout == 60
    error_message = "Idle connections end after 60 s, before the application's 75 s."
  }
}

run "target_groups_are_the_seeds" {
  command = plan

  assert {
    condition     = { for key, group in aws_lb_target_group.this : key => group.port } == { frontend = 3000, backend = 8000 }
    error_message = "Frontend on 3000, backend on 8000."
  }
  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : group.health_check[0].path == "/health"])
    error_message = "Targets are checked at /health."
  }
  assert {
    condition = alltrue([
      for group in aws_lb_target_group.this : group.health_check[0].interval == 30 && group.health_check[0].timeout == 5
      && group.health_check[0].unhealthy_threshold == 3 && group.health_check[0].healthy_threshold == 2
    ])
    error_message = "Checks every 30 s, 5 s to answer, out after 3 failures, back after 2 successes."
  }
  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : group.stickiness[0].enabled && group.stickiness[0].type == "lb_cookie"])
    error_message = "Sessions are sticky."
  }
  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : group.load_balancing_algorithm_type == "round_robin"])
    error_message = "Requests go around the targets in turn."
  }
  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : tonumber(group.deregistration_delay) < 120])
    error_message = "A task is out of the rotation before the 120 s it has to stop."
  }
}

run "https_and_nothing_else" {
  command = plan

  assert {
    condition     = aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "HTTP only redirects to HTTPS."
  }
  assert {
    condition     = aws_lb_listener.https.ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "TLS 1.2 is the minimum."
  }
  assert {
    condition     = aws_cloudfront_distribution.this[0].viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "TLS 1.2 is the minimum at CloudFront too."
  }
  assert {
    condition     = !contains(flatten([for rule in aws_lb_listener_rule.forward : [for condition in rule.condition : [for path in condition.path_pattern : tolist(path.values)]]]), "/metrics")
    error_message = "/metrics is not reachable from outside."
  }
}

run "nobody_goes_around_cloudfront" {
  command = apply

  assert {
    condition     = aws_lb_listener.https.default_action[0].type == "redirect" && aws_lb_listener.https.default_action[0].redirect[0].host == "assay.example.com"
    error_message = "Who calls the load balancer itself is sent to CloudFront."
  }
  assert {
    condition = alltrue([
      for rule in aws_lb_listener_rule.forward : length([
        for condition in rule.condition : condition if length(condition.http_header) == 1 && alltrue([for header in condition.http_header : contains(header.values, terraform_data.cloudfront_mark.output)])
      ]) == 1
    ])
    error_message = "What reaches the services bears CloudFront's mark."
  }
  assert {
    condition     = output.proxies == 2
    error_message = "Two proxies stand before the backend."
  }
}

run "without_cloudfront" {
  command = plan

  variables {
    cloudfront = { enabled = false }
  }

  assert {
    condition     = aws_lb_listener.https.default_action[0].type == "forward" && length(aws_cloudfront_distribution.this) == 0 && output.proxies == 1
    error_message = "Without CloudFront the load balancer serves by itself."
  }
}

run "cloudfront_serves_assets_and_passes_streams" {
  command = plan

  assert {
    condition     = aws_cloudfront_origin_access_control.assets[0].signing_behavior == "always"
    error_message = "CloudFront signs its requests to the bucket."
  }
  assert {
    condition = [
      for behavior in aws_cloudfront_distribution.this[0].ordered_cache_behavior : behavior.cache_policy_id if behavior.path_pattern == "/assets/*"
    ] == ["658327ea-f89d-4fab-a63d-7e88639e58f6"]
    error_message = "Assets are cached."
  }
  assert {
    condition = [for member in one(aws_cloudfront_distribution.this[0].origin_group).member : member.origin_id] == ["assets", "application"] && alltrue([
      for behavior in aws_cloudfront_distribution.this[0].ordered_cache_behavior : behavior.target_origin_id == one(aws_cloudfront_distribution.this[0].origin_group).origin_id if behavior.path_pattern == "/assets/*"
    ])
    error_message = "The frontend stands in for a bucket that does not answer."
  }
  assert {
    condition     = aws_cloudfront_response_headers_policy.security[0].security_headers_config[0].strict_transport_security[0].access_control_max_age_sec == 31536000 && aws_cloudfront_response_headers_policy.security[0].security_headers_config[0].frame_options[0].frame_option == "DENY"
    error_message = "Browsers are told to come by HTTPS for a year, and to show no page in another's frame."
  }
  assert {
    condition = alltrue([
      for behavior in aws_cloudfront_distribution.this[0].ordered_cache_behavior :
      behavior.cache_policy_id == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" && !behavior.compress && contains(behavior.allowed_methods, "POST")
      if behavior.path_pattern == "/v1/*"
    ])
    error_message = "/v1/* reaches the backend on the same origin, neither cached nor gathered."
  }
}

run "a_certificate_is_made_in_the_zone" {
  command = plan

  variables {
    certificate_arn = null
  }

  assert {
    condition     = aws_acm_certificate.this[0].validation_method == "DNS" && contains(aws_acm_certificate.this[0].subject_alternative_names, "origin.assay.example.com")
    error_message = "The certificate holds the public name and the origin's, proven by DNS."
  }
}

run "waf_is_an_option" {
  command = plan

  variables {
    waf = { enabled = true, requests_per_5_min = 2000 }
  }

  assert {
    condition     = length(aws_wafv2_web_acl_association.alb) == 1
    error_message = "WAF stands before the load balancer."
  }
}

run "without_waf_by_default" {
  command = plan

  assert {
    condition     = length(aws_wafv2_web_acl.this) == 0 && length(aws_route53_health_check.origin) == 0
    error_message = "WAF and failover cost money and are off by default."
  }
}

run "failover_is_an_option" {
  command = plan

  variables {
    failover = { host = "standby.example.net" }
  }

  assert {
    condition     = aws_route53_record.origin[0].failover_routing_policy[0].type == "PRIMARY" && aws_route53_record.stand_in[0].failover_routing_policy[0].type == "SECONDARY"
    error_message = "CloudFront's origin fails over by DNS."
  }
  assert {
    condition     = aws_route53_health_check.origin[0].resource_path == "/health" && aws_route53_health_check.origin[0].type == "HTTPS"
    error_message = "The primary's health is checked at /health."
  }
}
