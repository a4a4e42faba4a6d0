mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name             = "assay-test"
  logs_kms_key_arn = "arn:aws:kms:us-east-1:111122223333:key/logs"
}

run "addresses_are_the_seeds" {
  command = plan

  assert {
    condition     = aws_vpc.this.cidr_block == "10.0.0.0/16"
    error_message = "The VPC is 10.0.0.0/16."
  }
  assert {
    condition = { for key, subnet in aws_subnet.this : key => subnet.cidr_block } == {
      public-1   = "10.0.1.0/24", public-2 = "10.0.2.0/24", private-1 = "10.0.10.0/24", private-2 = "10.0.20.0/24",
      database-1 = "10.0.100.0/24", database-2 = "10.0.200.0/24"
    }
    error_message = "The six subnets have the stated ranges."
  }
  assert {
    condition     = toset([for subnet in aws_subnet.this : subnet.availability_zone]) == toset(["us-east-1a", "us-east-1b"])
    error_message = "The subnets lie in two zones."
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.this : subnet.map_public_ip_on_launch == false])
    error_message = "No subnet hands out public addresses by itself."
  }
}

run "routes_and_logs" {
  command = apply

  assert {
    condition     = aws_nat_gateway.this.subnet_id == aws_subnet.this["public-1"].id
    error_message = "There is one NAT gateway, in a public subnet."
  }
  assert {
    condition     = aws_route.nat.route_table_id == aws_route_table.this["private"].id
    error_message = "Private subnets go out through the NAT gateway."
  }
  assert {
    condition     = alltrue([for route in [aws_route.internet, aws_route.nat] : route.route_table_id != aws_route_table.this["database"].id])
    error_message = "Database subnets have no route to the internet."
  }
  assert {
    condition     = aws_flow_log.vpc.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.retention_in_days == 7
    error_message = "Flow logs hold all traffic for 7 days."
  }
  assert {
    condition     = aws_cloudwatch_log_group.flow.kms_key_id == var.logs_kms_key_arn
    error_message = "The flow log is encrypted with our key."
  }
  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && contains(aws_vpc_endpoint.s3.route_table_ids, aws_route_table.this["private"].id)
    error_message = "S3 is reached by its free gateway endpoint."
  }
  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0
    error_message = "No interface endpoint is paid for by default."
  }
}

