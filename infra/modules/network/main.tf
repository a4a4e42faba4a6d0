data "aws_region" "current" {}

locals {
  # Named and not looked up: a zone that AWS opens must not move the subnets.
  zones = [for letter in var.zone_letters : "${data.aws_region.current.name}${letter}"]

  subnets = merge([
    for tier in ["public", "private", "database"] : {
      for index, cidr in var.cidrs[tier] : "${tier}-${index + 1}" => { tier = tier, cidr = cidr, zone = local.zones[index] }
    }
  ]...)
  subnet_ids = {
    for tier in ["public", "private", "database"] :
    tier => [for index in [1, 2] : aws_subnet.this["${tier}-${index}"].id]
  }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidrs.vpc
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = merge(var.tags, { Name = var.name })
}

# Whatever is made without naming a group gets this one, which lets nothing through.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-default-closed" })
}

resource "aws_subnet" "this" {
  for_each = local.subnets

  vpc_id                  = aws_vpc.this.id
  cidr_block              = each.value.cidr
  availability_zone       = each.value.zone
  map_public_ip_on_launch = false
  tags                    = merge(var.tags, { Name = "${var.name}-${each.key}", Tier = each.value.tier })
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = var.name })
}

# One NAT gateway saves 33 USD a month; while its zone is down, the other zone cannot reach the internet.
resource "aws_eip" "nat" {
  domain     = "vpc"
  tags       = merge(var.tags, { Name = "${var.name}-nat" })
  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.this["public-1"].id
  tags          = merge(var.tags, { Name = var.name })
}

resource "aws_route_table" "this" {
  for_each = toset(["public", "private", "database"])

  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.this["public"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route" "nat" {
  route_table_id         = aws_route_table.this["private"].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this.id
}

resource "aws_route_table_association" "this" {
  for_each = local.subnets

  subnet_id      = aws_subnet.this[each.key].id
  route_table_id = aws_route_table.this[each.value.tier].id
}
