environment = "production"
scaling     = "full"

services = {
  frontend  = { cpu = 256, memory = 512, desired = 2, min = 2, max = 4, on_demand = 1 }
  backend   = { cpu = 512, memory = 1024, desired = 3, min = 3, max = 6, on_demand = 2 }
  worker    = { cpu = 512, memory = 2048, desired = 1, min = 1, max = 2, on_demand = 0 }
  pgbouncer = { cpu = 256, memory = 512, desired = 2, min = 2, max = 2, on_demand = 2 }
}

database = { instance_class = "db.t3.medium" }
cache    = { node_type = "cache.t3.micro", replicas = 1 }
qdrant   = { instance_type = "t3.medium" }
budget   = { usd = 500 }
