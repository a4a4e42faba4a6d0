# As production, smaller, and following processor and memory only.
environment = "staging"
scaling     = "limited"

services = {
  frontend  = { cpu = 256, memory = 512, desired = 1, min = 1, max = 2, on_demand = 1 }
  backend   = { cpu = 512, memory = 1024, desired = 2, min = 2, max = 3, on_demand = 1 }
  worker    = { cpu = 512, memory = 2048, desired = 1, min = 1, max = 1, on_demand = 0 }
  pgbouncer = { cpu = 256, memory = 512, desired = 2, min = 2, max = 2, on_demand = 2 }
}

database = { instance_class = "db.t3.small" }
qdrant   = { instance_type = "t3.small" }
budget   = { usd = 250 }
