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
}

run "a_missing_certificate_is_refused" {
  command         = plan
  expect_failures = [aws_lb.this]
  variables { domain = { name = "assay.example.com" } }
}

run "cloudfront_without_a_name_is_refused" {
  command         = plan
  expect_failures = [aws_cloudfront_distribution.this]
  variables {
    domain          = null
    certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/one"
  }
}

run "a_certificate_of_another_region_is_refused" {
  command         = plan
  expect_failures = [aws_cloudfront_distribution.this]
  override_data {
    target = data.aws_region.current
    values = { name = "eu-west-1" }
  }
}

run "one_zone_is_refused" {
  command         = plan
  expect_failures = [var.public_subnet_ids]
  variables { public_subnet_ids = ["subnet-1"] }
}

run "an_idle_time_beyond_the_applications_is_refused" {
  command         = plan
  expect_failures = [var.idle_timeout_seconds]
  variables { idle_timeout_seconds = 90 }
}

run "an_odd_name_is_refused" {
  command         = plan
  expect_failures = [var.domain]
  variables { domain = { name = "https://assay.example.com", zone_id = "Z1" } }
}
