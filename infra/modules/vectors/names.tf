# A zone of its own below the cluster's: one VPC cannot hold two zones of one name.
resource "aws_route53_zone" "this" {
  name          = local.zone
  comment       = "Qdrant of ${var.name}"
  force_destroy = true # a node that scaling took away may have left its name
  tags          = var.tags

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "node" {
  for_each = local.nodes

  zone_id = aws_route53_zone.this.zone_id
  name    = each.value.host
  type    = "A"
  ttl     = 10
  records = [aws_instance.node[each.key].private_ip]
}

# What an application with one address uses.
resource "aws_route53_record" "endpoint" {
  zone_id = aws_route53_zone.this.zone_id
  name    = local.zone
  type    = "A"
  ttl     = 10
  records = [aws_instance.node["0"].private_ip]
}

# Peers of a cluster talk on a port of their own, which nobody else reaches: it asks for no key.
resource "aws_vpc_security_group_ingress_rule" "peers" {
  count = local.cluster ? 1 : 0

  security_group_id            = var.security_group_id
  referenced_security_group_id = var.security_group_id
  description                  = "Qdrant's nodes among themselves"
  ip_protocol                  = "tcp"
  from_port                    = 6335
  to_port                      = 6335
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "peers" {
  count = local.cluster ? 1 : 0

  security_group_id            = var.security_group_id
  referenced_security_group_id = var.security_group_id
  description                  = "Qdrant's nodes among themselves"
  ip_protocol                  = "tcp"
  from_port                    = 6335
  to_port                      = 6335
  tags                         = var.tags
}
