#include "hosting/model_server.hpp"

int main() { return trainyard::hosting::run(); }
