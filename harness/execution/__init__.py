"""Carries out a plan: workers build and run jobs, and each job result becomes verdicts as it comes in."""
