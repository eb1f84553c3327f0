// The command line: trainyard serve | stop | env | demo.
#pragma once

namespace trainyard::cli {

/// Runs the command that the arguments name; returns the process's exit code. Faults are one line
/// on stderr, "trainyard: …".
int run(int argc, char** argv);

}  // namespace trainyard::cli
