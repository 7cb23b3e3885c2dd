{{/* How objects are called and labelled. */}}

{{- define "maand.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "maand.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- /* 52: a StatefulSet adds a hash of 11 to the name in a label of at most 63. */ -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "maand.selector" -}}
app.kubernetes.io/name: {{ include "maand.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "maand.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "maand.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "maand.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "maand.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "maand.claimName" -}}
{{- default (printf "%s-bucket" (include "maand.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{/* Of `kubectl exec` and the like: one pod has a name of its own, of several any will do. */}}
{{- define "maand.target" -}}
{{- if eq .Values.store.type "postgresql" -}}deploy/{{ include "maand.fullname" . }}{{- else -}}{{ include "maand.fullname" . }}-0{{- end -}}
{{- end -}}

{{- define "maand.image" -}}
{{- $repository := required "image.repository is required: there is no public image of maand. Build one (see the chart's README), push it to a registry of yours, and name it: --set image.repository=REGISTRY/maand" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}
