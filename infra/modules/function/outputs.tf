output "arn" {
  description = "The function."
  value       = aws_lambda_function.this.arn
}

output "name" {
  description = "Its name in metrics."
  value       = aws_lambda_function.this.function_name
}

output "log_group_name" {
  description = "Its log."
  value       = aws_cloudwatch_log_group.this.name
}
