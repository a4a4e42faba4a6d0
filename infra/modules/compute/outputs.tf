output "cluster_name" {
  description = "The cluster."
  value       = aws_ecs_cluster.this.name
}

output "service_names" {
  description = "Services by part: frontend, backend, worker, pgbouncer."
  value       = { for key, service in aws_ecs_service.this : key => service.name }
}

output "target_group_arns" {
  description = "Target groups that the services register with."
  value       = var.target_group_arns
}

output "task_role_arns" {
  description = "Roles of the running tasks by part, migrate among them."
  value       = { for key, role in aws_iam_role.task : key => role.arn }
}

output "execution_role_arns" {
  description = "Roles that start the tasks, by part; a deployment passes them on."
  value       = { for key, role in aws_iam_role.execution : key => role.arn }
}

output "task_definition_families" {
  description = "Families of the task definitions by part, migrate among them."
  value       = { for key, task in aws_ecs_task_definition.this : key => task.family }
}

output "pool_arithmetic" {
  description = "Connections that the pools can take together, against what the database allows."
  value = {
    server_connections = local.server_connections
    max_connections    = var.database.max_connections
    client_connections = local.client_connections
    max_client_conn    = var.pools.max_client_conn
  }
}
