# The version changes this file, so it is a restart (restart_globs).
[Unit]
Description=greeter {{.NewVersion}}, deployed by maand
After=network-online.target
Wants=network-online.target

[Service]
User=www-data
ExecStart=/bin/busybox httpd -f -p {{.WorkerIP}}:{{get "maand/bucket" "greeter_http"}} -c {{.JobPath}}/httpd.conf -h {{.JobPath}}/www
ExecReload=/bin/kill -HUP $MAINPID
# After a crash and after a reboot systemd starts it again, not maand.
Restart=on-failure
RestartSec=1s
MemoryMax={{get "maand/job/greeter" "memory"}}M

[Install]
WantedBy=multi-user.target
