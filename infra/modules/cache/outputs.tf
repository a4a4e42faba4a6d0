output "primary_endpoint" {
  description = "Host that takes writes; its name stays when the replica takes over."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "reader_endpoint" {
  description = "Host that spreads reads which may be stale over the replicas; where there are none, the primary's."
  value = (var.replicas > 0
    ? aws_elasticache_replication_group.this.reader_endpoint_address
  : aws_elasticache_replication_group.this.primary_endpoint_address)
}

output "auth_token_parameter" {
  description = "Parameter with the AUTH token, by its ARN."
  value       = aws_ssm_parameter.token.arn
}

output "node_ids" {
  description = "Nodes by their names in metrics."
  value       = [for number in range(1, 2 + var.replicas) : format("%s-%03d", var.name, number)]
}
