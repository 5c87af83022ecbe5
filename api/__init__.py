"""The services' HTTP, one file per resource."""
