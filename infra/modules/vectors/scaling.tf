# The second node of one that comes and goes. It holds copies only, on a disk that ends with it; qdrant-replicas brings
# them, and gives the place back before the node ends.
locals {
  steps = {
    out = { adjustment = 1, operator = "GreaterThanThreshold", threshold = 80, periods = 5 }
    in  = { adjustment = -1, operator = "LessThanThreshold", threshold = 30, periods = 10 }
  }
}

resource "aws_launch_template" "second" {
  count = var.autoscaling ? 1 : 0

  name_prefix            = "${var.name}-qdrant-"
  image_id               = local.image
  instance_type          = var.instance_type
  ebs_optimized          = true
  user_data              = base64gzip(local.user_data["1"])
  vpc_security_group_ids = [var.security_group_id]
  tags                   = var.tags

  iam_instance_profile {
    name = aws_iam_instance_profile.node.name
  }

  # AWS's own key: one of ours would need a grant to the service that scales.
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_type           = "gp3"
      volume_size           = var.volume_gb
      encrypted             = true
      delete_on_termination = true
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]
    content {
      resource_type = tag_specifications.value
      tags          = merge(var.tags, { Name = local.hosts[1], Service = "qdrant" })
    }
  }

  lifecycle {
    ignore_changes = [image_id]
  }
}

resource "aws_autoscaling_group" "second" {
  count = var.autoscaling ? 1 : 0

  name                      = "${var.name}-qdrant-second"
  min_size                  = 0
  max_size                  = 1
  desired_capacity          = 0
  vpc_zone_identifier       = [var.subnet_ids[1]]
  health_check_type         = "EC2"
  health_check_grace_period = 600

  launch_template {
    id      = aws_launch_template.second[0].id
    version = aws_launch_template.second[0].latest_version
  }

  dynamic "tag" {
    for_each = merge(var.tags, { Name = local.hosts[1] })
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_autoscaling_policy" "second" {
  for_each = { for key, step in local.steps : key => step if var.autoscaling }

  name                   = "${var.name}-qdrant-${each.key}"
  autoscaling_group_name = aws_autoscaling_group.second[0].name
  policy_type            = "SimpleScaling"
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = each.value.adjustment
  cooldown               = 600
}

resource "aws_cloudwatch_metric_alarm" "second" {
  for_each = { for key, step in local.steps : key => step if var.autoscaling }

  alarm_name          = "${var.name}-qdrant-${each.key}"
  alarm_description   = "Scales Qdrant ${each.key}. Runbook: docs/runbooks/qdrant.md"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  dimensions          = { InstanceId = aws_instance.node["0"].id }
  statistic           = "Average"
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  alarm_actions       = [aws_autoscaling_policy.second[each.key].arn]
  tags                = var.tags
}
