# A Kinesis stream whose log lines become rows of a DynamoDB table.

module "penstock" {
  source = "../.."

  packages     = var.packages
  stream_store = {}
}
