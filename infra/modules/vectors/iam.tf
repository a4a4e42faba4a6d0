locals {
  arn_start = "arn:${data.aws_partition.current.partition}"
}

resource "aws_iam_role" "node" {
  name = "${var.name}-qdrant"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
  tags = var.tags
}

# People come in by Session Manager: no port, no key.
resource "aws_iam_role_policy_attachment" "session_manager" {
  role       = aws_iam_role.node.name
  policy_arn = "${local.arn_start}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_role_policy" "node" {
  name = "node"
  role = aws_iam_role.node.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "ApiKey"
          Effect   = "Allow"
          Action   = "ssm:GetParameter"
          Resource = var.api_key_parameter.arn
        },
        {
          Sid       = "DecryptApiKey"
          Effect    = "Allow"
          Action    = "kms:Decrypt"
          Resource  = var.kms_key_arns["secrets"]
          Condition = { StringEquals = { "kms:ViaService" = "ssm.${data.aws_region.current.name}.amazonaws.com" } }
        },
        {
          Sid      = "Log"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
          Resource = [aws_cloudwatch_log_group.this.arn, "${aws_cloudwatch_log_group.this.arn}:*"]
        },
        {
          Sid       = "Metrics"
          Effect    = "Allow"
          Action    = "cloudwatch:PutMetricData"
          Resource  = "*"
          Condition = { StringEquals = { "cloudwatch:namespace" = "Assay/Qdrant" } }
        },
      ],
      [for statement in [{
        Sid      = "OwnName"
        Effect   = "Allow"
        Action   = "route53:ChangeResourceRecordSets"
        Resource = aws_route53_zone.this.arn
        Condition = {
          "ForAllValues:StringEquals" = {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames" = [local.hosts[length(local.hosts) - 1]]
            "route53:ChangeResourceRecordSetsActions"               = ["UPSERT"]
          }
        }
      }] : statement if var.autoscaling],
    )
  })
}

resource "aws_iam_instance_profile" "node" {
  name = "${var.name}-qdrant"
  role = aws_iam_role.node.name
  tags = var.tags
}
