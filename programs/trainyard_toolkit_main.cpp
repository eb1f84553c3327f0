#include "toolkit/toolkit.hpp"

int main(int argc, char** argv) { return trainyard::toolkit::run(argc, argv); }
