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

run "tasks_have_the_seeds_sizes" {
  command = apply

  assert {
    condition     = aws_ecs_task_definition.this["frontend"].cpu == "256" && aws_ecs_task_definition.this["frontend"].memory == "512"
    error_message = "A frontend task has 256 CPU units and 512 MB."
  }
  assert {
    condition     = aws_ecs_task_definition.this["backend"].cpu == "512" && aws_ecs_task_definition.this["backend"].memory == "1024"
    error_message = "A backend task has 512 CPU units and 1024 MB."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["frontend"].container_definitions)[0].portMappings[0].containerPort == 3000
    error_message = "The frontend listens on 3000."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["backend"].container_definitions)[0].portMappings[0].containerPort == 8000
    error_message = "The backend listens on 8000."
  }
  assert {
    condition     = alltrue([for task in aws_ecs_task_definition.this : jsondecode(task.container_definitions)[0].readonlyRootFilesystem])
    error_message = "No container may write to its root file system."
  }
}

run "services_run_the_seeds_numbers" {
  command = apply

  assert {
    condition     = { for key, service in aws_ecs_service.this : key => service.desired_count } == { frontend = 2, backend = 3, worker = 1, pgbouncer = 2 }
    error_message = "Two frontends, three backends, a worker and two PgBouncers."
  }
  assert {
    condition     = alltrue([for service in aws_ecs_service.this : service.deployment_circuit_breaker[0].enable && service.deployment_circuit_breaker[0].rollback])
    error_message = "A deployment that fails is rolled back."
  }
  assert {
    condition     = alltrue([for service in aws_ecs_service.this : service.network_configuration[0].assign_public_ip == false])
    error_message = "Tasks have no public addresses."
  }
  assert {
    condition = alltrue([
      for key in ["frontend", "backend"] : one([for strategy in aws_ecs_service.this[key].capacity_provider_strategy : strategy.base if strategy.capacity_provider == "FARGATE"]) >= 1
    ])
    error_message = "A base of the frontend and backend runs on demand: Spot can run dry."
  }
  assert {
    condition = alltrue([
      for key in ["frontend", "backend", "worker"] : contains([for strategy in aws_ecs_service.this[key].capacity_provider_strategy : strategy.capacity_provider if strategy.weight == 1], "FARGATE_SPOT")
    ])
    error_message = "The rest runs on Spot."
  }
  assert {
    condition     = [for strategy in aws_ecs_service.this["pgbouncer"].capacity_provider_strategy : strategy.capacity_provider] == ["FARGATE"]
    error_message = "PgBouncer is never on Spot: all requests pass it."
  }
  assert {
    condition     = aws_ecs_service.this["pgbouncer"].deployment_maximum_percent == 100
    error_message = "A deployment of PgBouncer never runs a third one."
  }
}

run "services_grow_and_shrink_as_the_seed_says" {
  command = apply

  assert {
    condition = {
      for key, target in merge(aws_appautoscaling_target.plain, aws_appautoscaling_target.by_clock) : key => [target.min_capacity, target.max_capacity]
    } == { frontend = [2, 4], backend = [3, 6], worker = [1, 2] }
    error_message = "2 to 4 frontends, 3 to 6 backends."
  }
  assert {
    condition = {
      for key, policy in aws_appautoscaling_policy.track : key => policy.target_tracking_scaling_policy_configuration[0].target_value
    } == { frontend-cpu = 70, backend-cpu = 60, backend-memory = 70, worker-cpu = 70 }
    error_message = "The frontend follows 70% CPU; the backend 60% CPU and 70% memory."
  }
  assert {
    condition = alltrue([
      for policy in aws_appautoscaling_policy.track : policy.target_tracking_scaling_policy_configuration[0].scale_in_cooldown == 300
      && policy.target_tracking_scaling_policy_configuration[0].scale_out_cooldown == 300
    ])
    error_message = "300 s pass between two steps."
  }
  assert {
    condition     = alltrue([for policy in aws_appautoscaling_policy.step : policy.step_scaling_policy_configuration[0].cooldown == 300])
    error_message = "300 s pass between two steps."
  }
  assert {
    condition     = alltrue([for policy in aws_appautoscaling_policy.track : policy.target_tracking_scaling_policy_configuration[0].disable_scale_in])
    error_message = "Targets add tasks only; below 30% CPU and 50% memory a step removes one."
  }
  assert {
    condition = alltrue([
      for key in ["frontend", "backend"] :
      one([for query in aws_cloudwatch_metric_alarm.step["${key}-out"].metric_query : query.expression if query.id == "due"]) == "IF(cpu > 70 OR memory > 80, 1, 0)"
      && one([for query in aws_cloudwatch_metric_alarm.step["${key}-in"].metric_query : query.expression if query.id == "due"]) == "IF(cpu < 30 AND memory < 50, 1, 0)"
    ])
    error_message = "One task more above 70% CPU or 80% memory, one less below 30% CPU and 50% memory."
  }
  assert {
    condition = alltrue([
      for key, policy in aws_appautoscaling_policy.step :
      tolist(policy.step_scaling_policy_configuration[0].step_adjustment)[0].scaling_adjustment == (endswith(key, "-out") ? 1 : -1)
    ])
    error_message = "Steps are of one task."
  }
  assert {
    condition     = aws_appautoscaling_policy.connections["backend"].target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].namespace == "Assay" && aws_appautoscaling_policy.connections["backend"].target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metric_name == "ActiveConnections"
    error_message = "The backend follows its active connections, a metric of the application's own."
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.slow["backend"].extended_statistic == "p95" && aws_cloudwatch_metric_alarm.slow["backend"].threshold == 200
      && aws_cloudwatch_metric_alarm.slow["backend"].namespace == "Assay" && aws_cloudwatch_metric_alarm.slow["backend"].metric_name == "ResponseTime"
      && aws_cloudwatch_metric_alarm.slow["backend"].dimensions == tomap({ Environment = "production", Service = "api" })
    )
    error_message = "The backend grows while the 95th percentile of the response time exceeds 200 ms."
  }
  assert {
    condition = {
      for key, action in aws_appautoscaling_scheduled_action.clock : key => action.schedule
    } == { backend-peak = "cron(0 9 ? * MON-FRI *)", backend-quiet = "cron(0 18 ? * MON-FRI *)" }
    error_message = "Peak hours are 9 to 18 on working days."
  }
}

