locals {
  assumed_by = {
    for service in ["codepipeline", "codebuild"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "${service}.amazonaws.com" }
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      }]
    })
  }

  artifacts = [
    {
      Sid      = "Artifacts"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
      Resource = "${var.buckets["artifacts"].arn}/*"
    },
    {
      Sid      = "ArtifactsBucket"
      Effect   = "Allow"
      Action   = ["s3:GetBucketVersioning", "s3:GetBucketLocation", "s3:GetBucketAcl"]
      Resource = var.buckets["artifacts"].arn
    },
    {
      Sid      = "ArtifactsKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
      Resource = var.kms_key_arns["data"]
    },
  ]

  services = "${local.arn_start}:ecs:${local.here}:service/${var.cluster_name}/*"
  families = "${local.arn_start}:ecs:${local.here}:task-definition/${var.name}-*:*"
  new_tasks = [
    {
      Sid      = "NewRevisions" # the calls have no narrower resource
      Effect   = "Allow"
      Action   = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
      Resource = "*"
    },
    {
      Sid      = "TagRevisions"
      Effect   = "Allow"
      Action   = "ecs:TagResource"
      Resource = local.families
    },
    {
      Sid       = "GiveRoles"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = var.task_role_arns
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    },
  ]

  may = {
    test = []
    images = [
      {
        Sid      = "LogIn" # the call has no resource
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid    = "Push"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImageScanFindings", "ecr:DescribeImages",
          "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        ]
        Resource = [for repository in aws_ecr_repository.this : repository.arn]
      },
      {
        Sid      = "Assets"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${var.buckets["assets"].arn}/assets/*"
      },
    ]
    migrate = concat(local.new_tasks, [
      {
        Sid       = "RunMigrations"
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = "${local.arn_start}:ecs:${local.here}:task-definition/${var.name}-migrate:*"
        Condition = { ArnEquals = { "ecs:cluster" = "${local.arn_start}:ecs:${local.here}:cluster/${var.cluster_name}" } }
      },
      {
        Sid      = "WatchMigrations"
        Effect   = "Allow"
        Action   = "ecs:DescribeTasks"
        Resource = "${local.arn_start}:ecs:${local.here}:task/${var.cluster_name}/*"
      },
    ])
    release = concat(local.new_tasks, [
      {
        Sid      = "ChangeServices"
        Effect   = "Allow"
        Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
        Resource = local.services
      },
      {
        Sid      = "SeeAlarms" # the call has no resource
        Effect   = "Allow"
        Action   = "cloudwatch:DescribeAlarms"
        Resource = "*"
      },
    ])
  }
}

resource "aws_iam_role" "build" {
  for_each = local.builds

  name               = "${var.name}-build-${each.key}"
  assume_role_policy = local.assumed_by["codebuild"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "build" {
  for_each = local.builds

  name = "build"
  role = aws_iam_role.build[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.artifacts,
      [{
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.build[each.key].arn}:*"
      }],
      local.may[each.key],
    )
  })
}

resource "aws_iam_role" "pipeline" {
  count = var.pipeline ? 1 : 0

  name               = "${var.name}-pipeline"
  assume_role_policy = local.assumed_by["codepipeline"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "pipeline" {
  count = var.pipeline ? 1 : 0

  name = "deliver"
  role = aws_iam_role.pipeline[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.artifacts, [
      {
        Sid      = "Source"
        Effect   = "Allow"
        Action   = ["codestar-connections:UseConnection", "codeconnections:UseConnection"]
        Resource = local.connection_arn
      },
      {
        Sid      = "Build"
        Effect   = "Allow"
        Action   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
        Resource = [for project in aws_codebuild_project.this : project.arn]
      },
      {
        Sid      = "AskForApproval"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = var.alerts_topic_arn
      },
    ])
  })
}
