variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "kms_key_arns" {
  description = "Keys: data, logs, secrets."
  type        = map(string)
}

variable "source_code" {
  description = "The repository (owner/name) and branch that are delivered; the connection to it, null to make one, which a person then accepts in the console."
  type = object({
    repository     = string
    branch         = optional(string, "main")
    connection_arn = optional(string)
  })

  validation {
    condition     = can(regex("^[\\w.-]+/[\\w.-]+$", var.source_code.repository))
    error_message = "source_code.repository is owner/name, such as example/assay."
  }
}

variable "pipeline" {
  description = "Deliver by CodePipeline; otherwise there are only the repositories of the images."
  type        = bool
  default     = true
}

variable "approval" {
  description = "A person says yes before anything changes."
  type        = bool
  default     = false
}

variable "architecture" {
  description = "Processor of the tasks: X86_64 or ARM64. Images are built on the same."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "architecture is X86_64 or ARM64."
  }
}

variable "buckets" {
  description = "Buckets: artifacts, assets."
  type        = map(object({ id = string, arn = string }))
}

variable "cluster_name" {
  description = "The ECS cluster."
  type        = string
}

variable "task_role_arns" {
  description = "Roles that new revisions of the tasks are given: of the running tasks and of what starts them."
  type        = list(string)
}

variable "migration" {
  description = "Where the migrations run."
  type        = object({ subnet_ids = list(string), security_group_id = string })
}

variable "url" {
  description = "Where people reach the environment; its /health says whether a release serves."
  type        = string

  validation {
    condition     = can(regex("^https://", var.url))
    error_message = "url begins with https://."
  }
}

variable "alerts_topic_arn" {
  description = "Topic that hears of deliveries that failed."
  type        = string
}

variable "images_kept" {
  description = "Images of each repository that are kept to go back to."
  type        = number
  default     = 30
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  default     = 7
}

variable "protected" {
  description = "Refuse to delete repositories that hold images."
  type        = bool
  default     = true
}
