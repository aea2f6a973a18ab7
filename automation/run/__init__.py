"""Running a playbook: values that cannot execute, a time-out that ends all of it, results as they come."""
