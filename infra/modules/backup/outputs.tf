output "vault_arn" {
  description = "The vault of the weekly snapshots."
  value       = aws_backup_vault.this.arn
}

output "snapshot_function" {
  description = "The function that takes snapshots of Qdrant; call it before what is risky."
  value       = module.snapshots.name
}
