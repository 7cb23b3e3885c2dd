{{get "vars/job/waits" "token"}}
