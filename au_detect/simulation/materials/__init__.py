"""Free material from disk for simulated people: photographed skins, light probes, irises."""
