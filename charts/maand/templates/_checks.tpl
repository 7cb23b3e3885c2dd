{{/* What values say against each other. The schema looks at each by itself. */}}

{{- define "maand.checks" -}}
{{- $conf := .Values.config -}}
{{- $postgresql := eq .Values.store.type "postgresql" -}}
{{- if and (ne (int .Values.replicas) 1) (not $postgresql) -}}
{{- fail "replicas must be 1 with store.type sqlite: the store is a file on one volume, and only one daemon may have it; several take store.type postgresql" -}}
{{- end -}}
{{- if and $postgresql (not .Values.store.urlSecret.name) -}}
{{- fail "store.urlSecret.name is required with store.type postgresql: the Secret whose key `url` (or store.urlSecret.key) has the URL of the database" -}}
{{- end -}}
{{- if and .Values.store.urlSecret.name (not $postgresql) -}}
{{- fail "store.urlSecret.name is set, and store.type is sqlite: which of them?" -}}
{{- end -}}
{{- if and $postgresql .Values.persistence.existingClaim -}}
{{- fail "persistence.existingClaim is set, and store.type is postgresql: what has to stay is in the database, and no volume is used" -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if eq .name "MAAND__STATE__URL" -}}
{{- fail "extraEnv has MAAND__STATE__URL: where the state is follows from `store`, and a URL that may hold a password belongs into a Secret" -}}
{{- end -}}
{{- end -}}
{{- $_ := required "config.bucket_id is required: it names this bucket on the workers and never changes; `uuidgen` makes one" $conf.bucket_id -}}
{{- $git := default dict $conf.git -}}
{{- $url := required "config.git.url is required: the repository that says what runs" $git.url -}}
{{- if and $postgresql $git.preview_refs -}}
{{- fail "config.git.preview_refs: there are no previews yet for a bucket in PostgreSQL; leave it out, or take store.type sqlite" -}}
{{- end -}}

{{- $given := dict -}}
{{- range .Values.secretFiles -}}
{{- if hasKey $given .file -}}{{- fail (printf "secretFiles has %s twice" .file) -}}{{- end -}}
{{- $_ = set $given .file true -}}
{{- end -}}
{{- range $file := list "tls.crt" "tls.key" -}}
{{- if and $.Values.tls.secretName (hasKey $given $file) -}}
{{- fail (printf "secretFiles has %s, which tls.secretName gives already" $file) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.knownHosts (hasKey $given "known_hosts") -}}
{{- fail "knownHosts is set, and secretFiles has known_hosts: which of them?" -}}
{{- end -}}

{{- /* Every file that maand.conf names. */ -}}
{{- $ssh := default dict $conf.ssh -}}
{{- $needed := dict "config.ssh.key" (default "worker.key" $ssh.key) -}}
{{- if not (regexMatch "^(https?|file)://" $url) -}}
{{- $_ = set $needed "config.git.ssh_key" (default "git.key" $git.ssh_key) -}}
{{- end -}}
{{- range $key := list "token_file" "known_hosts" -}}
{{- with get $git $key -}}{{- $_ = set $needed (printf "config.git.%s" $key) . -}}{{- end -}}
{{- end -}}
{{- range $key := list "allowed_signers" "revoked_signers" "keyring" -}}
{{- with get (default dict $conf.policy) $key -}}{{- $_ = set $needed (printf "config.policy.%s" $key) . -}}{{- end -}}
{{- end -}}
{{- range $section := list "webhook" "notify" -}}
{{- range $key, $file := default dict (get $conf $section) -}}
{{- if and (hasSuffix "_file" $key) $file (ne $key "ca_file") -}}
{{- $_ = set $needed (printf "config.%s.%s" $section $key) $file -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.api.expose -}}{{- $_ = set $needed "api.expose" "tokens" -}}{{- end -}}
{{- if $postgresql -}}
{{- range $file := list "kv.key" "ca.crt" "ca.key" -}}
{{- if not (hasKey $given $file) -}}
{{- fail (printf "store.type postgresql needs the file %s in secretFiles: all pods need the same one, and forget what they make themselves; docs/kubernetes.md says how to make it" $file) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.knownHosts -}}{{- $_ = set $given "known_hosts" true -}}{{- end -}}
{{- range $key := keys $needed | sortAlpha -}}
{{- $file := get $needed $key -}}
{{- if eq $file "agent" -}}
{{- fail (printf "%s is \"agent\", and there is no ssh-agent in a pod: give the key with secretFiles" $key) -}}
{{- end -}}
{{- /* A volume that is there already may have it. */ -}}
{{- if not (or (hasKey $given $file) $.Values.persistence.existingClaim) -}}
{{- fail (printf "%s needs the file %s: say with secretFiles in which Secret it is, like {file: %s, secretName: NAME, key: KEY}" $key $file $file) -}}
{{- end -}}
{{- end -}}

{{- if and .Values.api.expose (not .Values.tls.secretName) (not .Values.api.allowPlaintext) -}}
{{- fail "api.expose needs tls.secretName, or api.allowPlaintext when something in front speaks TLS" -}}
{{- end -}}
{{- $webhook := false -}}
{{- range $key, $file := default dict $conf.webhook -}}{{- if $file -}}{{- $webhook = true -}}{{- end -}}{{- end -}}
{{- if and .Values.webhooks.enabled (not $webhook) -}}
{{- fail "webhooks.enabled needs a secret: name its file in config.webhook, like github_secret_file" -}}
{{- end -}}
{{- if and $webhook (not .Values.webhooks.enabled) -}}
{{- fail "config.webhook names a secret, and webhooks.enabled is false: nobody could send anything" -}}
{{- end -}}
{{- if .Values.webhooks.ingress.enabled -}}
{{- if not .Values.webhooks.enabled -}}{{- fail "webhooks.ingress.enabled without webhooks.enabled: there is nothing behind it" -}}{{- end -}}
{{- if not .Values.webhooks.ingress.host -}}{{- fail "webhooks.ingress.host is required with an Ingress" -}}{{- end -}}
{{- end -}}
{{- end -}}
