data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_subnet" "node" {
  for_each = local.nodes
  id       = each.value.subnet_id
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${local.arm ? "arm64" : "x86_64"}"
}

locals {
  arm       = can(regex("^[a-z]+[0-9]+g", var.instance_type))
  processor = local.arm ? "aarch64" : "x86_64"
  image     = coalesce(var.ami_id, data.aws_ssm_parameter.image.insecure_value)
  cluster   = var.nodes > 1 || var.autoscaling
  zone      = "qdrant.${var.name}.internal"
  hosts     = [for number in range(local.cluster ? 2 : 1) : "node-${number}.${local.zone}"]

  nodes = {
    for number in range(var.nodes) : tostring(number) => {
      host      = local.hosts[number]
      subnet_id = number == 0 && var.elastic_ip != null ? var.elastic_ip.subnet_id : var.subnet_ids[number]
    }
  }
}

# Kept apart from its instance, which may be replaced at any time.
resource "aws_ebs_volume" "data" {
  for_each = local.nodes

  availability_zone = data.aws_subnet.node[each.key].availability_zone
  type              = "gp3"
  size              = var.volume_gb
  encrypted         = true
  kms_key_id        = var.kms_key_arns["data"]
  final_snapshot    = var.protected
  # The provider cannot change final_snapshot alone: AWS refuses a modification of nothing. One more (0.005 USD a month)
  # makes it something, so that lifting the protection works.
  iops = var.protected ? 3000 : 3001
  tags = merge(var.tags, { Name = each.value.host })
}

# A snapshot a week beside those of the collections.
resource "aws_backup_selection" "data" {
  name         = "qdrant"
  plan_id      = var.backup_plan.id
  iam_role_arn = var.backup_plan.role_arn
  resources    = [for volume in aws_ebs_volume.data : volume.arn]
}

resource "aws_instance" "node" {
  for_each = local.nodes

  ami                         = local.image
  instance_type               = var.instance_type
  subnet_id                   = each.value.subnet_id
  vpc_security_group_ids      = [var.security_group_id]
  iam_instance_profile        = aws_iam_instance_profile.node.name
  ebs_optimized               = true
  monitoring                  = true # every minute, not every five
  user_data_base64            = base64gzip(local.user_data[each.key])
  user_data_replace_on_change = true
  disable_api_termination     = var.protected
  tags                        = merge(var.tags, { Name = each.value.host, Service = "qdrant" })
  volume_tags                 = null

  root_block_device {
    volume_type           = "gp3"
    volume_size           = 8
    encrypted             = true
    kms_key_id            = var.kms_key_arns["data"]
    delete_on_termination = true
    tags                  = merge(var.tags, { Name = "${each.value.host}-system" })
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  lifecycle {
    # A newer image would replace the node at an apply that is about something else.
    ignore_changes = [ami]

    precondition {
      condition     = !(var.autoscaling && var.nodes > 1)
      error_message = "Two nodes that stay and one that comes and goes are three; there are two at most. Set nodes = 1 with autoscaling, or autoscaling = false with nodes = 2."
    }
    precondition {
      condition     = var.elastic_ip == null || !contains(var.subnet_ids, try(var.elastic_ip.subnet_id, "-"))
      error_message = "An Elastic IP in a private subnet answers nobody: set elastic_ip.subnet_id to a public subnet, or elastic_ip to null and use the private name."
    }
  }
}

resource "aws_volume_attachment" "data" {
  for_each = local.nodes

  device_name                    = "/dev/sdf"
  volume_id                      = aws_ebs_volume.data[each.key].id
  instance_id                    = aws_instance.node[each.key].id
  stop_instance_before_detaching = true
}

resource "aws_eip" "node" {
  count = var.elastic_ip == null ? 0 : 1

  domain = "vpc"
  tags   = merge(var.tags, { Name = local.hosts[0] })
}

resource "aws_eip_association" "node" {
  count = var.elastic_ip == null ? 0 : 1

  allocation_id = aws_eip.node[0].id
  instance_id   = aws_instance.node["0"].id
}

resource "aws_cloudwatch_metric_alarm" "stuck" {
  for_each = local.nodes

  alarm_name          = "${var.name}-qdrant-${each.key}-stuck"
  alarm_description   = "The system of a Qdrant node does not answer; it is started anew by itself. Runbook: docs/runbooks/qdrant.md"
  namespace           = "AWS/EC2"
  metric_name         = "StatusCheckFailed_Instance"
  dimensions          = { InstanceId = aws_instance.node[each.key].id }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 5
  alarm_actions       = concat(["arn:${data.aws_partition.current.partition}:automate:${data.aws_region.current.name}:ec2:reboot"], var.alarm_actions)
  tags                = var.tags
}
