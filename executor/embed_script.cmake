# cmake -DOUT=… -DPARTS=a;b;c -P embed_script.cmake: joins shell files, drops their
# comment lines and blank lines, and writes them as a C++ string.
set(text "")
foreach(part ${PARTS})
  file(READ ${part} content)
  string(APPEND text "${content}")
endforeach()
# CMake lists split at semicolons and eat brackets; only regular expressions on the
# whole text are safe here.
string(REGEX REPLACE "\n[ \t]*#[^\n]*" "" text "\n${text}")
string(REGEX REPLACE "\n\n+" "\n" text "${text}")
string(REGEX REPLACE "^\n" "" text "${text}")
file(WRITE ${OUT} "#include \"executor/worker_script.h\"\n\nnamespace maand {\n\nconst std::string_view kWorkerScript =\n    R\"script(${text})script\";\n\n}  // namespace maand\n")
