output "url" {
  description = "Where people reach Assay."
  value       = "https://${coalesce(try(var.domain.name, null), aws_lb.this.dns_name)}"
}

output "alb_arn" {
  description = "The load balancer."
  value       = aws_lb.this.arn
}

output "alb_arn_suffix" {
  description = "Its name in metrics."
  value       = aws_lb.this.arn_suffix
}

output "alb_dns_name" {
  description = "Its own name, for whoever sets the DNS by hand."
  value       = aws_lb.this.dns_name
}

output "target_group_arns" {
  description = "Target groups: frontend, backend."
  value       = { for part, group in aws_lb_target_group.this : part => group.arn }
  # ECS refuses a target group that no listener uses yet.
  depends_on = [aws_lb_listener.https, aws_lb_listener_rule.forward, aws_lb_listener_rule.health]
}

output "target_group_arn_suffixes" {
  description = "Their names in metrics."
  value       = { for part, group in aws_lb_target_group.this : part => group.arn_suffix }
}

output "listener_arns" {
  description = "Listeners: http, https. A service waits for its listener before it registers."
  value       = { http = aws_lb_listener.http.arn, https = aws_lb_listener.https.arn }
}

output "distribution_id" {
  description = "The CloudFront distribution, null without one."
  value       = one(aws_cloudfront_distribution.this[*].id)
}

output "distribution_arn" {
  description = "For the policy of the assets' bucket, null without CloudFront."
  value       = one(aws_cloudfront_distribution.this[*].arn)
}

output "proxies" {
  description = "Proxies of ours that every request passes: TRUSTED_PROXIES of the backend."
  value       = var.cloudfront.enabled ? 2 : 1
}
