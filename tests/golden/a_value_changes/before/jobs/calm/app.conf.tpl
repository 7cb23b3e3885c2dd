other is {{get "vars/bucket" "other"}}
