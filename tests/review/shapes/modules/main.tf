# Somebody's root module: buckets by for_each, a module in a module.
variable "stores" {
  type    = map(object({ versioned = bool }))
  default = { raw = { versioned = true }, "made/it" = { versioned = true } }
}

module "store" {
  source   = "./store"
  for_each = var.stores

  name      = replace(each.key, "/", "-")
  versioned = each.value.versioned
}
