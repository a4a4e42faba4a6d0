# One task a service, which nothing but a person changes.
environment = "development"
scaling     = "none"
protected   = false
cloudfront  = { enabled = false }

services = {
  frontend  = { cpu = 256, memory = 512, desired = 1, min = 1, max = 1, on_demand = 0 }
  backend   = { cpu = 512, memory = 1024, desired = 1, min = 1, max = 1, on_demand = 0 }
  worker    = { cpu = 512, memory = 2048, desired = 1, min = 1, max = 1, on_demand = 0 }
  pgbouncer = { cpu = 256, memory = 512, desired = 1, min = 1, max = 1, on_demand = 1 }
}

database = { instance_class = "db.t3.micro" }
cache    = { node_type = "cache.t3.micro", replicas = 0 }
qdrant   = { instance_type = "t3.small" }
budget   = { usd = 150 }
