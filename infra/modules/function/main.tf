data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  log = {
    Sid      = "Log"
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = "${aws_cloudwatch_log_group.this.arn}:*"
  }
  environment = {
    Sid       = "Environment"
    Effect    = "Allow"
    Action    = "kms:Decrypt"
    Resource  = var.logs_kms_key_arn
    Condition = { StringEquals = { "kms:ViaService" = "lambda.${data.aws_region.current.name}.amazonaws.com" } }
  }
  give_up = [
    {
      Sid      = "GiveUp"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = aws_sqs_queue.failed.arn
    },
    {
      Sid       = "GiveUpEncrypted"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = var.logs_kms_key_arn
      Condition = { StringEquals = { "kms:ViaService" = "sqs.${data.aws_region.current.name}.amazonaws.com" } }
    },
  ]
  # AWS keeps these two: network interfaces and traces have no resource that could be named.
  kept_by_aws = merge(
    { traces = "AWSXRayDaemonWriteAccess" },
    var.vpc == null ? {} : { interfaces = "service-role/AWSLambdaVPCAccessExecutionRole" },
  )
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:7 days are the design's, for cost
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_days
  kms_key_id        = var.logs_kms_key_arn
  tags              = var.tags
}

resource "aws_sqs_queue" "failed" {
  name                      = "${var.name}-failed"
  message_retention_seconds = 14 * 24 * 3600
  kms_master_key_id         = var.logs_kms_key_arn
  tags                      = var.tags
}

resource "aws_iam_role" "this" {
  name = var.name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "this" {
  name = "run"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.log, local.environment], local.give_up, jsondecode(var.statements))
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.kept_by_aws

  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value}"
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_272:packages are built from this repository and applied by who reads it
  function_name    = var.name
  description      = var.description
  role             = aws_iam_role.this.arn
  runtime          = "python3.11"
  architectures    = ["arm64"]
  handler          = var.handler
  kms_key_arn      = var.logs_kms_key_arn
  filename         = var.package
  source_code_hash = fileexists(var.package) ? filebase64sha256(var.package) : null
  timeout          = var.seconds
  memory_size      = var.memory_mb
  tags             = var.tags

  environment {
    variables = var.environment
  }

  dynamic "vpc_config" {
    for_each = var.vpc[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = [vpc_config.value.security_group_id]
    }
  }

  # What Lambda gives up on after three tries, to be read and sent anew.
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }

  tracing_config {
    mode = "Active"
  }

  lifecycle {
    precondition {
      condition     = fileexists(var.package)
      error_message = "There is no ${basename(var.package)} yet: run infra/lambdas/build, which packs the functions."
    }
  }

  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this, aws_cloudwatch_log_group.this]
}

resource "aws_cloudwatch_event_rule" "schedule" {
  count = var.schedule == null ? 0 : 1

  name                = var.name
  description         = "Runs ${var.name}"
  schedule_expression = var.schedule
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "schedule" {
  count = var.schedule == null ? 0 : 1

  rule = aws_cloudwatch_event_rule.schedule[0].name
  arn  = aws_lambda_function.this.arn
}

resource "aws_lambda_permission" "schedule" {
  count = var.schedule == null ? 0 : 1

  statement_id  = "Schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.schedule[0].arn
}
