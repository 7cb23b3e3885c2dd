server_name {{get "vars/bucket" "domain"}};
