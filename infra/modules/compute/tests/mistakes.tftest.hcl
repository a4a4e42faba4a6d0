mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name               = "assay-test"
  environment        = "production"
  vpc_id             = "vpc-1"
  private_subnet_ids = ["subnet-1", "subnet-2"]
  security_group_id  = "sg-1"
  target_group_arns = {
    frontend = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/frontend/0123456789abcdef"
    backend  = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/backend/0123456789abcdef"
  }
  images = {
    backend         = "registry.example.com/backend:1"
    frontend        = "registry.example.com/frontend:1"
    pgbouncer       = "registry.example.com/pgbouncer:1"
    repository_arns = ["arn:aws:ecr:us-east-1:111122223333:repository/backend"]
  }
  database         = { host = "db.internal", owner_secret_arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:owner" }
  redis            = { host = "redis.internal", reader_host = "reader.internal", token_parameter = "arn:aws:ssm:us-east-1:111122223333:parameter/assay/test/redis" }
  qdrant_host      = "qdrant.internal"
  documents_bucket = { id = "assay-test-documents", arn = "arn:aws:s3:::assay-test-documents" }
  parameter_prefix = "/assay/test"
  parameter_arns = {
    secret-key               = "arn:aws:ssm:us-east-1:111122223333:parameter/assay/test/secret-key"
    postgres-app-password    = "arn:aws:ssm:us-east-1:111122223333:parameter/assay/test/postgres-app-password"
    postgres-worker-password = "arn:aws:ssm:us-east-1:111122223333:parameter/assay/test/postgres-worker-password"
    qdrant-api-key           = "arn:aws:ssm:us-east-1:111122223333:parameter/assay/test/qdrant-api-key"
  }
  kms_key_arns    = { data = "arn:aws:kms:us-east-1:111122223333:key/data", logs = "arn:aws:kms:us-east-1:111122223333:key/logs", secrets = "arn:aws:kms:us-east-1:111122223333:key/secrets" }
  log_group_names = { frontend = "/assay/frontend", backend = "/assay/backend", worker = "/assay/worker", pgbouncer = "/assay/pgbouncer", migrate = "/assay/migrate" }
}

run "pools_beyond_the_database_are_refused" {
  command         = plan
  expect_failures = [aws_ecs_service.this]
  variables { pools = { max_db_connections = 60 } }
}

run "a_third_pgbouncer_beyond_the_database_is_refused" {
  command         = plan
  expect_failures = [aws_ecs_service.this]
  variables {
    services = {
      frontend  = { cpu = 256, memory = 512, desired = 2, min = 2, max = 4, on_demand = 1 }
      backend   = { cpu = 512, memory = 1024, desired = 3, min = 3, max = 6, on_demand = 2 }
      worker    = { cpu = 512, memory = 2048, desired = 1, min = 1, max = 2, on_demand = 0 }
      pgbouncer = { cpu = 256, memory = 512, desired = 3, min = 3, max = 3, on_demand = 3 }
    }
  }
}

run "more_clients_than_one_pgbouncer_takes_are_refused" {
  command         = plan
  expect_failures = [aws_ecs_service.this]
  variables { pools = { process_overflow = 20 } }
}

run "a_smaller_database_is_refused" {
  command         = plan
  expect_failures = [aws_ecs_service.this]
  variables { database = { host = "db.internal", owner_secret_arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:owner", max_connections = 80 } }
}

run "an_illegal_fargate_size_is_refused" {
  command         = plan
  expect_failures = [var.services]
  variables {
    services = {
      frontend  = { cpu = 256, memory = 4096, desired = 2, min = 2, max = 4, on_demand = 1 }
      backend   = { cpu = 512, memory = 1024, desired = 3, min = 3, max = 6, on_demand = 2 }
      worker    = { cpu = 512, memory = 2048, desired = 1, min = 1, max = 2, on_demand = 0 }
      pgbouncer = { cpu = 256, memory = 512, desired = 2, min = 2, max = 2, on_demand = 2 }
    }
  }
}

run "a_worker_that_a_large_document_would_end_is_refused" {
  command         = plan
  expect_failures = [aws_ecs_service.this]
  variables {
    services = {
      frontend  = { cpu = 256, memory = 512, desired = 2, min = 2, max = 4, on_demand = 1 }
      backend   = { cpu = 512, memory = 1024, desired = 3, min = 3, max = 6, on_demand = 2 }
      worker    = { cpu = 512, memory = 1024, desired = 1, min = 1, max = 2, on_demand = 0 }
      pgbouncer = { cpu = 256, memory = 512, desired = 2, min = 2, max = 2, on_demand = 2 }
    }
  }
}

run "more_tasks_than_the_maximum_are_refused" {
  command         = plan
  expect_failures = [var.services]
  variables {
    services = {
      frontend  = { cpu = 256, memory = 512, desired = 5, min = 2, max = 4, on_demand = 1 }
      backend   = { cpu = 512, memory = 1024, desired = 3, min = 3, max = 6, on_demand = 2 }
      worker    = { cpu = 512, memory = 2048, desired = 1, min = 1, max = 2, on_demand = 0 }
      pgbouncer = { cpu = 256, memory = 512, desired = 2, min = 2, max = 2, on_demand = 2 }
    }
  }
}

run "thresholds_that_chase_each_other_are_refused" {
  command         = plan
  expect_failures = [var.thresholds]
  variables { thresholds = { in_cpu = 65 } }
}

run "peak_hours_beyond_the_maximum_are_refused" {
  command         = plan
  expect_failures = [aws_appautoscaling_target.by_clock]
  variables { peak_hours = { min = 9 } }
}

run "the_latest_image_is_refused" {
  command         = plan
  expect_failures = [var.images]
  variables {
    images = {
      backend         = "registry.example.com/backend:latest"
      frontend        = "registry.example.com/frontend:1"
      pgbouncer       = "registry.example.com/pgbouncer:1"
      repository_arns = []
    }
  }
}

run "an_unknown_processor_is_refused" {
  command         = plan
  expect_failures = [var.architecture]
  variables { architecture = "RISCV" }
}

run "a_secret_among_the_settings_is_refused" {
  command         = plan
  expect_failures = [var.settings]
  variables { settings = { REDIS_PASSWORD = "x" } }
}
