"""HTTP concerns that all endpoints share: authentication, parameters, paging, problems, responses, OpenAPI."""
