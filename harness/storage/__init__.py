"""Files that outlive a run: the cache of builds, answers of surveys, and their keys."""
