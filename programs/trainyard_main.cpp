#include "cli/cli.hpp"

int main(int argc, char** argv) { return trainyard::cli::run(argc, argv); }
