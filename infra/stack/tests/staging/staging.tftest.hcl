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

run "staging_is_a_smaller_production" {
  command = plan

  assert {
    condition     = var.scaling == "limited"
    error_message = "Staging scales by processor and memory only."
  }
  assert {
    condition     = alltrue([for key, most in { frontend = 4, backend = 6, worker = 2 } : var.services[key].max < most]) && var.services["backend"].max > var.services["backend"].min
    error_message = "Staging runs fewer tasks than production, and still scales."
  }
  assert {
    condition     = var.database.instance_class == "db.t3.small" && var.qdrant.instance_type == "t3.small"
    error_message = "Staging's database and Qdrant are a size smaller than production's."
  }
  assert {
    condition     = var.cache.node_type == "cache.t3.micro" && var.cache.replicas == 1
    error_message = "Staging's Redis is production's: there is no smaller node, and the replica is what is rehearsed."
  }
  assert {
    condition     = var.budget.usd == 250
    error_message = "Staging costs about 250 USD a month, and its budget is that."
  }
  assert {
    condition     = output.parameter_prefix == "/assay/staging" && var.cloudfront.enabled
    error_message = "Staging has everything that production has, under its own path."
  }
}
