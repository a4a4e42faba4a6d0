mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name             = "assay-production"
  kms_key_arns     = { data = "arn:aws:kms:us-east-1:111122223333:key/data", logs = "arn:aws:kms:us-east-1:111122223333:key/logs", secrets = "arn:aws:kms:us-east-1:111122223333:key/secrets" }
  source_code      = { repository = "example/assay" }
  buckets          = { artifacts = { id = "artifacts", arn = "arn:aws:s3:::artifacts" }, assets = { id = "assets", arn = "arn:aws:s3:::assets" } }
  cluster_name     = "assay-production"
  task_role_arns   = ["arn:aws:iam::111122223333:role/backend"]
  migration        = { subnet_ids = ["subnet-1", "subnet-2"], security_group_id = "sg-ecs" }
  url              = "https://assay.example.com"
  alerts_topic_arn = "arn:aws:sns:us-east-1:111122223333:alerts"
}

run "a_push_to_main_is_tested_built_migrated_and_released" {
  command = apply

  assert {
    condition     = [for stage in aws_codepipeline.this[0].stage : stage.name] == ["Source", "Test", "Images", "Migrate", "Release"]
    error_message = "Tests come before images, and migrations before the services."
  }
  assert {
    condition     = aws_codepipeline.this[0].stage[0].action[0].provider == "CodeStarSourceConnection" && aws_codepipeline.this[0].stage[0].action[0].configuration["FullRepositoryId"] == "example/assay"
    error_message = "The source is a GitHub repository, by a connection."
  }
  assert {
    condition     = aws_codepipeline.this[0].trigger[0].git_configuration[0].push[0].branches[0].includes == tolist(["main"])
    error_message = "A push to main starts it."
  }
  assert {
    condition     = aws_codepipeline.this[0].execution_mode == "QUEUED"
    error_message = "Two deliveries never overlap."
  }
  assert {
    condition     = one(aws_codepipeline.this[0].artifact_store).encryption_key[0].id == var.kms_key_arns["data"]
    error_message = "Artifacts are encrypted."
  }
}

run "builds_run_the_projects_own_commands" {
  command = apply

  assert {
    condition     = aws_codebuild_project.this["test"].source[0].buildspec == "infra/deploy/buildspecs/test.yml"
    error_message = "What a build does is in the repository."
  }
  assert {
    condition = alltrue([
      for name in keys(aws_codebuild_project.this) : alltrue(flatten([
        for phase in yamldecode(file("../../deploy/buildspecs/${name}.yml")).phases : [for command in try(phase.commands, []) : startswith(command, "make ") || startswith(command, "aws ecr get-login-password")]
      ]))
    ])
    error_message = "Buildspecs call make, and nothing else but the registry's log-in."
  }
  assert {
    condition     = [for name, project in aws_codebuild_project.this : name if project.environment[0].privileged_mode] == ["images"]
    error_message = "Only the build of images may run Docker."
  }
  assert {
    condition     = { for variable in aws_codebuild_project.this["release"].environment[0].environment_variable : variable.name => variable.value }["HEALTH_URL"] == "https://assay.example.com/health"
    error_message = "A release has to be healthy."
  }
}

run "images_are_scanned_and_cannot_be_changed" {
  command = apply

  assert {
    condition     = toset(keys(aws_ecr_repository.this)) == toset(["backend", "frontend", "pgbouncer"])
    error_message = "Each image has its repository."
  }
  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_scanning_configuration[0].scan_on_push && repository.image_tag_mutability == "IMMUTABLE" && repository.encryption_configuration[0].encryption_type == "KMS"])
    error_message = "Images are scanned when they are pushed, encrypted, and a tag means one image for ever."
  }
}

run "every_build_has_its_own_rights" {
  command = apply

  assert {
    condition     = alltrue([for name in ["test", "images"] : !strcontains(aws_iam_role_policy.build[name].policy, "ecs:")])
    error_message = "Tests and builds cannot touch what runs."
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.build["release"].policy).Statement : tolist(statement.Resource) == var.task_role_arns && statement.Condition.StringEquals["iam:PassedToService"] == "ecs-tasks.amazonaws.com" if statement.Action == "iam:PassRole"
    ])
    error_message = "A release gives tasks their own roles, and no others."
  }
  assert {
    condition = toset(flatten([
      for policy in aws_iam_role_policy.build : [for statement in jsondecode(policy.policy).Statement : statement.Action if statement.Resource == "*"]
    ])) == toset(["ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "cloudwatch:DescribeAlarms"])
    error_message = "Only calls that have no resource are allowed everywhere."
  }
}

run "a_delivery_that_fails_is_told" {
  command = apply

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failed[0].event_pattern).detail == { pipeline = ["assay-production"], state = ["FAILED"] } && aws_cloudwatch_event_target.failed[0].arn == var.alerts_topic_arn
    error_message = "People hear of a delivery that failed."
  }
}

run "a_person_can_be_asked_first" {
  command = apply
  variables { approval = true }

  assert {
    condition     = [for stage in aws_codepipeline.this[0].stage : stage.name] == ["Source", "Test", "Images", "Approve", "Migrate", "Release"]
    error_message = "The approval comes before anything changes."
  }
}

run "arm_images_are_built_on_arm" {
  command = apply
  variables { architecture = "ARM64" }

  assert {
    condition     = aws_codebuild_project.this["images"].environment[0].type == "ARM_CONTAINER"
    error_message = "Images for ARM are built on ARM."
  }
}

run "without_a_pipeline_there_are_repositories" {
  command = apply
  variables { pipeline = false }

  assert {
    condition     = length(aws_codepipeline.this) == 0 && length(aws_codebuild_project.this) == 0 && length(aws_codeconnections_connection.this) == 0 && length(aws_ecr_repository.this) == 3
    error_message = "Repositories stand without a pipeline."
  }
}

run "a_repository_without_an_owner_is_refused" {
  command         = plan
  expect_failures = [var.source_code]
  variables { source_code = { repository = "assay" } }
}

run "an_address_without_tls_is_refused" {
  command         = plan
  expect_failures = [var.url]
  variables { url = "http://assay.example.com" }
}
