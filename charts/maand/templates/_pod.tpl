{{/* The pod. Which object makes it depends on the store. */}}

{{- define "maand.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "maand.pod" -}}
metadata:
  labels:
    {{- include "maand.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A changed maand.conf is a new pod.
    checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "maand.serviceAccountName" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  # As the image has it. The group is for the volume.
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  initContainers:
    - name: prepare-bucket
      image: {{ include "maand.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [/bin/sh, /etc/maand/prepare_bucket.sh]
      args: [/var/lib/maand/bucket, /etc/maand/maand.conf, /run/maand/given, /run/maand/secrets]
      securityContext:
        {{- include "maand.containerSecurity" . | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - {name: bucket, mountPath: /var/lib/maand/bucket}
        - {name: conf, mountPath: /etc/maand, readOnly: true}
        - {name: given, mountPath: /run/maand/given, readOnly: true}
        - {name: secrets, mountPath: /run/maand/secrets}
  containers:
    - name: maand
      image: {{ include "maand.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, --bucket, /var/lib/maand/bucket]
      env:
        # `kubectl exec POD -- maand status` finds the bucket.
        - {name: MAAND_BUCKET, value: /var/lib/maand/bucket}
        - {name: HOME, value: /tmp}
        {{- if eq .Values.store.type "postgresql" }}
        # From a Secret and in no ConfigMap: it may hold a password.
        - name: MAAND__STATE__URL
          valueFrom:
            secretKeyRef: {name: {{ .Values.store.urlSecret.name | quote }}, key: {{ .Values.store.urlSecret.key | quote }}}
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: health, containerPort: 8485}
        {{- if .Values.webhooks.enabled }}
        - {name: webhooks, containerPort: 8486}
        {{- end }}
        {{- if .Values.api.expose }}
        - {name: api, containerPort: 8484}
        {{- end }}
      # /healthz: the reconcile thread serves its queue, whatever it waits for. /readyz: the store can be
      # written and the remote was tried; of a standby: the store can be read. It takes orders and webhooks, too.
      startupProbe:
        httpGet: {path: /healthz, port: health}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /healthz, port: health}
        periodSeconds: 15
        timeoutSeconds: 5
        failureThreshold: 4
      readinessProbe:
        httpGet: {path: /readyz, port: health}
        periodSeconds: 5
        timeoutSeconds: 5
      securityContext:
        {{- include "maand.containerSecurity" . | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - {name: bucket, mountPath: /var/lib/maand/bucket}
        - {name: conf, mountPath: /etc/maand, readOnly: true}
        - {name: secrets, mountPath: /run/maand/secrets, readOnly: true}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: bucket
      {{- if eq .Values.store.type "postgresql" }}
      # The mirror of the repository and output of targets: lost with the pod, and made again.
      emptyDir: {sizeLimit: {{ .Values.store.cacheSize }}}
      {{- else }}
      persistentVolumeClaim:
        claimName: {{ include "maand.claimName" . }}
      {{- end }}
    - name: conf
      configMap:
        name: {{ include "maand.fullname" . }}
        items:
          - {key: maand.conf, path: maand.conf}
          - {key: prepare_bucket.sh, path: prepare_bucket.sh}
    - name: given
      projected:
        defaultMode: 0400
        sources:
          {{- range .Values.secretFiles }}
          - secret:
              name: {{ .secretName | quote }}
              items:
                - {key: {{ default .file .key | quote }}, path: {{ .file | quote }}}
          {{- end }}
          {{- with .Values.tls.secretName }}
          - secret:
              name: {{ . | quote }}
              items:
                - {key: tls.crt, path: tls.crt}
                - {key: tls.key, path: tls.key}
          {{- end }}
          {{- if .Values.knownHosts }}
          - configMap:
              name: {{ include "maand.fullname" . }}
              items:
                - {key: known_hosts, path: known_hosts}
          {{- end }}
    # In memory: copies of secrets are on no disk.
    - name: secrets
      emptyDir: {medium: Memory, sizeLimit: 16Mi}
    - name: tmp
      emptyDir: {sizeLimit: 256Mi}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.affinity }}
  affinity:
    {{- toYaml .Values.affinity | nindent 4 }}
  {{- else if and (gt (int .Values.replicas) 1) (ne .Values.spread "none") }}
  affinity:
    podAntiAffinity:
      {{- if eq .Values.spread "required" }}
      requiredDuringSchedulingIgnoredDuringExecution:
        - topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "maand.selector" . | nindent 14 }}
      {{- end }}
      preferredDuringSchedulingIgnoredDuringExecution:
        {{- if ne .Values.spread "required" }}
        - weight: 100
          podAffinityTerm:
            topologyKey: kubernetes.io/hostname
            labelSelector:
              matchLabels:
                {{- include "maand.selector" . | nindent 16 }}
        {{- end }}
        - weight: 50
          podAffinityTerm:
            topologyKey: topology.kubernetes.io/zone
            labelSelector:
              matchLabels:
                {{- include "maand.selector" . | nindent 16 }}
  {{- end }}
{{- end -}}
