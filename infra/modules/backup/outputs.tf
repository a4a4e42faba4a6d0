output "vault_arn" {
  description = "The vault of the weekly snapshots."
  value       = aws_backup_vault.this.arn
}

output "snapshot_function" {
  description = "The function that takes snapshots of Qdrant; call it before what is risky."
  value       = module.snapshots.name
}

output "plan" {
  description = "The weekly plan and the role that carries it out, for what else is to be saved."
  value       = { id = aws_backup_plan.weekly.id, role_arn = aws_iam_role.backup.arn }
  depends_on  = [aws_iam_role_policy_attachment.backup]
}
