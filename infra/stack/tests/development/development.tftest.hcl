mock_provider "aws" {
  source = "../tests/mocks"
}

mock_provider "aws" {
  alias  = "copies"
  source = "../tests/mocks"
}

override_data {
  target = module.vectors.data.aws_ssm_parameter.image
  values = { insecure_value = "ami-0123456789abcdef0" }
}

variables {
  domain = { name = "assay.example.com", zone_id = "Z0123456789" }
  # Given, so that no record's values hang on what a mocked certificate asks for.
  certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/one"
  openai_api_key  = ""
  images = {
    backend         = "registry.example.com/backend:1"
    frontend        = "registry.example.com/frontend:1"
    pgbouncer       = "registry.example.com/pgbouncer:1"
    repository_arns = ["arn:aws:ecr:us-east-1:111122223333:repository/backend"]
  }
  qdrant_release = { version = "1.19.0", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
  delivery       = { source_code = { repository = "example/assay" } }
  slack_webhook  = "https://hooks.slack.com/services/one"
}

run "development_is_one_task_a_service" {
  command = plan

  assert {
    condition     = alltrue([for service in var.services : service.desired == 1 && service.max == 1])
    error_message = "Development runs a single task of each service."
  }
  assert {
    condition     = var.scaling == "none"
    error_message = "Development does not scale by itself."
  }
  assert {
    condition     = var.database.instance_class == "db.t3.micro" && !var.database.multi_az
    error_message = "Development's database is a db.t3.micro in one zone."
  }
  assert {
    condition     = var.cache.node_type == "cache.t3.micro" && var.cache.replicas == 0
    error_message = "Development's Redis is one cache.t3.micro."
  }
  assert {
    condition     = var.qdrant.instance_type == "t3.small" && var.qdrant.nodes == 1 && !var.qdrant.autoscaling
    error_message = "Development's Qdrant is one t3.small."
  }
  assert {
    condition     = var.budget.usd == 150
    error_message = "Development costs about 150 USD a month, and its budget is that."
  }
  assert {
    condition     = output.parameter_prefix == "/assay/development"
    error_message = "Development's parameters lie under its own path."
  }
}
