# Run by CPack when the product's own files are in the tree of the package: adds what
# belongs to a Debian machine only, and presses what Debian wants pressed.
set(tree "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
set(here "${CPACK_MAAND_PACKAGING}/debian")
set(plain OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

function(place from to)
  get_filename_component(directory "${tree}/${to}" DIRECTORY)
  file(MAKE_DIRECTORY "${directory}")
  configure_file("${here}/${from}" "${tree}/${to}" COPYONLY FILE_PERMISSIONS ${plain})
endfunction()
function(press file)
  execute_process(COMMAND gzip -9 -n -f "${tree}/${file}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

place(maand@.service usr/lib/systemd/system/maand@.service)
place(maand.sysusers usr/lib/sysusers.d/maand.conf)
place(maand.tmpfiles usr/lib/tmpfiles.d/maand.conf)
place(default.env etc/maand/default.env)
place(sandboxed-hooks.conf usr/share/doc/maand/examples/sandboxed-hooks.conf)
place(copyright usr/share/doc/maand/copyright)
place(../../CHANGELOG.md usr/share/doc/maand/changelog)
press(usr/share/doc/maand/changelog)
# Debian's own list of versions; what changed is in the other one.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE "${tree}/usr/share/doc/maand/changelog.Debian"
  "maand (${CPACK_DEBIAN_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium\n\n"
  "  * See changelog.gz.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
press(usr/share/doc/maand/changelog.Debian)
press(usr/share/man/man1/maand.1)
press(usr/share/man/man5/maand.conf.5)
# Whatever umask and clone made of them.
execute_process(COMMAND chmod -R u=rwX,go=rX "${tree}" COMMAND_ERROR_IS_FATAL ANY)
