locals {
  arn_start = "arn:${data.aws_partition.current.partition}"
  here      = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"

  # ":password::" names a field of a secret; policies want the secret alone.
  readable = {
    for key, task in local.tasks : key => {
      parameters = distinct([for arn in values(task.secrets) : arn if !strcontains(arn, ":secretsmanager:")])
      secrets    = distinct([for arn in values(task.secrets) : trimsuffix(arn, ":password::") if strcontains(arn, ":secretsmanager:")])
    }
  }

  uses_files = toset(["backend", "worker"])

  assumed_by_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike      = { "aws:SourceArn" = "${local.arn_start}:ecs:${local.here}:*" }
      }
    }]
  })
}

# What starts a task: its image, its log and its own parameters, no other task's.
resource "aws_iam_role" "execution" {
  for_each = local.tasks

  name               = "${var.name}-${each.key}-start"
  assume_role_policy = local.assumed_by_tasks
  tags               = var.tags
}

resource "aws_iam_role_policy" "execution" {
  for_each = local.tasks

  name = "start"
  role = aws_iam_role.execution[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "LogIn" # the call has no resource
          Effect   = "Allow"
          Action   = "ecr:GetAuthorizationToken"
          Resource = "*"
        },
        {
          Sid      = "Pull"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = var.images.repository_arns
        },
        {
          Sid      = "Log"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${local.arn_start}:logs:${local.here}:log-group:${var.log_group_names[each.key]}:*"
        },
      ],
      [for statement in [
        {
          Sid      = "Parameters"
          Effect   = "Allow"
          Action   = "ssm:GetParameters"
          Resource = local.readable[each.key].parameters
        },
        {
          Sid      = "DecryptParameters"
          Effect   = "Allow"
          Action   = "kms:Decrypt"
          Resource = [var.kms_key_arns["secrets"]]
        },
      ] : statement if length(local.readable[each.key].parameters) > 0],
      [for statement in [{
        Sid      = "OwnersPassword"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = local.readable[each.key].secrets
      }] : statement if length(local.readable[each.key].secrets) > 0],
    )
  })
}

# What a task may do once it runs.
resource "aws_iam_role" "task" {
  for_each = local.tasks

  name               = "${var.name}-${each.key}"
  assume_role_policy = local.assumed_by_tasks
  tags               = var.tags
}

resource "aws_iam_role_policy" "files" {
  for_each = local.uses_files

  name = "files"
  role = aws_iam_role.task[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Files"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        Resource = "${var.documents_bucket.arn}/*"
      },
      {
        Sid      = "List"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = var.documents_bucket.arn
      },
      {
        Sid       = "FilesKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = var.kms_key_arns["data"]
        Condition = { StringEquals = { "kms:ViaService" = "s3.${data.aws_region.current.name}.amazonaws.com" } }
      },
    ]
  })
}
