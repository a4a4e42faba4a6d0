resource "aws_vpc_security_group_ingress_rule" "bastion_ssh" {
  for_each = toset(var.bastion == null ? [] : var.bastion.from_cidrs)

  security_group_id = aws_security_group.this["bastion"].id
  description       = "SSH from our people"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = each.key
  tags              = var.tags
}

resource "aws_instance" "bastion" {
  count = var.bastion == null ? 0 : 1

  ami                         = var.bastion.ami_id
  instance_type               = var.bastion.instance_type
  key_name                    = var.bastion.key_name
  subnet_id                   = aws_subnet.this["public-1"].id
  vpc_security_group_ids      = [aws_security_group.this["bastion"].id]
  associate_public_ip_address = true
  ebs_optimized               = true
  tags                        = merge(var.tags, { Name = "${var.name}-bastion" })

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    encrypted   = true
    volume_type = "gp3"
  }
}
