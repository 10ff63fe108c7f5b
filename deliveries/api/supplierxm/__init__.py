"""The API in SupplierXM's own words: another door to the same webhooks."""
