data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account        = data.aws_caller_identity.current.account_id
  region         = data.aws_region.current.name
  arn_start      = "arn:${data.aws_partition.current.partition}"
  here           = "${local.region}:${local.account}"
  connection_arn = var.source_code.connection_arn != null ? var.source_code.connection_arn : one(aws_codeconnections_connection.this[*].arn)

  stages = concat(
    [
      { name = "Test", build = "test", input = "source", output = null },
      { name = "Images", build = "images", input = "source", output = "release" },
    ],
    var.approval ? [{ name = "Approve", build = null, input = null, output = null }] : [],
    [
      { name = "Migrate", build = "migrate", input = "release", output = null },
      { name = "Release", build = "release", input = "release", output = null },
    ],
  )
}

resource "aws_codeconnections_connection" "this" {
  count = var.pipeline && var.source_code.connection_arn == null ? 1 : 0

  name          = substr(var.name, 0, 32)
  provider_type = "GitHub"
  tags          = var.tags
}

resource "aws_codepipeline" "this" {
  count = var.pipeline ? 1 : 0

  name           = var.name
  role_arn       = aws_iam_role.pipeline[0].arn
  pipeline_type  = "V2"
  execution_mode = "QUEUED"
  tags           = var.tags

  artifact_store {
    type     = "S3"
    location = var.buckets["artifacts"].id

    encryption_key {
      type = "KMS"
      id   = var.kms_key_arns["data"]
    }
  }

  trigger {
    provider_type = "CodeStarSourceConnection"
    git_configuration {
      source_action_name = "Source"
      push {
        branches {
          includes = [var.source_code.branch]
        }
      }
    }
  }

  stage {
    name = "Source"
    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeStarSourceConnection"
      version          = "1"
      output_artifacts = ["source"]
      configuration = {
        ConnectionArn        = local.connection_arn
        FullRepositoryId     = var.source_code.repository
        BranchName           = var.source_code.branch
        DetectChanges        = "false" # the trigger does
        OutputArtifactFormat = "CODE_ZIP"
      }
    }
  }

  dynamic "stage" {
    for_each = local.stages
    content {
      name = stage.value.name
      action {
        name             = stage.value.name
        category         = stage.value.build == null ? "Approval" : "Build"
        owner            = "AWS"
        provider         = stage.value.build == null ? "Manual" : "CodeBuild"
        version          = "1"
        input_artifacts  = stage.value.input[*]
        output_artifacts = stage.value.output[*]
        configuration = stage.value.build == null ? {
          NotificationArn = var.alerts_topic_arn
          CustomData      = "Release to ${var.name}?"
          } : {
          ProjectName = aws_codebuild_project.this[stage.value.build].name
        }
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "failed" {
  count = var.pipeline ? 1 : 0

  name        = "${var.name}-delivery"
  description = "A delivery that failed"
  tags        = var.tags
  event_pattern = jsonencode({
    source        = ["aws.codepipeline"]
    "detail-type" = ["CodePipeline Pipeline Execution State Change"]
    detail        = { pipeline = [var.name], state = ["FAILED"] }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  count = var.pipeline ? 1 : 0

  rule = aws_cloudwatch_event_rule.failed[0].name
  arn  = var.alerts_topic_arn
}
