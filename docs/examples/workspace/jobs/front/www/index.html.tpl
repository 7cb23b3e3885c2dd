<!DOCTYPE html>
<title>{{.Job}}</title>
<p>{{.Job}} {{.NewVersion}} on {{.WorkerIP}}</p>
<ul>
{{- /* A demanded job's values may be read. No worker of it: an empty text. */ -}}
{{- range split (get "maand/job/pages" "workers") ","}}{{if .}}
<li><a href="http://{{.}}:{{get "maand/bucket" "pages_http"}}/">pages on {{.}}</a>
{{- end}}{{end}}
{{- range split (get "maand/job/greeter" "workers") ","}}{{if .}}
<li><a href="http://{{.}}:{{get "maand/bucket" "greeter_http"}}/">greeter on {{.}}</a>
{{- end}}{{end}}
</ul>
