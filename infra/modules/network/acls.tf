# A second fence, without state, for the day a security group is wrong. Amazon's DNS and time services pass by it.
locals {
  # Remote desktop's port is left out, as CIS 5.1 asks: of 64,000 outbound connections one picks it, and must try again.
  tcp_from_any_ephemeral = [
    { cidr = "0.0.0.0/0", from = 1024, to = 3388 },
    { cidr = "0.0.0.0/0", from = 3390, to = 65535 },
  ]

  acl_in = {
    public = concat(
      [for port in [80, 443] : { cidr = "0.0.0.0/0", from = port, to = port }],
      var.bastion == null ? [] : [for cidr in var.bastion.from_cidrs : { cidr = cidr, from = 22, to = 22 }],
      local.tcp_from_any_ephemeral,
    )
    # Answers from the internet come back through the NAT gateway under the internet's addresses.
    private = concat([{ cidr = var.cidrs.vpc, from = 0, to = 65535 }], local.tcp_from_any_ephemeral)
    database = concat(
      [for pair in setproduct(var.cidrs.private, [5432, 6379]) : { cidr = pair[0], from = pair[1], to = pair[1] }],
      # Redis copies from its primary to its replica in the other zone.
      [for cidr in var.cidrs.database : { cidr = cidr, from = 0, to = 65535 }],
    )
  }
  acl_out = {
    public  = [{ cidr = "0.0.0.0/0", from = 0, to = 65535 }]
    private = [{ cidr = var.cidrs.vpc, from = 0, to = 65535 }, { cidr = "0.0.0.0/0", from = 443, to = 443 }]
    database = concat(
      [for cidr in var.cidrs.private : { cidr = cidr, from = 1024, to = 65535 }],
      [for cidr in var.cidrs.database : { cidr = cidr, from = 0, to = 65535 }],
    )
  }
}

resource "aws_network_acl" "this" {
  for_each = toset(["public", "private", "database"])

  vpc_id     = aws_vpc.this.id
  subnet_ids = [for number in [1, 2] : aws_subnet.this["${each.key}-${number}"].id]
  tags       = merge(var.tags, { Name = "${var.name}-${each.key}" })

  dynamic "ingress" {
    for_each = local.acl_in[each.key]
    content {
      rule_no    = 100 + ingress.key * 10
      action     = "allow"
      protocol   = "tcp"
      cidr_block = ingress.value.cidr
      from_port  = ingress.value.from
      to_port    = ingress.value.to
    }
  }

  dynamic "egress" {
    for_each = local.acl_out[each.key]
    content {
      rule_no    = 100 + egress.key * 10
      action     = "allow"
      protocol   = "tcp"
      cidr_block = egress.value.cidr
      from_port  = egress.value.from
      to_port    = egress.value.to
    }
  }
}
