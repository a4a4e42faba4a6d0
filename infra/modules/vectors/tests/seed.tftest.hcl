mock_provider "aws" {
  source = "../../tests/mocks"
}

override_data {
  target = data.aws_ssm_parameter.image
  values = { insecure_value = "ami-0123456789abcdef0" }
}

variables {
  name              = "assay-production"
  environment       = "production"
  vpc_id            = "vpc-1"
  subnet_ids        = ["subnet-1", "subnet-2"]
  security_group_id = "sg-qdrant"
  backup_plan       = { id = "plan-1", role_arn = "arn:aws:iam::111122223333:role/backup" }
  kms_key_arns      = { data = "arn:aws:kms:us-east-1:111122223333:key/data", logs = "arn:aws:kms:us-east-1:111122223333:key/logs", secrets = "arn:aws:kms:us-east-1:111122223333:key/secrets" }
  api_key_parameter = { name = "/assay/production/qdrant-api-key", arn = "arn:aws:ssm:us-east-1:111122223333:parameter/assay/production/qdrant-api-key" }
  qdrant            = { version = "1.19.0", sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
}

run "the_node_is_as_the_design_says" {
  command = apply

  assert {
    condition     = keys(aws_instance.node) == ["0"] && aws_instance.node["0"].instance_type == "t3.medium"
    error_message = "One t3.medium runs Qdrant."
  }
  assert {
    condition     = aws_ebs_volume.data["0"].size == 100 && aws_ebs_volume.data["0"].type == "gp3" && aws_ebs_volume.data["0"].encrypted && aws_ebs_volume.data["0"].kms_key_id == var.kms_key_arns["data"]
    error_message = "Its data lies on 100 GB of gp3, encrypted with the key for data."
  }
  assert {
    condition     = aws_backup_selection.data.plan_id == "plan-1" && aws_backup_selection.data.resources == toset([aws_ebs_volume.data["0"].arn])
    error_message = "Its volume is in the plan of weekly snapshots."
  }
  assert {
    condition     = aws_volume_attachment.data["0"].volume_id == aws_ebs_volume.data["0"].id && aws_ebs_volume.data["0"].final_snapshot && aws_ebs_volume.data["0"].iops == 3000
    error_message = "The volume outlives the instance, and leaves a snapshot when it is deleted itself."
  }
  assert {
    condition     = aws_instance.node["0"].metadata_options[0].http_tokens == "required" && aws_instance.node["0"].root_block_device[0].encrypted
    error_message = "The instance's metadata asks for tokens, and its system's disk is encrypted."
  }
  assert {
    condition     = aws_instance.node["0"].subnet_id == "subnet-1"
    error_message = "It stands in a private subnet."
  }
  assert {
    condition     = output.private_dns_name == "qdrant.assay-production.internal" && output.hosts == "qdrant.assay-production.internal"
    error_message = "One private name is the endpoint."
  }
  assert {
    condition     = length(aws_eip.node) == 0 && length(aws_autoscaling_group.second) == 0 && length(aws_vpc_security_group_ingress_rule.peers) == 0
    error_message = "Elastic IP, second node and the peers' port are options."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 7
    error_message = "Its log is kept for 7 days."
  }
}

run "its_configuration_has_qdrants_own_keys" {
  command = apply

  assert {
    condition = yamldecode(local.files["0"]["/etc/qdrant/config.yaml"].content) == {
      log_level          = "INFO"
      storage            = { storage_path = "/qdrant/storage", snapshots_path = "/qdrant/snapshots", performance = { max_search_threads = 2 } }
      service            = { host = "0.0.0.0", http_port = 6333, grpc_port = 6334, max_request_size_mb = 32, enable_cors = false }
      cluster            = { enabled = false }
      telemetry_disabled = true
    }
    error_message = "Qdrant stores in /qdrant/storage, listens on 6333 and 6334, takes 32 MB, searches with 2 threads, alone, without telemetry."
  }
  assert {
    condition     = !strcontains(local.user_data["0"], "api_key") && !can(regex("QDRANT__SERVICE__API_KEY=[0-9a-f]", local.user_data["0"]))
    error_message = "No key lies in the user data."
  }
  assert {
    condition     = length(base64gzip(local.user_data["0"])) < 16384
    error_message = "EC2 takes 16 KB of user data."
  }
  assert {
    condition     = strcontains(local.files["0"]["/etc/qdrant/install.env"].content, "/releases/download/v1.19.0/qdrant-x86_64-unknown-linux-musl.tar.gz")
    error_message = "The version is pinned, for the instance's processor."
  }
  assert {
    condition     = strcontains(local.files["0"]["/etc/systemd/system/qdrant.service"].content, "Restart=always")
    error_message = "Qdrant is started again when it ends."
  }
}

run "its_rights_are_narrow" {
  command = apply

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.node.policy).Statement : statement.Sid if statement.Resource == "*"] == ["Metrics"]
    error_message = "Only metrics of its own namespace have no resource."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.node.policy).Statement[0].Resource == var.api_key_parameter.arn
    error_message = "It reads its own key, and no other parameter."
  }
}

