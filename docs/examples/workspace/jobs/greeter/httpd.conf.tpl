# What `http://…/` shows. Read again on SIGHUP: a change of this is a reload.
I:{{get "vars/job/greeter" "front_page"}}
