output "trail_arn" {
  description = "The audit trail."
  value       = aws_cloudtrail.this.arn
}

output "detector_id" {
  description = "GuardDuty's detector, null where another environment has it."
  value       = one(aws_guardduty_detector.this[*].id)
}
