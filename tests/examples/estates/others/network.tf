# The network team's: a sealed VPC with two private subnets, and endpoints as asked for.

resource "aws_vpc" "platform" {
  cidr_block           = "10.60.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "platform" }
}

resource "aws_subnet" "private" {
  for_each = { use1-az1 = "10.60.0.0/22", use1-az2 = "10.60.4.0/22" }

  vpc_id               = aws_vpc.platform.id
  cidr_block           = each.value
  availability_zone_id = each.key
  tags                 = { Name = "platform-${each.key}", Tier = "private" }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.platform.id
  tags   = { Name = "platform-private", Tier = "private" }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}

resource "aws_security_group" "each" {
  for_each = toset(["studio", "jobs", "functions", "endpoints"])

  name        = "platform-${each.key}"
  description = "Workloads: ${each.key}"
  vpc_id      = aws_vpc.platform.id
  tags        = { Name = "platform-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "inside" {
  for_each = aws_security_group.each

  security_group_id = each.value.id
  description       = "From the VPC"
  cidr_ipv4         = aws_vpc.platform.cidr_block
  ip_protocol       = "tcp"
  from_port         = 0
  to_port           = 65535
}

resource "aws_vpc_security_group_egress_rule" "inside" {
  for_each = aws_security_group.each

  security_group_id = each.value.id
  description       = "To the VPC"
  cidr_ipv4         = aws_vpc.platform.cidr_block
  ip_protocol       = "tcp"
  from_port         = 0
  to_port           = 65535
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  for_each = contains(var.endpoints, "s3") ? aws_security_group.each : {}

  security_group_id = each.value.id
  description       = "To S3"
  prefix_list_id    = aws_vpc_endpoint.each["s3"].prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_endpoint" "each" {
  for_each = var.endpoints

  vpc_id              = aws_vpc.platform.id
  service_name        = each.key == "studio" ? "aws.sagemaker.us-east-1.studio" : "com.amazonaws.us-east-1.${each.key}"
  vpc_endpoint_type   = each.key == "s3" ? "Gateway" : "Interface"
  route_table_ids     = each.key == "s3" ? [aws_route_table.private.id] : null
  subnet_ids          = each.key == "s3" ? null : [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = each.key == "s3" ? null : [aws_security_group.each["endpoints"].id]
  private_dns_enabled = each.key == "s3" ? null : true
  tags                = { Name = "platform-${each.key}" }
}
