mock_provider "aws" {
  source = "../../tests/mocks"
}

override_data {
  target = data.aws_ssm_parameter.image
  values = { insecure_value = "ami-0123456789abcdef0" }
}

variables {
  name              = "assay-test"
  environment       = "production"
  vpc_id            = "vpc-1"
  subnet_ids        = ["subnet-1", "subnet-2"]
  security_group_id = "sg-qdrant"
  backup_plan       = { id = "plan-1", role_arn = "arn:aws:iam::111122223333:role/backup" }
  kms_key_arns      = { data = "arn:aws:kms:us-east-1:111122223333:key/data", logs = "arn:aws:kms:us-east-1:111122223333:key/logs", secrets = "arn:aws:kms:us-east-1:111122223333:key/secrets" }
  api_key_parameter = { name = "/assay/test/qdrant-api-key", arn = "arn:aws:ssm:us-east-1:111122223333:parameter/assay/test/qdrant-api-key" }
  qdrant            = { version = "1.19.0", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
}

run "an_old_qdrant_is_refused" {
  command         = plan
  expect_failures = [var.qdrant]
  variables { qdrant = { version = "1.18.3", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" } }
}

run "a_release_that_is_not_pinned_is_refused" {
  command         = plan
  expect_failures = [var.qdrant]
  variables { qdrant = { version = "latest", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" } }
}

run "an_archive_without_its_sum_is_refused" {
  command         = plan
  expect_failures = [var.qdrant]
  variables { qdrant = { version = "1.19.0", sha256 = "" } }
}

run "three_nodes_are_refused" {
  command         = plan
  expect_failures = [var.nodes]
  variables { nodes = 3 }
}

run "two_that_stay_and_one_that_comes_are_refused" {
  command         = plan
  expect_failures = [aws_instance.node]
  variables {
    nodes       = 2
    autoscaling = true
  }
}

run "an_elastic_ip_in_a_private_subnet_is_refused" {
  command         = plan
  expect_failures = [aws_instance.node]
  variables { elastic_ip = { subnet_id = "subnet-1" } }
}

run "one_zone_is_refused" {
  command         = plan
  expect_failures = [var.subnet_ids]
  variables { subnet_ids = ["subnet-1"] }
}
