"""What a worker offers that can do all that steps ask for."""

EVERYTHING = (
    *("blobs", "file_operations", "file_types", "log_limit", "merge_stderr", "secrets", "shell_script", "stdin"),
    *("stop_policy", "timeouts", "umask", "unset_env"),
)
