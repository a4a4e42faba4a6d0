locals {
  registry = "${local.account}.dkr.ecr.${local.region}.amazonaws.com"

  where = { NAME = var.name, CLUSTER = var.cluster_name }
  all_builds = {
    test   = { size = "BUILD_GENERAL1_MEDIUM", minutes = 60, docker = false, values = {} }
    images = { size = "BUILD_GENERAL1_MEDIUM", minutes = 60, docker = true, values = { NAME = var.name, REGISTRY = local.registry, ASSETS_BUCKET = var.buckets["assets"].id, PLATFORM = var.architecture == "ARM64" ? "linux/arm64" : "linux/amd64" } }
    migrate = { size = "BUILD_GENERAL1_SMALL", minutes = 45, docker = false, values = merge(local.where, {
      SUBNETS = join(",", var.migration.subnet_ids), SECURITY_GROUP = var.migration.security_group_id
    }) }
    release = { size = "BUILD_GENERAL1_SMALL", minutes = 60, docker = false, values = merge(local.where, { HEALTH_URL = "${var.url}/health" }) }
  }
  builds = { for name, build in local.all_builds : name => build if var.pipeline }
  arm    = var.architecture == "ARM64"
}

resource "aws_cloudwatch_log_group" "build" {
  #checkov:skip=CKV_AWS_338:7 days are the design's, for cost
  for_each = local.builds

  name              = "/aws/codebuild/${var.name}-${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arns["logs"]
  tags              = var.tags
}

resource "aws_codebuild_project" "this" {
  #checkov:skip=CKV_AWS_316:images are built by Docker, which only the one project for them may run
  for_each = local.builds

  name                   = "${var.name}-${each.key}"
  description            = "${title(each.key)}: infra/deploy/buildspecs/${each.key}.yml"
  service_role           = aws_iam_role.build[each.key].arn
  build_timeout          = each.value.minutes
  queued_timeout         = 60
  concurrent_build_limit = 1
  encryption_key         = var.kms_key_arns["data"]
  tags                   = var.tags

  source {
    type = "CODEPIPELINE"
    # Of the commit that is delivered.
    buildspec = "infra/deploy/buildspecs/${each.key}.yml"
  }

  artifacts {
    type = "CODEPIPELINE"
  }

  environment {
    type            = local.arm ? "ARM_CONTAINER" : "LINUX_CONTAINER"
    compute_type    = each.value.size
    image           = local.arm ? "aws/codebuild/amazonlinux-aarch64-standard:3.0" : "aws/codebuild/standard:7.0"
    privileged_mode = each.value.docker

    dynamic "environment_variable" {
      for_each = each.value.values
      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.build[each.key].name
    }
  }
}
