variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "packages" {
  description = "Folder with the zips of a release, from here."
  type        = string
  default     = "../../../dist/x86_64"
}
