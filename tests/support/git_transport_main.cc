// The network half of gitsource alone, for tests that have no maand binary.
#include "gitsource/git_transport.h"

int main(int argc, char** argv) { return maand::git_transport_main(argc, argv); }
