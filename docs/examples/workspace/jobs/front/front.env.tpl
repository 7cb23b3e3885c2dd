# Read by service.sh. The version changes this file, so it is a restart (restart_globs).
version={{.NewVersion}}
listen={{.WorkerIP}}:{{get "maand/bucket" "front_http"}}
