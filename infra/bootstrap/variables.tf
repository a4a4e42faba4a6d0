variable "region" {
  description = "Region of the state; the environments' own."
  type        = string
  default     = "us-east-1"
}
