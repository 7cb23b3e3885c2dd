"""Says by its demand in manifest.json that front comes after pages."""
