"""What other jobs name when they demand this one: see `commands` in manifest.json of the job front."""
print("ask `maand cat job_ports` for the port of greeter")
