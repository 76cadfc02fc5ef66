"""The live control plane in Redis or Valkey: state, registry, acknowledgements, counters, index of parked jobs."""
