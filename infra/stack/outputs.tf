output "url" {
  description = "Where people reach Assay."
  value       = module.edge.url
}

output "alb_dns_name" {
  description = "The load balancer's own name, for whoever sets the DNS by hand."
  value       = module.edge.alb_dns_name
}

output "nat_public_ip" {
  description = "Address that others see when tasks call them."
  value       = module.network.nat_public_ip
}

output "cluster_name" {
  description = "The ECS cluster."
  value       = module.compute.cluster_name
}

output "service_names" {
  description = "Its services."
  value       = module.compute.service_names
}

output "parameter_prefix" {
  description = "Path of configuration and secrets in Parameter Store."
  value       = module.secrets.parameter_prefix
}

output "pool_arithmetic" {
  description = "Connections that the pools can take, against what the database allows."
  value       = module.compute.pool_arithmetic
}
