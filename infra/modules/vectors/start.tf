# What a node finds when it starts.
locals {
  release = "https://github.com/qdrant/qdrant/releases/download/v${var.qdrant.version}/qdrant-${local.processor}-unknown-linux-musl.tar.gz"

  common = {
    QDRANT_VERSION = var.qdrant.version
    QDRANT_SHA256  = var.qdrant.sha256
    QDRANT_URL     = local.release
  }
  first = "http://${local.hosts[0]}:6335"
  arguments = {
    "0" = local.cluster ? " --uri ${local.first}" : ""
    "1" = local.cluster ? " --bootstrap ${local.first} --uri http://${local.hosts[min(1, length(local.hosts) - 1)]}:6335" : ""
  }

  starts = merge(
    { for key, node in local.nodes : key => {
      host   = node.host
      volume = true
      leaves = false
      # The name that the system gives to a volume by its id: device letters may change.
      values = merge(local.common, { DEVICE = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${replace(aws_ebs_volume.data[key].id, "-", "")}" })
    } },
    var.autoscaling ? { "1" = {
      host   = local.hosts[1]
      volume = false
      leaves = true
      values = merge(local.common, { DEVICE = "none", REGISTER_ZONE = aws_route53_zone.this.zone_id, REGISTER_NAME = local.hosts[1] })
    } } : {},
  )

  files = {
    for key, start in local.starts : key => merge(
      {
        "/etc/qdrant/install.env" = { mode = "0644", content = join("", [for name, value in start.values : "${name}=${value}\n"]) }
        "/etc/qdrant/unit.env" = { mode = "0644", content = join("", [
          "API_KEY_PARAMETER=${var.api_key_parameter.name}\n", "AWS_REGION=${data.aws_region.current.name}\n",
        ]) }
        "/etc/qdrant/config.yaml" = { mode = "0644", content = templatefile("${path.module}/files/qdrant.yaml.tftpl", {
          cluster = local.cluster, search_threads = var.search_threads
        }) }
        "/etc/systemd/system/qdrant.service" = { mode = "0644", content = templatefile("${path.module}/files/qdrant.service.tftpl", {
          arguments = local.arguments[key], volume = start.volume
        }) }
        "/etc/logrotate.d/qdrant" = { mode = "0644", content = file("${path.module}/files/logrotate") }
        "/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json" = { mode = "0644", content = templatefile("${path.module}/files/agent.json.tftpl", {
          environment = var.environment, host = start.host, log_group = aws_cloudwatch_log_group.this.name
        }) }
        "/usr/local/sbin/qdrant-install"   = { mode = "0755", content = file("${path.module}/files/install") }
        "/usr/local/sbin/qdrant-fetch-key" = { mode = "0755", content = file("${path.module}/files/fetch-key") }
      },
      # The first node is there before the second: it has nobody to copy from.
      key == "0" ? {} : {
        "/usr/local/sbin/qdrant-replicas" = { mode = "0755", content = file("${path.module}/files/replicas") }
        "/etc/systemd/system/qdrant-replicas.service" = { mode = "0644", content = templatefile("${path.module}/files/replicas.service.tftpl", {
          uri = "http://${start.host}:6335", leaves = start.leaves
        }) }
      },
    )
  }

  user_data = { for key, files in local.files : key => templatefile("${path.module}/files/cloud-config.yaml.tftpl", { files = files }) }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:7 days are the design's, for cost
  name              = "/${var.name}/qdrant"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arns["logs"]
  tags              = var.tags
}
