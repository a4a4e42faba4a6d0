variable "name" {
  description = "Prefix of every name, such as assay-production."
  type        = string
}

variable "environment" {
  description = "Environment whose parameters these are; part of their paths."
  type        = string

  validation {
    condition     = contains(["development", "staging", "production"], var.environment)
    error_message = "environment is development, staging or production."
  }
}

variable "tags" {
  description = "Tags for every resource that takes them."
  type        = map(string)
  default     = {}
}

variable "generation" {
  description = "Raise by one to write new values of all generated secrets. Tasks read them when they start next; see the runbook."
  type        = number
  default     = 1

  validation {
    condition     = var.generation >= 1 && floor(var.generation) == var.generation
    error_message = "generation is a whole number from 1 on; raise it by one to rotate."
  }
}

variable "openai_key_generation" {
  description = "0 has no key: answers are extractive. Otherwise raise it by one with each new openai_api_key."
  type        = number
  default     = 0
}

variable "openai_api_key" {
  description = "Key of the model's API. Goes to Parameter Store and stays out of the state and plan."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "deletion_window_days" {
  description = "Days between the deletion of a key and its end."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "deletion_window_days lies between 7 and 30."
  }
}
