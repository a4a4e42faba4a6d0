variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string

  validation {
    condition     = length(var.name) <= 40
    error_message = "ElastiCache takes names of 40 characters at most; shorten name."
  }
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "subnet_ids" {
  description = "Database subnets, one a zone."
  type        = list(string)
}

variable "security_group_id" {
  description = "Group that lets the tasks in."
  type        = string
}

variable "kms_key_arns" {
  description = "Keys: data, logs, secrets."
  type        = map(string)
}

variable "parameter_prefix" {
  description = "Path of the environment's parameters."
  type        = string
}

variable "node_type" {
  description = "Class of a node."
  type        = string
  default     = "cache.t3.micro"

  validation {
    condition     = can(regex("^cache\\.", var.node_type))
    error_message = "node_type begins with cache., such as cache.t3.micro."
  }
}

variable "replicas" {
  description = "Copies that serve reads and take over: 0 saves the second node."
  type        = number
  default     = 1

  validation {
    condition     = contains([0, 1, 2, 3, 4, 5], var.replicas)
    error_message = "replicas lies between 0 and 5."
  }
}

variable "eviction" {
  description = "Which keys go when memory is full. docs/decisions/0020 has the reason for volatile-lru; allkeys-lru can be set."
  type        = string
  default     = "volatile-lru"

  validation {
    condition     = contains(["volatile-lru", "volatile-lfu", "volatile-ttl", "allkeys-lru", "allkeys-lfu"], var.eviction)
    error_message = "eviction is volatile-lru, volatile-lfu, volatile-ttl, allkeys-lru or allkeys-lfu; noeviction would refuse writes when full."
  }
}

variable "token_generation" {
  description = "Raise by one to make a new AUTH token. Redis takes both until the next change."
  type        = number
  default     = 1
}

variable "log_days" {
  description = "How long the slow log is kept."
  type        = number
  default     = 7
}