run "two_nodes_hold_the_same_in_two_zones" {
  command = apply
  variables { nodes = 2 }

  assert {
    condition     = aws_instance.node["0"].subnet_id == "subnet-1" && aws_instance.node["1"].subnet_id == "subnet-2"
    error_message = "The nodes stand in two zones."
  }
  assert {
    condition     = output.hosts == "node-0.qdrant.assay-production.internal,node-1.qdrant.assay-production.internal"
    error_message = "The application is told both names."
  }
  assert {
    condition     = yamldecode(local.files["1"]["/etc/qdrant/config.yaml"].content).cluster.enabled && strcontains(local.files["1"]["/etc/systemd/system/qdrant.service"].content, "--bootstrap http://node-0.qdrant.assay-production.internal:6335")
    error_message = "The second joins the first."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.peers[0].referenced_security_group_id == "sg-qdrant" && aws_vpc_security_group_ingress_rule.peers[0].from_port == 6335
    error_message = "Only the nodes reach each other's port 6335."
  }
  assert {
    condition     = !strcontains(local.files["1"]["/etc/systemd/system/qdrant-replicas.service"].content, "ExecStop")
    error_message = "A node that stays keeps its copies over a restart."
  }
  assert {
    condition     = alltrue([for key in ["0", "1"] : length(base64gzip(local.user_data[key])) < 16384])
    error_message = "EC2 takes 16 KB of user data."
  }
}

run "a_busy_node_gets_a_second" {
  command = apply
  variables { autoscaling = true }

  assert {
    condition     = aws_autoscaling_group.second[0].min_size == 0 && aws_autoscaling_group.second[0].max_size == 1 && aws_autoscaling_group.second[0].desired_capacity == 0 && length(aws_instance.node) == 1
    error_message = "With the node that stays there are one to two, and one at first."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.second["out"].threshold == 80 && aws_cloudwatch_metric_alarm.second["out"].period * aws_cloudwatch_metric_alarm.second["out"].evaluation_periods == 300 && aws_cloudwatch_metric_alarm.second["out"].comparison_operator == "GreaterThanThreshold"
    error_message = "A second node comes when the processor is above 80 percent for 5 minutes."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.second["in"].threshold == 30 && aws_cloudwatch_metric_alarm.second["in"].period * aws_cloudwatch_metric_alarm.second["in"].evaluation_periods == 600 && aws_cloudwatch_metric_alarm.second["in"].comparison_operator == "LessThanThreshold"
    error_message = "It goes when the processor is below 30 percent for 10 minutes."
  }
  assert {
    condition     = strcontains(local.files["1"]["/etc/systemd/system/qdrant-replicas.service"].content, "ExecStop=/usr/local/sbin/qdrant-replicas leave")
    error_message = "It gives its place back before it goes."
  }
  assert {
    condition     = anytrue([for statement in jsondecode(aws_iam_role_policy.node.policy).Statement : statement.Sid == "OwnName"])
    error_message = "It may set its own name."
  }
}

run "an_elastic_ip_can_be_had" {
  command = apply
  variables { elastic_ip = { subnet_id = "subnet-public" } }

  assert {
    condition     = length(aws_eip.node) == 1 && aws_instance.node["0"].subnet_id == "subnet-public"
    error_message = "The first node moves to where its Elastic IP is reachable."
  }
}

run "arm_gets_arms_archive" {
  command = apply
  variables { instance_type = "t4g.medium" }

  assert {
    condition     = strcontains(local.files["0"]["/etc/qdrant/install.env"].content, "qdrant-aarch64-unknown-linux-musl.tar.gz")
    error_message = "An ARM node gets the ARM archive."
  }
}
