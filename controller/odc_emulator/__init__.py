"""odc_emulator: a local OutSystems Developer Cloud for tests and demonstrations."""
