"""All tests: unit, contract, acceptance, emulator, floors."""
