"""stagemail: a GitOps controller for the email configuration of multi-stage app platforms."""
