"""What listens on a port: push webhooks, health, metrics, the status page. In a process of its own (``edge``)."""
