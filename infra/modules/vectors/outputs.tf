output "private_dns_name" {
  description = "The consistent endpoint: the private name of the first node."
  value       = aws_route53_record.endpoint.name
}

output "hosts" {
  description = "Names of all nodes, comma separated: QDRANT_HOST of the application."
  value       = local.cluster ? join(",", local.hosts) : local.zone
}

output "urls" {
  description = "REST addresses of the nodes that always stand, for the functions that look after them."
  value       = [for node in local.nodes : "http://${node.host}:6333"]
}

output "instance_ids" {
  description = "Instances by node."
  value       = { for key, node in aws_instance.node : key => node.id }
}

output "elastic_ip" {
  description = "Public name of the first node, which leads to its private address inside the VPC; null without an Elastic IP."
  value       = one(aws_eip.node[*].public_dns)
}

output "log_group_name" {
  description = "The log of Qdrant and of the nodes' start."
  value       = aws_cloudwatch_log_group.this.name
}
