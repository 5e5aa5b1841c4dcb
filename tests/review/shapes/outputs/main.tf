# Nothing but values.
variable "name" {
  type    = string
  default = "one"
}

output "name" {
  value = var.name
}
