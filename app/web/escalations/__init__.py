"""Pages of escalation: chains, routes, who would be paged, and where the link in a page leads."""
