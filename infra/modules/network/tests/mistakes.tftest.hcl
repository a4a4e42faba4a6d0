mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name             = "assay-test"
  logs_kms_key_arn = "arn:aws:kms:us-east-1:111122223333:key/logs"
}

run "subnets_that_overlap_are_refused" {
  command         = plan
  expect_failures = [var.cidrs]
  variables { cidrs = { private = ["10.0.10.0/24", "10.0.1.128/25"] } }
}

run "a_subnet_outside_the_vpc_is_refused" {
  command         = plan
  expect_failures = [var.cidrs]
  variables { cidrs = { public = ["10.0.1.0/24", "10.1.2.0/24"] } }
}

run "three_subnets_are_refused" {
  command         = plan
  expect_failures = [var.cidrs]
  variables { cidrs = { public = ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"] } }
}

run "one_zone_twice_is_refused" {
  command         = plan
  expect_failures = [var.zone_letters]
  variables { zone_letters = ["a", "a"] }
}

run "a_range_with_host_bits_is_refused" {
  command         = plan
  expect_failures = [var.cidrs]
  variables { cidrs = { vpc = "10.0.0.1/16" } }
}

run "an_unknown_endpoint_is_refused" {
  command         = plan
  expect_failures = [var.interface_endpoints]
  variables { interface_endpoints = ["s4"] }
}

run "a_bastion_open_to_the_world_is_refused" {
  command         = plan
  expect_failures = [var.bastion]
  variables { bastion = { ami_id = "ami-12345678", key_name = "ops", from_cidrs = ["0.0.0.0/0"] } }
}

run "a_name_too_long_is_refused" {
  command         = plan
  expect_failures = [var.name]
  variables { name = "assay-production-of-the-whole-company" }
}
