"""Git hosts: implementations of ``ports.GitHost``."""
