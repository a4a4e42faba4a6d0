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
    condition     = output.parameter_prefix == "/assay/development"
    error_message = "Development's parameters lie under its own path."
  }
}
