{{/* maand.conf: what `config` says, and the sections that the chart writes itself. */}}

{{- define "maand.toml.value" -}}
{{- if kindIs "string" . -}}
{{ toJson . }}
{{- else if kindIs "slice" . -}}
[{{ range $i, $item := . }}{{ if $i }}, {{ end }}{{ include "maand.toml.value" $item }}{{ end }}]
{{- else if kindIs "float64" . -}}
{{- /* Every number of a values file is one. */ -}}
{{ if eq . (floor .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- else -}}
{{ . }}
{{- end -}}
{{- end -}}

{{- define "maand.conf" -}}
{{- $conf := deepCopy .Values.config -}}
{{- /* Probes and scrapes come from outside of the pod. */ -}}
{{- $http := dict "health_listen" "0.0.0.0:8485" -}}
{{- $_ := set $http "listen" (ternary "0.0.0.0:8484" "127.0.0.1:8484" .Values.api.expose) -}}
{{- if .Values.api.allowPlaintext -}}{{- $_ = set $http "allow_plaintext" true -}}{{- end -}}
{{- if .Values.webhooks.enabled -}}{{- $_ = set $http "webhook_listen" "0.0.0.0:8486" -}}{{- end -}}
{{- if .Values.tls.secretName -}}
{{- $_ = set $http "tls_cert" "tls.crt" -}}
{{- $_ = set $http "tls_key" "tls.key" -}}
{{- end -}}
{{- $_ = set $conf "http" $http -}}
# Written by the chart {{ .Chart.Name }} {{ .Chart.Version }}; change its values.
{{- range $key := keys $conf | sortAlpha }}
{{- $value := get $conf $key }}
{{- if not (kindIs "map" $value) }}
{{ $key }} = {{ include "maand.toml.value" $value }}
{{- end }}
{{- end }}
{{- range $name := keys $conf | sortAlpha }}
{{- $section := get $conf $name }}
{{- if kindIs "map" $section }}

[{{ $name }}]
{{- range $key := keys $section | sortAlpha }}
{{ $key }} = {{ include "maand.toml.value" (get $section $key) }}
{{- end }}
{{- end }}
{{- end }}
{{ end -}}
