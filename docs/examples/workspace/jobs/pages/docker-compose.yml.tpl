# Rendered for each worker; this is a template of Go's text/template.
services:
  web:
    image: busybox:{{get "vars/job/pages" "image_tag"}}
    command: ["httpd", "-f", "-p", "80", "-c", "/etc/httpd.conf", "-h", "/www"]
    # As pid 1 a program ignores signals that it does not handle, SIGTERM too.
    init: true
    # After a crash and after a reboot Docker starts it again, not maand.
    restart: unless-stopped
    mem_limit: {{get "maand/job/pages" "memory"}}m
    labels:
      # The version changes this file, so it is a restart (restart_globs).
      version: "{{.NewVersion}}"
    ports:
      - "{{.WorkerIP}}:{{get "maand/bucket" "pages_http"}}:80"
    volumes:
      # maand writes into an existing file and does not replace it, so a mounted
      # file shows its new content inside the container.
      - ./httpd.conf:/etc/httpd.conf:ro
      - ./www:/www:ro
