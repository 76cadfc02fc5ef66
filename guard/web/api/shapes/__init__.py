"""What goes in and out, as pydantic models: they check requests, and the OpenAPI document is made of them."""
