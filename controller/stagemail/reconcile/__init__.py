"""Use cases: what a person or the controller asks for, in model types, over ports. Never over adapters."""
