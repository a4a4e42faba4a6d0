variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string
}

variable "environment" {
  description = "development, staging or production: a dimension of the metrics."
  type        = string
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "vpc_id" {
  description = "The VPC of the private names."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, one a zone: the first node stands in the first, the second in the second."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids needs private subnets in two zones, so that a second node can stand in another zone than the first."
  }
}

variable "security_group_id" {
  description = "Group that lets tasks and functions in."
  type        = string
}

variable "kms_key_arns" {
  description = "Keys: data, logs, secrets."
  type        = map(string)
}

variable "backup_plan" {
  description = "The weekly plan that saves the data volumes, and the role that carries it out."
  type        = object({ id = string, role_arn = string })
}

variable "api_key_parameter" {
  description = "Parameter that holds the API key: name and ARN."
  type        = object({ name = string, arn = string })
}

variable "qdrant" {
  description = "The release, and the SHA-256 of its archive for the nodes' processor, as its page of releases has it."
  type        = object({ version = string, sha256 = string })

  validation {
    condition = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", var.qdrant.version)) && try(
      tonumber(split(".", var.qdrant.version)[0]) > 1 || tonumber(split(".", var.qdrant.version)[1]) >= 19, false
    )
    error_message = "qdrant.version is a release such as 1.19.0, and 1.19 or newer: older ones weigh words by all tenants' texts, and the application refuses them."
  }
  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.qdrant.sha256))
    error_message = "qdrant.sha256 has 64 hexadecimal digits: take the SHA-256 of qdrant-<processor>-unknown-linux-musl.tar.gz from the release's page."
  }
}

variable "instance_type" {
  description = "Type of a node."
  type        = string
  default     = "t3.medium"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9]+$", var.instance_type))
    error_message = "instance_type looks like t3.medium."
  }
}

variable "ami_id" {
  description = "Image of the nodes; null takes the newest Amazon Linux 2023 when a node is made."
  type        = string
  default     = null
}

variable "volume_gb" {
  description = "Size of each node's data volume."
  type        = number
  default     = 100

  validation {
    condition     = var.volume_gb >= 10 && var.volume_gb <= 16384
    error_message = "volume_gb lies between 10 and 16384."
  }
}

variable "search_threads" {
  description = "Threads of one search: the processors of the instance."
  type        = number
  default     = 2
}

variable "nodes" {
  description = "1, or 2 that hold the same and stand in two zones: see docs/decisions/0031 for what that promises and costs."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2], var.nodes)
    error_message = "nodes is 1 or 2."
  }
}

variable "autoscaling" {
  description = "A second node while the first is busy: from 80 percent of its processor for 5 minutes, until 30 percent for 10."
  type        = bool
  default     = false
}

variable "elastic_ip" {
  description = "Public subnet in which the first node gets an Elastic IP; null has none, and the private name is the one consistent endpoint. An object, as a plan from nothing knows that there is one and not yet the subnet's id."
  type        = object({ subnet_id = string })
  default     = null
}

variable "log_days" {
  description = "How long the log is kept."
  type        = number
  default     = 7
}

variable "alarm_actions" {
  description = "Topics that hear of a node that was started anew."
  type        = list(string)
  default     = []
}

variable "protected" {
  description = "Refuse to end nodes by mistake; keep a last snapshot of a volume that is deleted."
  type        = bool
  default     = true
}
