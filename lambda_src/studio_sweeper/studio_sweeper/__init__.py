"""Removes what Studio users and Studio itself leave behind and Terraform does not know."""
