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

run "production_is_whole" {
  command = plan

  assert {
    condition     = output.pool_arithmetic == { server_connections = 90, max_connections = 100, client_connections = 200, max_client_conn = 200 }
    error_message = "Production's pools fit its database: 90 of 100 connections, 200 of 200 clients."
  }
  assert {
    condition     = output.url == "https://assay.example.com"
    error_message = "People reach production by its name."
  }
  assert {
    condition     = output.parameter_prefix == "/assay/production"
    error_message = "Production's parameters lie under its own path."
  }
  assert {
    condition     = var.scaling == "full" && var.services["backend"].min == 3 && var.services["backend"].max == 6 && var.services["frontend"].min == 2 && var.services["frontend"].max == 4
    error_message = "Production runs 3 to 6 backends and 2 to 4 frontends, with all scaling."
  }
  assert {
    condition     = var.database.instance_class == "db.t3.medium" && !var.database.multi_az
    error_message = "Production's database is a db.t3.medium in one zone."
  }
  assert {
    condition     = var.cache.node_type == "cache.t3.micro" && var.cache.replicas == 1
    error_message = "Production's Redis is a cache.t3.micro with one replica."
  }
  assert {
    condition     = var.qdrant.instance_type == "t3.medium" && var.qdrant.nodes == 1 && !var.qdrant.autoscaling && !var.qdrant.elastic_ip
    error_message = "Production's Qdrant is one t3.medium under its private name."
  }
  assert {
    condition     = var.budget.usd == 500
    error_message = "Production costs up to 497 USD a month, and its budget is the next hundred."
  }
  assert {
    condition     = var.protected && var.log_days == 7
    error_message = "Production is protected from deletion and keeps logs for 7 days."
  }
}

run "the_pipeline_of_values_reaches_the_parts" {
  command = apply

  assert {
    condition     = output.service_names == { frontend = "frontend", backend = "backend", worker = "worker", pgbouncer = "pgbouncer" }
    error_message = "All four services stand."
  }
}

run "a_missing_certificate_is_refused" {
  command         = plan
  expect_failures = [var.certificate_arn]
  variables {
    certificate_arn = null
    domain          = null
  }
}

run "an_unknown_environment_is_refused" {
  command         = plan
  expect_failures = [var.environment]
  variables { environment = "prod" }
}
