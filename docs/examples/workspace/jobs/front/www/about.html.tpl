<!DOCTYPE html>
<title>about {{.Job}}</title>
<p>{{.Job}} belongs to {{get "vars/bucket" "owner"}}</p>