run "security_groups_are_the_seeds" {
  command = apply

  assert {
    condition = {
      for key, rule in aws_vpc_security_group_ingress_rule.alb_web : key => "${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}"
    } == { http = "0.0.0.0/0 80-80", https = "0.0.0.0/0 443-443" }
    error_message = "The load balancer takes 80 and 443 from everywhere and nothing else."
  }
  assert {
    condition = toset([
      for rule in aws_vpc_security_group_ingress_rule.between : rule.from_port if rule.security_group_id == aws_security_group.this["ecs"].id
    ]) == toset([3000, 8000, 6432])
    error_message = "Tasks take 3000 and 8000 from the load balancer, and 6432 from tasks."
  }
  assert {
    condition = alltrue([
      for rule in aws_vpc_security_group_ingress_rule.between : rule.referenced_security_group_id == aws_security_group.this["alb"].id
      if contains([3000, 8000], rule.from_port)
    ])
    error_message = "3000 and 8000 are open to the load balancer only."
  }
  assert {
    condition = [
      for rule in aws_vpc_security_group_ingress_rule.between : [rule.from_port, rule.referenced_security_group_id]
      if rule.security_group_id == aws_security_group.this["rds"].id
    ] == [[5432, aws_security_group.this["ecs"].id]]
    error_message = "PostgreSQL takes 5432 from tasks only."
  }
  assert {
    condition = [
      for rule in aws_vpc_security_group_ingress_rule.between : [rule.from_port, rule.referenced_security_group_id]
      if rule.security_group_id == aws_security_group.this["redis"].id
    ] == [[6379, aws_security_group.this["ecs"].id]]
    error_message = "Redis takes 6379 from tasks only."
  }
  assert {
    condition = toset([
      for rule in aws_vpc_security_group_ingress_rule.between : rule.from_port if rule.security_group_id == aws_security_group.this["qdrant"].id
    ]) == toset([6333, 6334, 22])
    error_message = "Qdrant takes 6333 and 6334, and 22 for maintenance."
  }
  assert {
    condition = [
      for rule in aws_vpc_security_group_ingress_rule.between : rule.referenced_security_group_id if rule.from_port == 22
    ] == [aws_security_group.this["bastion"].id]
    error_message = "SSH to Qdrant comes from the bastion only."
  }
  assert {
    condition = toset([
      for rule in aws_vpc_security_group_egress_rule.between : rule.from_port if rule.security_group_id == aws_security_group.this["alb"].id
    ]) == toset([3000, 8000])
    error_message = "The load balancer sends to 3000 and 8000 only."
  }
  assert {
    condition = toset([
      for rule in aws_vpc_security_group_egress_rule.between : rule.from_port if rule.security_group_id == aws_security_group.this["ecs"].id
    ]) == toset([5432, 6379, 6333, 6334, 6432])
    error_message = "Tasks send to PostgreSQL, Redis, Qdrant and PgBouncer only."
  }
  assert {
    condition     = toset(keys(aws_vpc_security_group_egress_rule.https)) == toset(["ecs", "lambda", "qdrant"])
    error_message = "Only tasks, functions and Qdrant send HTTPS; PostgreSQL and Redis send nothing."
  }
  assert {
    condition = alltrue([
      for rule in concat(values(aws_vpc_security_group_egress_rule.between), values(aws_vpc_security_group_egress_rule.https)) :
      !contains([aws_security_group.this["rds"].id, aws_security_group.this["redis"].id], rule.security_group_id)
    ])
    error_message = "PostgreSQL and Redis have no outbound rule."
  }
}

run "network_acls_fence_the_databases" {
  command = plan

  assert {
    condition     = toset(keys(aws_network_acl.this)) == toset(["public", "private", "database"])
    error_message = "Each tier has a network ACL."
  }
  assert {
    condition = alltrue([
      for rule in concat(tolist(aws_network_acl.this["database"].ingress), tolist(aws_network_acl.this["database"].egress)) :
      startswith(rule.cidr_block, "10.0.")
    ])
    error_message = "Database subnets speak only to the VPC's own."
  }
  assert {
    condition = toset([
      for rule in aws_network_acl.this["database"].ingress : rule.from_port if contains(["10.0.10.0/24", "10.0.20.0/24"], rule.cidr_block)
    ]) == toset([5432, 6379])
    error_message = "From the private subnets only 5432 and 6379 reach the databases."
  }
  assert {
    condition = alltrue(flatten([
      for tier in ["public", "private"] : [
        for rule in aws_network_acl.this[tier].ingress : rule.to_port < 3389 || rule.from_port > 3389 if rule.cidr_block == "0.0.0.0/0"
      ]
    ]))
    error_message = "Nobody outside reaches the ports of remote administration."
  }
}

run "options" {
  command = plan

  variables {
    interface_endpoints = ["logs", "ssm"]
    bastion             = { ami_id = "ami-12345678", key_name = "ops", from_cidrs = ["203.0.113.0/24"] }
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 2 && alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "Interface endpoints are made for the named services."
  }
  assert {
    condition     = length(aws_instance.bastion) == 1 && aws_instance.bastion[0].metadata_options[0].http_tokens == "required"
    error_message = "A bastion demands IMDSv2."
  }
}

run "cloudfront_only" {
  command = plan

  variables {
    alb_from_cloudfront_only = true
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.alb_web : rule.cidr_ipv4 == null])
    error_message = "Behind CloudFront alone, the internet does not reach the load balancer."
  }
}
