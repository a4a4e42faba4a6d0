output "endpoint" {
  description = "Host name of the database."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Its port."
  value       = aws_db_instance.this.port
}

output "instance_id" {
  description = "Its name in metrics."
  value       = aws_db_instance.this.identifier
}

output "arn" {
  description = "For backups."
  value       = aws_db_instance.this.arn
}

output "master_secret_arn" {
  description = "Secret of the role assay_owner: JSON with username and password, in Secrets Manager."
  value       = one(aws_db_instance.this.master_user_secret[*].secret_arn)
}

output "max_connections" {
  description = "Connections that it admits."
  value       = var.max_connections
}

output "log_group_names" {
  description = "Logs: postgresql, with slow statements, and upgrade."
  value       = { for kind, group in aws_cloudwatch_log_group.this : kind => group.name }
}