run "limited_scaling" {
  command = plan

  variables {
    scaling = "limited"
  }

  assert {
    condition     = length(aws_appautoscaling_scheduled_action.clock) == 0 && length(aws_appautoscaling_policy.connections) == 0 && length(aws_appautoscaling_policy.track) > 0
    error_message = "Limited scaling follows processor and memory only."
  }
}

run "no_scaling" {
  command = plan

  variables {
    scaling = "none"
  }

  assert {
    condition     = length(aws_appautoscaling_target.plain) + length(aws_appautoscaling_target.by_clock) + length(aws_cloudwatch_metric_alarm.step) == 0
    error_message = "Without scaling nothing changes the number of tasks."
  }
}

run "configuration_and_secrets_come_from_parameter_store" {
  command = apply

  assert {
    condition     = toset([for value in jsondecode(aws_ecs_task_definition.this["backend"].container_definitions)[0].environment : value.name]) == toset(["CONFIGURATION_REVISION", "POSTGRES_USER"])
    error_message = "Nothing but its role and revision is written into the backend's task definition."
  }
  assert {
    condition = alltrue([
      for name in ["POSTGRES_HOST", "REDIS_HOST", "QDRANT_HOST", "POSTGRES_PASSWORD", "ASSAY_SECRET_KEY", "QDRANT_API_KEY", "REDIS_PASSWORD"] :
      contains([for secret in jsondecode(aws_ecs_task_definition.this["backend"].container_definitions)[0].secrets : secret.name], name)
    ])
    error_message = "Hosts, passwords and keys come from Parameter Store."
  }
  assert {
    condition     = aws_ssm_parameter.configuration["REDIS_READER_HOST"].value == "reader.internal"
    error_message = "Reads that may be stale go to the cache's replica."
  }
  assert {
    condition     = aws_ssm_parameter.configuration["POSTGRES_HOST"].value == "pgbouncer.assay-test.internal" && aws_ssm_parameter.configuration["POSTGRES_PORT"].value == "6432"
    error_message = "The application reaches PostgreSQL through PgBouncer."
  }
  assert {
    condition     = length(jsondecode(aws_ecs_task_definition.this["frontend"].container_definitions)[0].secrets) == 0
    error_message = "The frontend knows no secret."
  }
  assert {
    condition = {
      for name in ["DB_POOL_SIZE", "DB_MAX_OVERFLOW", "DB_POOL_TIMEOUT", "DB_POOL_RECYCLE"] : name => aws_ssm_parameter.configuration[name].value
    } == { DB_POOL_SIZE = "10", DB_MAX_OVERFLOW = "15", DB_POOL_TIMEOUT = "30", DB_POOL_RECYCLE = "1800" }
    error_message = "The pools of the processes are as stated: 10 + 15, 30 s, 1800 s."
  }
  assert {
    condition = {
      for value in jsondecode(aws_ecs_task_definition.this["pgbouncer"].container_definitions)[0].environment : value.name => value.value
      if contains(["MAX_CLIENT_CONN", "DEFAULT_POOL_SIZE", "RESERVE_POOL_SIZE"], value.name)
    } == { MAX_CLIENT_CONN = "200", DEFAULT_POOL_SIZE = "20", RESERVE_POOL_SIZE = "5" }
    error_message = "PgBouncer takes 200 clients, with pools of 20 and 5 in reserve."
  }
}

run "roles_may_do_what_they_need" {
  command = apply

  assert {
    condition = alltrue(flatten([
      for policy in concat(values(aws_iam_role_policy.execution), values(aws_iam_role_policy.files)) : [
        for statement in jsondecode(policy.policy).Statement : statement.Resource != "*" || statement.Action == "ecr:GetAuthorizationToken"
      ]
    ]))
    error_message = "No role has a wildcard on data."
  }
  assert {
    condition     = toset(keys(aws_iam_role_policy.files)) == toset(["backend", "worker"])
    error_message = "Only the backend and the worker reach the files."
  }
  assert {
    condition = alltrue([
      for key, policy in aws_iam_role_policy.execution : !strcontains(policy.policy, "secretsmanager") || key == "migrate"
    ])
    error_message = "Only a migration may read the owner's password."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.execution["backend"].policy, "postgres-worker-password") && !strcontains(aws_iam_role_policy.execution["worker"].policy, "postgres-app-password")
    error_message = "The backend cannot read the worker's password, nor the worker the backend's."
  }
}

run "the_pools_fit_the_database" {
  command = plan

  assert {
    condition     = output.pool_arithmetic.server_connections == 90 && output.pool_arithmetic.max_connections == 100
    error_message = "Two PgBouncers of 40 and 10 kept free are 90 of 100 connections."
  }
  assert {
    condition     = output.pool_arithmetic.client_connections == 200 && output.pool_arithmetic.max_client_conn == 200
    error_message = "Six backends and two workers of 25 are the 200 clients that one PgBouncer takes alone."
  }
}
