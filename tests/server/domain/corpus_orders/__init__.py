"""What happens in the recorded logs, part by part: each module has `ORDERS`."""
