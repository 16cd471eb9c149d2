variable "name_prefix" {
  description = "What the bucket's name begins with; the rest makes it the only one of its name."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,36}$", var.name_prefix))
    error_message = "name_prefix: 2 to 37 lower case letters, digits and hyphens."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts what is put without a key of its own; null: the key of S3 (AES256)."
  type        = string
  default     = null
}

variable "expiration_days" {
  description = "Days after which objects are deleted; null: never."
  type        = number
  default     = null

  validation {
    condition     = var.expiration_days == null ? true : var.expiration_days >= 1 && var.expiration_days <= 3650 && floor(var.expiration_days) == var.expiration_days
    error_message = "expiration_days: 1 to 3650."
  }
}

variable "force_destroy" {
  description = "Let terraform destroy delete the bucket with what is in it."
  type        = bool
  default     = false
}
