output "repository_urls" {
  description = "Repositories of the images: backend, frontend, pgbouncer."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.repository_url }
}

output "repository_arns" {
  description = "The same by their ARNs, for those who pull."
  value       = [for repository in aws_ecr_repository.this : repository.arn]
}

output "pipeline_name" {
  description = "The pipeline, null without one."
  value       = one(aws_codepipeline.this[*].name)
}

output "connection_arn" {
  description = "Connection to the source; one that was made here waits for a person to accept it in the console."
  value       = local.connection_arn
}
