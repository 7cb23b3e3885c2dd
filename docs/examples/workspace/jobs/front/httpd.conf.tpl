# What `http://…/` shows. Read again on SIGHUP: a change of this is a reload.
I:{{get "vars/job/front" "front_page"}}
