mock_provider "aws" {
  source = "../tests/mocks"
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
  parts = {
    database    = { host = "db.internal", owner_secret_arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:owner" }
    redis       = { host = "redis.internal", token_parameter = "arn:aws:ssm:us-east-1:111122223333:parameter/redis" }
    qdrant_host = "qdrant.internal"
    buckets = {
      documents = { id = "documents", arn = "arn:aws:s3:::documents" }
      assets    = { id = "assets", arn = "arn:aws:s3:::assets", domain_name = "assets.s3.us-east-1.amazonaws.com" }
      logs      = { id = "logs", arn = "arn:aws:s3:::logs" }
    }
    log_group_names = { frontend = "/assay/frontend", backend = "/assay/backend", worker = "/assay/worker", pgbouncer = "/assay/pgbouncer", migrate = "/assay/migrate" }
  }
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
    condition     = output.parameter_prefix == "/assay/staging" && var.cloudfront.enabled
    error_message = "Staging has everything that production has, under its own path."
  }
}
