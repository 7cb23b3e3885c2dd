# Writes files into a C++ source, as strings.
#
#   cmake -DOUT=… -DHEADER=… -DNAME=kText -DPARTS=a;b;c [-DSHELL=ON] -P embed_text.cmake
# One string NAME: the parts joined. SHELL leaves comment lines and blank lines out.
#
#   cmake -DOUT=… -DHEADER=… -DNAME=kFiles -DPARTS=a;b;c -DTABLE=ON -P embed_text.cmake
# A table NAME of EmbeddedFile: file name, text and SHA-256 of each part. HEADER
# declares EmbeddedFile.
#
# CMake lists split at semicolons and eat brackets; only regular expressions on the
# whole text are safe here.
set(joined "")
set(rows "")
foreach(part ${PARTS})
  file(READ ${part} content)
  string(APPEND joined "${content}")
  if(TABLE)
    file(SHA256 ${part} digest)
    get_filename_component(name ${part} NAME)
    string(APPEND rows "    {\"${name}\", R\"embedded(${content})embedded\", \"${digest}\"},\n")
  endif()
endforeach()
if(SHELL)
  string(REGEX REPLACE "\n[ \t]*#[^\n]*" "" joined "\n${joined}")
  string(REGEX REPLACE "\n\n+" "\n" joined "${joined}")
  string(REGEX REPLACE "^\n" "" joined "${joined}")
endif()
if(TABLE)
  set(definition "const std::vector<EmbeddedFile> ${NAME} = {\n${rows}};\n")
else()
  set(definition "const std::string_view ${NAME} =\n    R\"embedded(${joined})embedded\";\n")
endif()
file(WRITE ${OUT} "#include \"${HEADER}\"\n\nnamespace maand {\n\n${definition}\n}  // namespace maand\n")
