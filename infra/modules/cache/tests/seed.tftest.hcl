mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name              = "assay-production"
  subnet_ids        = ["subnet-1", "subnet-2"]
  security_group_id = "sg-redis"
  parameter_prefix  = "/assay/production"
  kms_key_arns      = { data = "arn:aws:kms:us-east-1:111122223333:key/data", logs = "arn:aws:kms:us-east-1:111122223333:key/logs", secrets = "arn:aws:kms:us-east-1:111122223333:key/secrets" }
}

run "redis_is_as_the_design_says" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.engine == "redis" && startswith(aws_elasticache_replication_group.this.engine_version, "7.")
    error_message = "The cache is Redis 7."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.node_type == "cache.t3.micro"
    error_message = "A node is a cache.t3.micro."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.num_cache_clusters == 2 && aws_elasticache_replication_group.this.automatic_failover_enabled
    error_message = "One replica serves reads and takes over."
  }
  assert {
    condition     = length(aws_elasticache_replication_group.this.log_delivery_configuration) == 1
    error_message = "The slow log is delivered."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.port == 6379 && aws_elasticache_replication_group.this.security_group_ids == toset(["sg-redis"])
    error_message = "It listens on 6379, behind its own security group."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_enabled && aws_elasticache_replication_group.this.transit_encryption_mode == "required"
    error_message = "It is encrypted in transit, and clients without TLS are refused."
  }
  assert {
    condition     = tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled) && aws_elasticache_replication_group.this.kms_key_id == var.kms_key_arns["data"]
    error_message = "It is encrypted at rest with the key for data."
  }
  assert {
    condition     = contains([for parameter in aws_elasticache_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "maxmemory-policy=volatile-lru")
    error_message = "A full cache evicts what ends by itself, and no session's only copy."
  }
  assert {
    condition     = output.node_ids == ["assay-production-001", "assay-production-002"]
    error_message = "Alarms find the nodes by the names that ElastiCache gives."
  }
}

run "the_token_lies_in_parameter_store" {
  command = apply

  assert {
    condition     = aws_ssm_parameter.token.type == "SecureString" && aws_ssm_parameter.token.name == "/assay/production/redis-auth-token"
    error_message = "The AUTH token is an encrypted parameter."
  }
  assert {
    condition     = nonsensitive(length(aws_elasticache_replication_group.this.auth_token)) == 64
    error_message = "The AUTH token has 64 characters."
  }
}

run "the_eviction_of_the_seed_can_be_set" {
  command = plan
  variables { eviction = "allkeys-lru" }

  assert {
    condition     = contains([for parameter in aws_elasticache_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "maxmemory-policy=allkeys-lru")
    error_message = "allkeys-lru can be set."
  }
}

run "development_has_one_node" {
  command = plan
  variables { replicas = 0 }

  assert {
    condition     = aws_elasticache_replication_group.this.num_cache_clusters == 1 && !aws_elasticache_replication_group.this.automatic_failover_enabled
    error_message = "Without replicas nothing can take over."
  }
}

run "a_cache_that_refuses_writes_is_refused" {
  command         = plan
  expect_failures = [var.eviction]
  variables { eviction = "noeviction" }
}

run "too_many_replicas_are_refused" {
  command         = plan
  expect_failures = [var.replicas]
  variables { replicas = 9 }
}

run "reads_go_to_the_replicas_where_there_are_any" {
  command = apply

  assert {
    condition     = output.reader_endpoint == aws_elasticache_replication_group.this.reader_endpoint_address
    error_message = "Reads that may be stale go to the replicas."
  }
}

run "a_cache_of_one_node_reads_from_it" {
  command = apply

  variables {
    replicas = 0
  }

  assert {
    condition     = output.reader_endpoint == aws_elasticache_replication_group.this.primary_endpoint_address
    error_message = "Without replicas the primary is read."
  }
}
