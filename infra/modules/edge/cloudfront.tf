locals {
  mark_header = "X-Assay-Edge"
  # Policies that AWS keeps, by their published ids.
  caching_optimized          = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  caching_disabled           = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer_request         = "216adef6-5c7f-47e4-b989-5492eafa07d3"
  cloudfront_certificate_arn = var.cloudfront.certificate_arn != null ? var.cloudfront.certificate_arn : local.certificate_arn
}

resource "aws_cloudfront_origin_access_control" "assets" {
  count = var.cloudfront.enabled ? 1 : 0

  name                              = "${var.name}-assets"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# For what comes from the bucket; where the application sends one of these itself, its own stands.
resource "aws_cloudfront_response_headers_policy" "security" {
  count = var.cloudfront.enabled ? 1 : 0

  name    = "${var.name}-security"
  comment = "Headers of every answer"

  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = true
      preload                    = true
      override                   = true
    }
    content_type_options {
      override = false
    }
    frame_options {
      frame_option = "DENY"
      override     = false
    }
    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = false
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV2_AWS_47:WAF is an option and stands before the load balancer, with the rules for Log4j
  #checkov:skip=CKV_AWS_68:WAF is an option and stands before the load balancer
  #checkov:skip=CKV_AWS_86:the load balancer logs every request that is not for a public asset
  #checkov:skip=CKV_AWS_374:customers may be anywhere
  count = var.cloudfront.enabled ? 1 : 0

  comment             = var.name
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  default_root_object = "index.html"
  price_class         = var.cloudfront.price_class
  aliases             = [try(var.domain.name, "")]
  # A first apply need not wait the minutes that CloudFront takes to reach every edge.
  wait_for_deployment = false
  tags                = var.tags

  origin {
    origin_id   = "application"
    domain_name = local.origin_name

    custom_header {
      name  = local.mark_header
      value = terraform_data.cloudfront_mark.output
    }

    custom_origin_config {
      http_port                = 80
      https_port               = 443
      origin_protocol_policy   = "https-only"
      origin_ssl_protocols     = ["TLSv1.2"]
      origin_read_timeout      = 60
      origin_keepalive_timeout = 55
    }
  }

  origin {
    origin_id                = "assets"
    domain_name              = var.assets_bucket.domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.assets[0].id
  }

  # The frontend holds the assets of its own release too: it stands in for a bucket that lacks one or does not answer.
  origin_group {
    origin_id = "assets-or-frontend"

    failover_criteria {
      status_codes = [403, 404, 500, 502, 503, 504]
    }

    member {
      origin_id = "assets"
    }
    member {
      origin_id = "application"
    }
  }

  # The web application's page, never kept: it names the assets of one release.
  default_cache_behavior {
    target_origin_id           = "application"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = local.caching_disabled
    origin_request_policy_id   = local.all_viewer_request
    response_headers_policy_id = aws_cloudfront_response_headers_policy.security[0].id
    compress                   = true
  }

  ordered_cache_behavior {
    path_pattern               = "/assets/*"
    target_origin_id           = "assets-or-frontend"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = local.caching_optimized
    response_headers_policy_id = aws_cloudfront_response_headers_policy.security[0].id
    compress                   = true
  }

  # No compression here: CloudFront would gather a stream before it packs it.
  ordered_cache_behavior {
    path_pattern               = "/v1/*"
    target_origin_id           = "application"
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = local.caching_disabled
    origin_request_policy_id   = local.all_viewer_request
    response_headers_policy_id = aws_cloudfront_response_headers_policy.security[0].id
    compress                   = false
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = local.cloudfront_certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }

  lifecycle {
    precondition {
      condition     = var.domain != null
      error_message = "CloudFront needs a name to reach the load balancer by: set domain, or cloudfront.enabled = false."
    }
    precondition {
      condition     = var.cloudfront.certificate_arn != null || data.aws_region.current.name == "us-east-1"
      error_message = "CloudFront takes certificates from us-east-1 only: set cloudfront.certificate_arn to one there, or cloudfront.enabled = false."
    }
  }
}
