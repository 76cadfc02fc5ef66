"""The live control plane in Redis or Valkey: state, registry, acknowledgements, counters, parked jobs."""
