"""The files that `harness init` writes, as text: a manifest, a contract, a CI job. Pure."""
