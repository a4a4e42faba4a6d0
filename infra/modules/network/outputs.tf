output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "vpc_cidr" {
  description = "Its range."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "For the load balancer, one a zone."
  value       = local.subnet_ids.public
}

output "private_subnet_ids" {
  description = "For tasks, functions and Qdrant, one a zone."
  value       = local.subnet_ids.private
}

output "database_subnet_ids" {
  description = "For PostgreSQL and Redis, one a zone; without a way to the internet."
  value       = local.subnet_ids.database
}

output "private_route_table_ids" {
  description = "Tables of the private subnets."
  value       = [aws_route_table.this["private"].id]
}

output "security_group_ids" {
  description = "Groups by part: alb, ecs, rds, redis, qdrant, lambda, endpoints, bastion."
  value       = { for part, group in aws_security_group.this : part => group.id }
}

output "nat_public_ip" {
  description = "The address that others see when tasks call them."
  value       = aws_eip.nat.public_ip
}

output "bastion_public_ip" {
  description = "Address of the bastion, null without one."
  value       = one(aws_instance.bastion[*].public_ip)
}
