<!DOCTYPE html>
<title>{{.Job}}</title>
<p>{{.Job}} {{.NewVersion}} on {{.WorkerIP}}</p>
